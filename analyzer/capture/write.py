"""Writing pcapng: one section, its interfaces, enhanced packet blocks (draft-ietf-opsawg-pcapng, section 4);
and pcap, which holds less (draft-ietf-opsawg-pcap).

The reading side keeps nanoseconds and drops what the analysis does not need. A copy of frames must keep
more: :func:`original` goes back to a frame's own block for its exact time stamp, interface and options.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import IO, Final, NamedTuple

from analyzer.capture.blocks import EPB, IDB, MINIMUM, PB, SHB
from analyzer.capture.capture import Capture
from analyzer.capture.link_types import name
from analyzer.capture.pcap import PcapReader
from analyzer.capture.pcapng import (
    IF_DESCRIPTION,
    IF_NAME,
    IF_TSOFFSET,
    IF_TSRESOL,
    MICROSECONDS,
    Interface,
    PcapngReader,
)
from analyzer.capture.records import MICRO, NANO
from analyzer.errors import UsageError
from analyzer.tables import Batch

END, COMMENT, SHB_USERAPPL = 0, 1, 4
EPB_FLAGS, EPB_HASH, EPB_DROPCOUNT, EPB_PACKETID, EPB_QUEUE, EPB_VERDICT = 2, 3, 4, 5, 6, 7
NUMBERS: Final = {EPB_FLAGS: "I", EPB_DROPCOUNT: "Q", EPB_PACKETID: "Q", EPB_QUEUE: "I"}
"""Packet options whose value is one number in the section's byte order (section 4.3)."""
OPAQUE: Final = frozenset({COMMENT, EPB_HASH, EPB_VERDICT})
"""Packet options that are bytes in any byte order."""
OPTION_BYTES: Final = 0xFFFF
"""The most that an option's 16-bit length can say."""
NANOSECONDS: Final = 9
SECOND: Final = 10**9
ETHERNET: Final = 1
PCAP_SNAPLEN: Final = 262_144
"""What tcpdump writes for "whole packets" (its MAXIMUM_SNAPLEN); programs refuse records beyond it."""

Option = tuple[int, bytes]


class Original(NamedTuple):
    """What a frame's capture says of it beyond FRAMES: its interface, its time in ticks of that
    interface, its packet options as the writer takes them."""

    interface: Interface
    ticks: int
    options: tuple[Option, ...] = ()


