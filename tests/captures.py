"""Captures built by hand with ``struct``: what the readers are tested against.

``pcap`` and ``pcapng`` write whole files; the block functions write one pcapng block each, so a
test can string any file together. Frames are ``(time_ns, data)`` or ``(time_ns, data, wire_length)``.
``order`` is ``"<"`` (little endian) or ``">"``.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import lz4.frame

from analyzer.capture.capture import WINDOW, Capture
from analyzer.capture.reader import BATCH_FRAMES
from analyzer.tables import FRAMES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "lz4": lz4.frame.compress,
    "xz": lzma.compress,
}
"""What compresses a whole capture, by the name that a source gives to the compression."""

Frame = tuple[int, bytes] | tuple[int, bytes, int]

ETHERNET = 1
SHB, IDB, PB, SPB, NRB, ISB, EPB, DSB, CUSTOM = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 10, 0xBAD
OPTION_END, IF_TSRESOL, IF_FILTER, IF_TSOFFSET = 0, 9, 11, 14


def wire_length(frame: Frame) -> int:
    """The length on the wire: as given, else what was captured."""
    return frame[2] if len(frame) == 3 else len(frame[1])


def damaged(data: bytes, place: float | None, damage: bytes, header: int) -> bytes:
    """``data`` with ``damage`` written over it at ``place``, a part of its length; as it is without a place.

    No bytes of damage cut it off there, but behind the first ``header`` bytes.
    """
    if place is None:
        return data
    at = int(len(data) * place)
    if not damage:
        return data[: max(at, header)]
    return data[:at] + damage + data[at + len(damage) :]


def pcap_header(
    *,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    link_type: int = ETHERNET,
    snaplen: int = 262144,
    minor: int = 4,
) -> bytes:
    """The 24 bytes at the beginning of a pcap file."""
    return struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, snaplen, link_type)


def pcap(
    frames: Iterable[Frame],
    *,
    order: str = "<",
    nano: bool = False,
    link_type: int = ETHERNET,
    modified: bool = False,
    snaplen: int = 262144,
) -> bytes:
    """A pcap file. Microsecond files lose what is below a microsecond, as they would."""
    magic = 0xA1B2CD34 if modified else 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [pcap_header(order=order, magic=magic, link_type=link_type, snaplen=snaplen)]
    grain = 1 if nano and not modified else 1000
    for frame in frames:
        seconds, rest = divmod(frame[0], 10**9)
        parts.append(struct.pack(order + "IIII", seconds, rest // grain, len(frame[1]), wire_length(frame)))
        if modified:
            parts.append(struct.pack(order + "IHBB", 1, 0x0800, 0, 0))
        parts.append(frame[1])
    return b"".join(parts)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """One pcapng option, padded."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """Any pcapng block: the body is padded to four bytes."""
    body += bytes(-len(body) % 4)
    total = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + total + body + total


def shb(order: str = "<", length: int = -1, major: int = 1, minor: int = 0, options: bytes = b"") -> bytes:
    """A section header block; ``length`` is what follows it in the section, or -1."""
    return block(SHB, struct.pack(order + "IHHq", 0x1A2B3C4D, major, minor, length) + options, order)


def idb(
    link_type: int = ETHERNET,
    *,
    order: str = "<",
    tsresol: int | None = 9,
    tsoffset: int | None = None,
    snaplen: int = 0,
    expression: bytes = b"",
) -> bytes:
    """An interface description block. ``tsresol`` is the raw byte (0x80 set: a power of two), ``expression``
    the capture filter with the octet that says its kind."""
    options = option(IF_FILTER, expression, order) if expression else b""
    if tsresol is not None:
        options += option(IF_TSRESOL, bytes([tsresol]), order)
    if tsoffset is not None:
        options += option(IF_TSOFFSET, struct.pack(order + "q", tsoffset), order)
    if options:
        options += option(OPTION_END, b"", order)
    return block(IDB, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def _ticks(ticks: int) -> tuple[int, int]:
    return ticks >> 32 & 0xFFFFFFFF, ticks & 0xFFFFFFFF


def epb(frame: Frame, interface: int = 0, *, order: str = "<", options: bytes = b"") -> bytes:
    """An enhanced packet block. The frame's time is written as it is: ticks of the interface."""
    data = frame[1]
    head = struct.pack(order + "IIIII", interface, *_ticks(frame[0]), len(data), wire_length(frame))
    return block(EPB, head + data + bytes(-len(data) % 4) + options, order)


