"""A CoAP client, a server and a wire between them, in simulated time: messages for the transfer tests.

Messages are put together by hand after RFC 7252 section 3; ``play`` sends a file in blocks by RFC 7959
over a path
that loses and doubles what it is told to.
"""

from __future__ import annotations

import random
import struct

import numpy as np
from tftpwire import CLIENT, SERVER, make_batch
from traffic import Traffic

from analyzer.decode import decode
from analyzer.model import Transfer
from analyzer.transfers import Collector, draw
from analyzer.transfers.coap.faults import Fault, seen

CON, NON, ACK, RST = range(4)
GET, POST, PUT = 1, 2, 3
CREATED, CHANGED, CONTENT, CONTINUE = 0x41, 0x44, 0x45, 0x5F
NOT_FOUND, INCOMPLETE, TOO_LARGE = 0x84, 0x88, 0x8D
OBSERVE, PATH, BLOCK2, BLOCK1, SIZE2, SIZE1 = 6, 11, 23, 27, 28, 60
PORT = 5683


def uint(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def block(number: int, more: bool, size: int) -> bytes:
    return uint(number << 4 | more << 3 | size.bit_length() - 5)


def message(
    kind: int, code: int, mid: int, token: bytes = b"", *options: tuple[int, bytes], payload: bytes = b""
) -> bytes:
    out = struct.pack("!BBH", 0x40 | kind << 4 | len(token), code, mid & 0xFFFF) + token
    last = 0
    for number, value in sorted(options, key=lambda item: item[0]):
        head = bytearray(b"\0")
        for shift, amount in ((4, number - last), (0, len(value))):
            nibble = amount if amount < 13 else 13 if amount < 269 else 14
            head[0] |= nibble << shift
            head += (
                b""
                if nibble < 13
                else bytes([amount - 13])
                if nibble == 13
                else struct.pack("!H", amount - 269)
            )
        out += bytes(head) + value
        last = number
    return out + (b"\xff" + payload if payload else b"")


def path(text: str = "/fw/node.bin") -> list[tuple[int, bytes]]:
    return [(PATH, part.encode()) for part in text.strip("/").split("/")]


class Coap(Traffic):
    """Messages between a client and a server."""

    port = 40000

    def c(self, at: float, payload: bytes, *, port: int | None = None) -> Coap:
        self.udp(at, CLIENT, port or self.port, SERVER, PORT, payload)
        return self

    def s(self, at: float, payload: bytes, *, port: int | None = None) -> Coap:
        self.udp(at, SERVER, PORT, CLIENT, port or self.port, payload)
        return self

    def get(
        self,
        at: float,
        mid: int,
        number: int | None = None,
        size: int = 64,
        name: str = "/fw/node.bin",
        **more,
    ) -> Coap:
        options = path(name) + ([] if number is None else [(BLOCK2, block(number, False, size))])
        return self.c(at, message(CON, GET, mid, struct.pack("!H", mid), *options), **more)

    def content(
        self, at: float, mid: int, number: int, more: bool, size: int = 64, length: int | None = None, **kw
    ) -> Coap:
        body = b"x" * (size if length is None else length)
        options = [(BLOCK2, block(number, more, size))]
        return self.s(at, message(ACK, CONTENT, mid, struct.pack("!H", mid), *options, payload=body), **kw)

    def put(
        self, at: float, mid: int, number: int, more: bool, size: int = 64, length: int | None = None, **kw
    ) -> Coap:
        body = b"x" * (size if length is None else length)
        options = [*path(), (BLOCK1, block(number, more, size))]
        return self.c(at, message(CON, PUT, mid, struct.pack("!H", mid), *options, payload=body), **kw)

    def took(
        self, at: float, mid: int, number: int, more: bool = True, size: int = 64, code: int | None = None
    ) -> Coap:
        code = code or (CONTINUE if more else CHANGED)
        return self.s(
            at, message(ACK, code, mid, struct.pack("!H", mid), (BLOCK1, block(number, more, size)))
        )

    def idle(self, at: float) -> Coap:
        self.arp(at, CLIENT, SERVER)
        return self

    def collect(self, batch: int = 1 << 20, snap: int = 1 << 16) -> Collector:
        """All frames shown to a collector, ``batch`` at a time; the capture holds ``snap`` bytes of each."""
        collector = Collector()
        frames = sorted(self.frames, key=lambda item: item[0])
        for begin in range(0, len(frames), batch):
            made = make_batch(frames[begin : begin + batch])
            made.frames["captured"] = np.minimum(made.frames["captured"], snap)
            collector.add(decode(made, begin + 1))
        return collector

    def transfers(self, batch: int = 1 << 20, one_sided: bool = False, snap: int = 1 << 16) -> list[Transfer]:
        drafts = draw(self.collect(batch, snap), lambda *_: (), lambda _c, _s: one_sided)
        return [draft.transfer for draft in drafts]

    def only(self, **more) -> Transfer:
        (transfer,) = self.transfers(**more)
        return transfer

    def faults(self, batch: int = 1 << 20) -> list[Fault]:
        gatherer = self.collect(batch).gatherers.get("coap")
        return [] if gatherer is None else list(seen(gatherer.found))


def fetch(
    wire: Coap,
    at: float,
    length: int,
    size: int = 64,
    first: int = 0,
    upto: int | None = None,
    mid: int = 100,
) -> Coap:
    """A file of ``length`` bytes block by block, or its blocks from ``first`` until before ``upto``."""
    count = max(1, -(-length // size))
    for number in range(first, count if upto is None else upto):
        last = number == count - 1
        wire.get(at, mid + number, number or None, size)
        wire.content(
            at + 0.01, mid + number, number, not last, size, length - number * size if last else size
        )
        at += 0.05
    return wire


def push(
    wire: Coap,
    at: float,
    length: int,
    size: int = 64,
    first: int = 0,
    upto: int | None = None,
    mid: int = 100,
) -> Coap:
    """The same, sent."""
    count = max(1, -(-length // size))
    for number in range(first, count if upto is None else upto):
        last = number == count - 1
        wire.put(at, mid + number, number, not last, size, length - number * size if last else size)
        wire.took(at + 0.01, mid + number, number, not last, size)
        at += 0.05
    return wire


def play(  # noqa: C901 - one story, told in order
    seed: int,
    *,
    reads: bool,
    length: int,
    size: int,
    offered: int,
    loss: float,
    double: float = 0.1,
    separate: float = 0.0,
    at_server: bool = False,
) -> tuple[Coap, bool]:
    """A transfer with CON requests and the timers of RFC 7252; the server offers blocks of ``offered`` bytes.

    Gives the wire, as it is seen at the client or at the server, and whether the client had its last answer.
    """
    chance = random.Random(seed)
    wire = Coap()
    now, mid, server_mid = 0.0, chance.randrange(1 << 16), chance.randrange(1 << 16)

    def arrives() -> int:
        return 0 if chance.random() < loss else 2 if chance.random() < double else 1

    def send(payload: bytes, from_client: bool) -> bool:
        nonlocal now
        now += 0.01
        got = arrives()
        shown = got if from_client is at_server else 1
        for copy in range(shown):
            (wire.c if from_client else wire.s)(now + copy * 0.003, payload)
        return bool(got)

    def exchange(
        ask: bytes, kind: int, answer: tuple[int, list[tuple[int, bytes]], bytes], token: bytes
    ) -> bool:
        """One request by CON until it is answered or the client has asked five times."""
        nonlocal now, server_mid
        code, options, payload = answer
        apart = chance.random() < separate
        timeout = 2 + chance.random()
        for _ in range(5):
            if send(ask, True):
                if not apart:
                    if send(message(ACK, code, mid, token, *options, payload=payload), False):
                        return True
                else:
                    acked = send(message(ACK, 0, mid), False)
                    server_mid += 1
                    for _ in range(5):
                        now += 0.5
                        if send(message(CON, code, server_mid, token, *options, payload=payload), False):
                            if send(message(ACK, 0, server_mid), True):
                                return True
                            acked = True
                        now += 2
                    return acked and False
            now += timeout
            timeout *= 2
        return False

    done, first = False, 0
    while not done:
        mid += 1
        token = chance.randbytes(chance.randrange(1, 9))
        if reads:
            size = min(size, offered)
            number = first // size
            more = first + size < length
            wanted = [(BLOCK2, block(number, False, size))] if first else []
            ask = message(CON, GET, mid, token, *path(), *wanted)
            taken = min(size, length - first)
            answer = (CONTENT, [(BLOCK2, block(number, more, size))], b"x" * taken)
        else:
            number = first // size
            more = first + size < length
            taken = min(size, length - first)
            ask = message(
                CON, PUT, mid, token, *path(), (BLOCK1, block(number, more, size)), payload=b"x" * taken
            )
            smaller = min(size, offered)
            answer = (CONTINUE if more else CHANGED, [(BLOCK1, block(number, more, smaller))], b"")
            size = smaller
        if not exchange(ask, CON, answer, token):
            return wire, False
        first += taken
        done = not more
    return wire, True
