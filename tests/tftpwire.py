"""A TFTP client, a server and a wire between them, in simulated time: packets for the transfer tests.

``Wire`` collects datagrams and decodes them as a capture would; ``lockstep`` plays a transfer by the RFCs
over a path that loses, doubles and reorders what it is told to.
"""

from __future__ import annotations

import random
import struct

import numpy as np
from frames import eth, ip4
from traffic import START, Traffic

from analyzer.decode import decode
from analyzer.model import Transfer
from analyzer.tables import FRAMES, Batch
from analyzer.transfers import Collector, draw

CLIENT, SERVER = "10.20.1.21", "10.20.0.10"
CPORT, TID = 2000, 50123
PIECE = 1480
"""Bytes of a fragment on Ethernet (RFC 894)."""


def options(pairs: dict[str, object]) -> bytes:
    return b"".join(f"{name}\0{value}\0".encode() for name, value in pairs.items())


def rrq(name: str = "node.bin", mode: str = "octet", **pairs: object) -> bytes:
    return b"\0\1" + name.encode() + b"\0" + mode.encode() + b"\0" + options(pairs)


def wrq(name: str = "node.bin", mode: str = "octet", **pairs: object) -> bytes:
    return b"\0\2" + rrq(name, mode, **pairs)[2:]


def data(block: int, size: int = 512) -> bytes:
    return struct.pack("!HH", 3, block & 0xFFFF) + b"x" * size


def ack(block: int) -> bytes:
    return struct.pack("!HH", 4, block & 0xFFFF)


def error(code: int, message: str = "") -> bytes:
    return struct.pack("!HH", 5, code) + message.encode() + b"\0"


def oack(**pairs: object) -> bytes:
    return b"\0\6" + options(pairs)


class Wire(Traffic):
    """Datagrams between a client's port and a server's ports."""

    def c(self, at: float, payload: bytes, to: int = TID, *, port: int = CPORT, server: str = SERVER) -> Wire:
        self.udp(at, CLIENT, port, server, to, payload)
        return self

    def s(
        self,
        at: float,
        payload: bytes,
        tid: int = TID,
        *,
        port: int = CPORT,
        server: str = SERVER,
        fragments: tuple[int, ...] = (),
    ) -> Wire:
        """A datagram of the server's; only these of its IP fragments where it is sent in fragments."""
        if not fragments:
            self.udp(at, server, tid, CLIENT, port, payload)
            return self
        self.ident += 1
        whole = struct.pack("!HHHH", tid, port, 8 + len(payload), 0) + payload
        for number in fragments:
            piece = whole[number * PIECE : (number + 1) * PIECE]
            more = 0x2000 if (number + 1) * PIECE < len(whole) else 0
            packet = ip4(piece, a=server, b=CLIENT, ident=self.ident, fragment=more | number * PIECE // 8)
            self.frames.append((at + number / 10000, eth(packet)))
        return self

    def idle(self, at: float) -> Wire:
        """Other traffic, so that the capture goes on until then."""
        self.arp(at, CLIENT, SERVER)
        return self

    def transfers(
        self, batch: int = 1 << 20, one_sided: bool = False, filtered: bool = False
    ) -> list[Transfer]:
        """What the collector makes of it, ``batch`` frames at a time."""
        drafts = draw(self.collect(batch), lambda *_: (), lambda _c, _s: one_sided, filtered=filtered)
        return [draft.transfer for draft in drafts]

    def collect(self, batch: int = 1 << 20) -> Collector:
        collector = Collector()
        frames = sorted(self.frames, key=lambda item: item[0])
        for begin in range(0, len(frames), batch):
            collector.add(decode(make_batch(frames[begin : begin + batch]), begin + 1))
        return collector

    def only(self, **more: object) -> Transfer:
        (transfer,) = self.transfers(**more)  # type: ignore[arg-type]
        return transfer


def make_batch(frames: list[tuple[float, bytes]]) -> Batch:
    columns = FRAMES.empty(len(frames))
    sizes = np.array([len(frame) for _, frame in frames], "i8")
    columns["offset"] = np.cumsum(sizes) - sizes
    columns["captured"] = columns["wire"] = sizes
    columns["time"] = np.array([START * 10**9 + round(at * 1e9) for at, _ in frames], "i8")
    columns["link_type"][:] = 1
    return Batch(b"".join(frame for _, frame in frames), columns)


def finish_read(wire: Wire, at: float, blocks: int, last: int = 100, size: int = 512, first: int = 1) -> Wire:
    """DATA and ACK in turn up to the end."""
    for block in range(first, blocks + 1):
        wire.s(at, data(block, size if block < blocks else last)).c(at + 0.001, ack(block))
        at += 0.01
    return wire


def play(  # noqa: C901 - one story, told in order
    seed: int,
    *,
    reads: bool = True,
    blocks: int = 6,
    last: int = 100,
    size: int = 512,
    window: int = 1,
    with_options: bool = True,
    loss: float = 0.2,
    double: float = 0.1,
    jitter: float = 0.0,
    at_sender: bool = True,
    tries: int = 60,
) -> tuple[Wire, bool]:
    """A transfer with retransmission by timers on both sides (RFC 1123 section 4.2.3.1, RFC 7440).

    The capture is taken at the sender (``at_sender``) or the receiver of the data. Gives the wire and
    whether the receiver got the whole file and its last acknowledgement was sent.
    """
    chance = random.Random(seed)
    wire = Wire()
    now = 0.0
    seen_there = at_sender

    def send(payload: bytes, from_client: bool, to: int = TID) -> int:
        """Put a datagram on the wire; how often it arrives."""
        nonlocal now
        now += 0.001
        from_sender = from_client is not reads
        arrivals = 0 if chance.random() < loss else 2 if chance.random() < double else 1
        shown = 1 if from_sender is seen_there else arrivals
        for copy in range(shown):
            at = now + copy * 0.004 + chance.random() * jitter
            if from_client:
                wire.c(at, payload, to)
            else:
                wire.s(at, payload)
        return arrivals

    pairs: dict[str, object] = {}
    if with_options:
        pairs = {"blksize": size}
        if window > 1:
            pairs["windowsize"] = window
    else:
        size, window = 512, 1
    ask = (rrq if reads else wrq)(**pairs)
    reply = oack(**pairs) if pairs else (data(1, size if blocks > 1 else last) if reads else ack(0))
    for _ in range(tries):  # the request, until it is answered
        if send(ask, True, 69) and send(reply, False):
            break
        now += 1
    else:
        return wire, False
    base, got = 0, 0
    if reads and not pairs:
        got = 1
    if reads and pairs:  # ACK 0 takes up the OACK
        for _ in range(tries):
            if send(ack(0), True):
                break
            now += 1
            send(reply, False)
        else:
            return wire, False
    for _ in range(tries):
        if got and send(ack(got), reads):
            base = got
        if base >= blocks:
            return wire, True
        for block in range(base + 1, min(base + window, blocks) + 1):
            length = size if block < blocks else last
            if send(data(block, length), not reads) and block == got + 1:
                got = block
        now += 0.5 if chance.random() < 0.5 else 1.0
    return wire, False