def original(capture: Capture, batch: Batch, row: int) -> Original:
    """The original of one frame of the batch that ``capture`` gave last."""
    frames = batch.frames
    time, link_type = int(frames["time"][row]), int(frames["link_type"][row])
    reader = capture.reader
    if isinstance(reader, PcapReader) and reader.layout is not None:
        nano = reader.layout.nano
        resolution = NANOSECONDS if nano else MICROSECONDS
        grain = 1 if nano else 1000
        return Original(Interface(link_type, reader.layout.snaplen, grain, 1, 0, resolution), time // grain)
    assert isinstance(reader, PcapngReader)
    interface = reader.described[int(frames["interface"][row])]
    found = _block(batch.buffer, int(frames["offset"][row]), int(frames["captured"][row]))
    if found is None:
        # A simple packet block: no time stamp and no options of its own.
        return Original(interface, max(0, (time - interface.offset) * interface.parts // interface.times))
    order, ticks, options = found
    return Original(interface, ticks, tuple(_options(options, order)))


def _block(buffer: bytes | memoryview, offset: int, captured: int) -> tuple[str, int, bytes] | None:
    """Byte order, time stamp and options of the packet block whose data lies at ``offset``; None for a
    simple packet block."""
    at = offset - MINIMUM[EPB] + 4
    if at < 0:
        return None
    for order in "<>":
        kind, length, _, high, low, held, _ = struct.unpack_from(order + "7I", buffer, at)
        if kind not in (EPB, PB) or held != captured or length % 4 or at + length > len(buffer):
            continue
        if struct.unpack_from(order + "I", buffer, at + length - 4)[0] == length:
            after = offset + captured + -captured % 4
            return order, high << 32 | low, bytes(buffer[after : at + length - 4])
    return None


def _options(data: bytes, order: str) -> Iterable[Option]:
    """The packet options worth a copy, numbers in little-endian order."""
    position = 0
    while position + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, position)
        value = data[position + 4 : position + 4 + length]
        if code == END or len(value) < length:
            return
        form = NUMBERS.get(code)
        if form and length == struct.calcsize("<" + form):
            yield code, struct.pack("<" + form, *struct.unpack(order + form, value))
        elif code in OPAQUE:
            yield code, value
        position += 4 + length + -length % 4


class Writer:
    """Writes one pcapng section, little-endian, to a binary stream.

    ``application`` names the program, ``comment`` speaks of the whole file. Errors of the stream pass
    through.
    """

    def __init__(self, stream: IO[bytes], application: str, comment: str = "") -> None:
        self._stream = stream
        self._interfaces = 0
        options = [(SHB_USERAPPL, text(application))]
        if comment:
            options.insert(0, (COMMENT, text(comment)))
        self._block(SHB, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), options)

    def interface(self, interface: Interface) -> int:
        """Describe an interface; its number for :meth:`packet`."""
        options: list[Option] = []
        if interface.name:
            options.append((IF_NAME, interface.name))
        if interface.description:
            options.append((IF_DESCRIPTION, interface.description))
        options.append((IF_TSRESOL, bytes([interface.resolution])))
        if interface.offset:
            options.append((IF_TSOFFSET, struct.pack("<q", interface.offset // 10**9)))
        self._block(IDB, struct.pack("<HHI", interface.link_type, 0, interface.snaplen), options)
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self, interface: int, ticks: int, data: bytes, wire: int, options: Sequence[Option] = ()
    ) -> None:
        """One frame: ``ticks`` are of the interface, ``wire`` is its length on the wire in bytes."""
        high, low = ticks >> 32 & 0xFFFFFFFF, ticks & 0xFFFFFFFF
        head = struct.pack("<IIIII", interface, high, low, len(data), min(wire, 0xFFFFFFFF))
        self._block(EPB, head + data + bytes(-len(data) % 4), options)

    def _block(self, kind: int, body: bytes, options: Sequence[Option]) -> None:
        parts = [body]
        for code, value in options:
            parts += [struct.pack("<HH", code, len(value)), value, bytes(-len(value) % 4)]
        if options:
            parts.append(bytes(4))
        length = sum(map(len, parts)) + 12
        self._stream.write(struct.pack("<II", kind, length) + b"".join(parts) + struct.pack("<I", length))


class PcapWriter:
    """Writes pcap, little-endian: frames of one link type, without interfaces, options and comments.

    ``fine`` asks for nanoseconds, which some old programs do not read. Errors of the stream pass through.
    """

    def __init__(self, stream: IO[bytes], fine: bool) -> None:
        self._stream = stream
        self._grain = 1 if fine else 1000
        self._link_type: int | None = None

    def packet(self, interface: Interface, time: int, data: bytes, wire: int) -> None:
        """One frame: ``time`` in ns since 1970, ``wire`` its length on the wire in bytes.

        Raises :class:`UsageError` for what pcap cannot hold.
        """
        if self._link_type is None:
            self._header(interface.link_type, interface.snaplen)
        elif self._link_type != interface.link_type:
            several = f"{name(self._link_type)} and {name(interface.link_type)}"
            raise UsageError(f"a pcap file holds one link type, these frames have {several}: name it .pcapng")
        seconds, fraction = divmod(time, SECOND)
        if not 0 <= seconds < 1 << 32 or fraction % self._grain:
            raise UsageError("a pcap file cannot hold the times of these frames: name it .pcapng")
        head = struct.pack("<4I", seconds, fraction // self._grain, len(data), min(wire, 0xFFFFFFFF))
        self._stream.write(head + data)

    def close(self) -> None:
        """Make a file even of no frames; the stream stays open."""
        if self._link_type is None:
            self._header(ETHERNET, 0)

    def _header(self, link_type: int, snaplen: int) -> None:
        self._link_type = link_type
        magic = NANO if self._grain == 1 else MICRO
        self._stream.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, max(snaplen, PCAP_SNAPLEN), link_type))


def text(value: str) -> bytes:
    """``value`` as the value of a text option: UTF-8, cut between characters where it is too long."""
    data = value.encode("utf-8", "backslashreplace")
    return data if len(data) <= OPTION_BYTES else data[:OPTION_BYTES].decode("utf-8", "ignore").encode()