def pb(frame: Frame, interface: int = 0, *, order: str = "<", drops: int = 0xFFFF) -> bytes:
    """An obsolete packet block."""
    data = frame[1]
    head = struct.pack(order + "HHIIII", interface, drops, *_ticks(frame[0]), len(data), wire_length(frame))
    return block(PB, head + data, order)


def spb(data: bytes, wire: int | None = None, *, order: str = "<") -> bytes:
    """A simple packet block: no interface, no time stamp."""
    return block(SPB, struct.pack(order + "I", len(data) if wire is None else wire) + data, order)


def nrb(order: str = "<") -> bytes:
    """A name resolution block with one IPv4 name."""
    record = bytes([192, 0, 2, 1]) + b"host\0"
    body = struct.pack(order + "HH", 1, len(record)) + record + bytes(-len(record) % 4)
    return block(NRB, body + struct.pack(order + "HH", 0, 0), order)


def isb(interface: int = 0, *, order: str = "<") -> bytes:
    """An interface statistics block."""
    return block(ISB, struct.pack(order + "III", interface, 0, 0), order)


def dsb(secrets: bytes = b"CLIENT_RANDOM 00 00\n", *, order: str = "<") -> bytes:
    """A decryption secrets block (TLS key log)."""
    return block(DSB, struct.pack(order + "II", 0x544C534B, len(secrets)) + secrets, order)


def custom(data: bytes = b"anything", *, order: str = "<", copy: bool = True) -> bytes:
    """A custom block of enterprise number 32473 (the one for examples, RFC 5612)."""
    return block(CUSTOM if copy else CUSTOM | 0x40000000, struct.pack(order + "I", 32473) + data, order)


def pcapng(
    frames: Sequence[Frame],
    *,
    order: str = "<",
    link_type: int = ETHERNET,
    tsresol: int | None = 9,
    tsoffset: int | None = None,
    snaplen: int = 0,
) -> bytes:
    """A pcapng file of one section and one interface. Without ``tsoffset`` and with the default
    resolution frame times are ns; else they are ticks.
    """
    head = shb(order) + idb(link_type, order=order, tsresol=tsresol, tsoffset=tsoffset, snaplen=snaplen)
    return head + b"".join(epb(frame, order=order) for frame in frames)


class Row(NamedTuple):
    """One frame as the readers gave it."""

    time: int
    data: bytes
    wire: int
    link_type: int
    interface: int


def read(data: bytes, window: int = WINDOW, hashed: bool = False) -> tuple[list[Row], Capture]:
    """Every frame of a capture given as bytes, and the capture."""
    capture = Capture("made.pcap", lambda: io.BytesIO(data), size=len(data), hashed=hashed, window=window)
    rows: list[Row] = []
    for batch in capture.batches():
        FRAMES.check(batch.frames)
        assert 0 < len(batch.frames["time"]) <= BATCH_FRAMES
        columns = [
            batch.frames[column].tolist()
            for column in ("offset", "captured", *Row._fields)
            if column != "data"
        ]
        for offset, captured, time, wire, link_type, interface in zip(*columns, strict=True):
            assert 0 <= offset <= offset + captured <= len(batch.buffer)
            assert wire >= captured
            rows.append(
                Row(time, bytes(batch.buffer[offset : offset + captured]), wire, link_type, interface)
            )
    assert (capture.packets, capture.bytes) == (len(rows), sum(row.wire for row in rows))
    return rows, capture


def codes(capture: Capture) -> list[tuple[str, int]]:
    """The problems' codes and frames."""
    return [(problem.code, problem.frame) for problem in capture.problems]
