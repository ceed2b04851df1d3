"""pcapng: sections of blocks (draft-ietf-opsawg-pcapng, "PCAP Next Generation Capture File Format").

Packets come from enhanced, simple and obsolete packet blocks. Everything else (names, statistics,
secrets, custom and unknown blocks) is stepped over; types that the format does not list are counted.
Section lengths are not used: stepping from block to block finds the next section as well, and writers
leave the length open. A simple packet block has no time stamp: it gets the time of the frame before it (0
without one), is left out of the capture's first and last time, and is counted as ``no-timestamp``.
"""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.capture import link_types
from analyzer.capture.blocks import (
    BLOCK,
    BYTE_ORDERS,
    DAMAGED,
    IDB,
    MAGIC,
    PB,
    SHB_MIN,
    SHORT,
    SMALLEST,
    SPB,
    search,
    walk,
)
from analyzer.capture.reader import (
    BATCH_FRAMES,
    COMPILED,
    MAX_BLOCK,
    RESYNC_RANGE,
    Array,
    Octets,
    Place,
    Problems,
    Taken,
    Unreadable,
    clamp,
    gather,
    room,
    table,
)
from analyzer.tables import Columns

IF_NAME, IF_DESCRIPTION, IF_TSRESOL, IF_FILTER, IF_TSOFFSET = 2, 3, 9, 11, 14
MICROSECONDS: Final = 6
"""The resolution of an interface that states none (section 4.2)."""
NAME_BYTES: Final = 256
"""Bytes of an interface's name or description that are kept."""
INT64_MAX: Final = (1 << 63) - 1
MAX_FILTERS: Final = 8
"""Different capture filters of one capture that are kept: who wrote more than that meant to."""
MAX_INTERFACES: Final = 1 << 16
"""Interfaces of a section: real files have dozens; more is a file made to eat memory."""


class Interface(NamedTuple):
    """What an interface description block says. A tick is ``times / parts`` ns, counted from ``offset``
    ns; ``resolution`` is the same as the block's own byte.
    """

    link_type: int
    snaplen: int
    times: int = 1000
    parts: int = 1
    offset: int = 0
    resolution: int = MICROSECONDS
    name: bytes = b""
    description: bytes = b""
    filter: bytes = b""


def read_interface(body: bytes, order: str) -> Interface:
    """An interface from the body of its block; options that run over the block's end are left unread."""
    link_type, _, snaplen = struct.unpack_from(order + "HHI", body)
    times, parts, offset, resolution = 1000, 1, 0, MICROSECONDS
    texts = {IF_NAME: b"", IF_DESCRIPTION: b"", IF_FILTER: b""}
    position = 8
    while position + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, position)
        value = body[position + 4 : position + 4 + length]
        if code == 0 or len(value) < length:
            break
        if code == IF_FILTER:
            # One octet says what kind it is; 0 is a libpcap expression in text (section 4.2).
            if value[:1] == b"\0":
                texts[code] = texts[code] or value[1 : NAME_BYTES + 1].rstrip(b"\0")
        elif code in texts:
            texts[code] = texts[code] or value[:NAME_BYTES]
        elif code == IF_TSRESOL and length >= 1:
            resolution = value[0]
            times, parts = 10**9, (2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0])
            if times % parts == 0:
                times, parts = times // parts, 1
        elif code == IF_TSOFFSET and length >= 8:
            offset = struct.unpack_from(order + "q", value)[0] * 10**9
        position += 4 + length + -length % 4
    return Interface(link_type, snaplen, times, parts, offset, resolution, *texts.values())


def plain(interfaces: list[Interface]) -> tuple[Array, Array, Array, Array]:
    """Link types, ns of a tick, offsets in ns, and what the upper half of a time stamp has to stay below for
    the product to stay within 64 bits: 0 for an interface whose ticks are no whole nanoseconds.
    """
    ticks, offsets, bounds = [], [], []
    for interface in interfaces:
        bound = 0
        if interface.parts == 1:
            bound = max(0, (INT64_MAX - abs(interface.offset)) // interface.times >> 32)
        bounds.append(bound)
        ticks.append(interface.times if bound else 0)
        offsets.append(interface.offset if bound else 0)
    links = [interface.link_type for interface in interfaces]
    return np.array(links, "u2"), np.array(ticks, "i8"), np.array(offsets, "i8"), np.array(bounds, "i8")


class PcapngReader:
    """See :class:`analyzer.capture.reader.Reader`."""

    format = "pcapng"

    def __init__(self) -> None:
        self.problems = Problems()
        self.done = False
        self._order = ""
        self._base = 0
        self._interfaces: list[Interface] = []
        self.described: dict[int, Interface] = {}
        """The interfaces of the frames last given, by their number inside the capture."""
        self._plain: tuple[Array, ...] = plain([])
        self._room: tuple[Columns, Array] | None = None
        self._names: dict[str, None] = {}
        self._filters: dict[str, None] = {}
        self._last_time = 0
        self._stamped = True
        self._lost: Place | None = None
        self._resyncs = 0

    def __getstate__(self) -> dict[str, Any]:
        """Without the room for frames to come: it is large, and made again where it is needed."""
        return self.__dict__ | {"_room": None}

    @property
    def link_types(self) -> tuple[str, ...]:
        """Those of the interfaces met so far."""
        return tuple(self._names)

    @property
    def filters(self) -> tuple[str, ...]:
        """Those of the interfaces met so far; at most MAX_FILTERS."""
        return tuple(self._filters)

    @property
    def section(self) -> tuple[str, int, tuple[Interface, ...]]:
        """Byte order, number of the first interface, interfaces so far: what packet blocks depend on."""
        return self._order, self._base, tuple(self._interfaces)

    def take(self, buffer: Octets, start: int, final: bool) -> Taken:
        """Frames in ``buffer`` from ``start`` on; see the protocol."""
        if not self._order and (need := _file_header(buffer, start, final)):
            return Taken(None, start, need)
        if self._lost is not None:
            return self._resume(buffer, start, final, self._lost)
        self._forget()
        parts: list[Columns] = []
        unstamped: list[int] = []
        rows, why, need = 0, BLOCK, 0
        while why == BLOCK and rows < BATCH_FRAMES and not self.done:
            read = self._read if COMPILED is None else self._read_fast
            frames, start, why, need = read(buffer, start, BATCH_FRAMES - rows)
            rows += self._keep(frames, parts)
            if why == BLOCK:
                other = self._block(buffer, start, need)
                if other and not self._stamped:
                    unstamped.append(rows)
                rows += self._keep(other, parts, self._stamped)
                start, need = start + need, 0
        if why == DAMAGED or (why == SHORT and final and start < len(buffer)):
            if not self._order:
                raise Unreadable(_HEADER_CUT if why == SHORT else _HEADER_LENGTH)
            self._lost = Place(self._describe(buffer, start), self.problems.last, cut=why == SHORT)
            need = 0
        elif why == SHORT and final:
            self.done = True
        stamped = None
        if unstamped:
            stamped = np.ones(rows, bool)
            stamped[unstamped] = False
        return Taken(_joined(parts), start, need, stamped)

    def _forget(self) -> None:
        """Keep only the interfaces that frames to come may name."""
        if len(self.described) > len(self._interfaces):
            self.described = {self._base + index: one for index, one in enumerate(self._interfaces)}

    def _read(self, buffer: Octets, start: int, most: int) -> tuple[list[Columns], int, str, int]:
        """Enhanced packet blocks from ``start`` on, and where, why and for want of what they end there."""
        positions, position, why, need = walk(buffer, start, self._order or "<", most)
        frames = [self._enhanced(buffer, np.array(positions, "i8"))] if positions else []
        return frames, position, why, need

    def _read_fast(self, buffer: Octets, start: int, most: int) -> tuple[list[Columns], int, str, int]:
        """The same, compiled."""
        assert COMPILED is not None
        if self._room is None:
            self._room = room(BATCH_FRAMES), np.empty(BATCH_FRAMES, "i8")
        frames, places = self._room
        known = tuple(column[: len(self._interfaces)] for column in self._plain)
        shape = self._order == ">", MAX_BLOCK, known, self._base & 0xFFFFFFFF, most, frames, places
        rows, position, why, need, exact = COMPILED.packets(buffer, start, *shape)
        if not rows:
            return [], position, why, need
        # A long run takes the room with it. Short ones, of which a batch may have thousands, are copied.
        if 2 * rows > BATCH_FRAMES:
            self._room = None
        if not exact:
            return [self._enhanced(buffer, places[:rows])], position, why, need
        self._last_time = int(frames["time"][rows - 1])
        kept = {name: column[:rows] for name, column in frames.items()}
        if self._room is not None:
            kept = {name: column.copy() for name, column in kept.items()}
        return [kept], position, why, need

    def _keep(self, tables: list[Columns], parts: list[Columns], stamped: bool = True) -> int:
        """Add frames to the batch. Returns how many."""
        for frames in tables:
            self.problems.gave(frames["time"], stamped)
        parts += tables
        return sum(len(frames["time"]) for frames in tables)

    def _block(self, buffer: Octets, at: int, length: int) -> list[Columns]:
        """Look at a block that is not an enhanced packet block; a packet gives a table of one frame."""
        if bytes(buffer[at : at + 4]) == MAGIC:
            self._section(buffer, at)
            return []
        (kind,) = struct.unpack_from(self._order + "I", buffer, at)
        if kind == IDB:
            if len(self._interfaces) < MAX_INTERFACES:
                interface = read_interface(bytes(buffer[at + 8 : at + length - 4]), self._order)
                self.described[self._base + len(self._interfaces)] = interface
                self._interfaces.append(interface)
                self._add_plain(interface)
                self._names.setdefault(link_types.name(interface.link_type))
                if interface.filter and len(self._filters) < MAX_FILTERS:
                    self._filters.setdefault(interface.filter.decode("utf-8", "replace"))
            else:
                self.problems.add(
                    "too-many-interfaces", f"only the first {MAX_INTERFACES} of a section are read", count=0
                )
            return []
        self._stamped = kind != SPB
        if kind == SPB:
            return self._simple(buffer, at, length)
        if kind == PB:
            return self._obsolete(buffer, at, length)
        # Of a format that grew since, or a packet whose type was hurt: nobody can tell.
        what = f"a block of type {kind}, which the format does not list"
        self.problems.add("unknown-block", f"{what}; such blocks are stepped over", damage=False)
        return []

    def _add_plain(self, interface: Interface) -> None:
        """What the compiled reader reads of an interface. Its columns grow by doubling: there may be many."""
        count = len(self._interfaces)
        if count > len(self._plain[0]):
            self._plain = tuple(
                np.concatenate((column, np.empty_like(column, shape=count))) for column in self._plain
            )
        for column, value in zip(self._plain, plain([interface]), strict=True):
            column[count - 1] = value[0]

    def _section(self, buffer: Octets, at: int) -> None:
        order = ">" if buffer[at + 8] == 0x1A else "<"
        major, minor = struct.unpack_from(order + "HH", buffer, at + 12)
        # Minor 2 was written by mistake by some tools and means 0 (the draft, section 4.1).
        if major != 1 or minor not in (0, 2):
            what = f"pcapng version {major}.{minor} is not supported"
            if not self._order:
                raise Unreadable(what)
            self.problems.add("unsupported-section", f"{what}: reading ended at this section")
            self.done = True
            return
        self._order = order
        self._base += len(self._interfaces)
        self._interfaces, self._plain = [], plain([])

    def _unknown(self, interface: int, frame: int | None = None) -> None:
        what = f"a packet names interface {interface}, which the section has not described"
        self.problems.add("unknown-interface", f"{what}; such packets are left out", frame=frame)

    def _overfull(self, length: int, captured: int, frame: int | None = None) -> None:
        what = f"a packet block of {length} bytes cannot hold its {captured} captured bytes"
        self.problems.add("damaged-block", f"{what}; such blocks are left out", frame=frame)

    def _enhanced(self, buffer: Octets, at: Array) -> Columns:
        """The frames of the enhanced packet blocks at ``at``; those that cannot be used are left out."""
        words = gather(buffer, at, 7, self._order)
        length, who, high, low, captured, wire = (words[:, k].astype("i8") for k in range(1, 7))
        good = (who < len(self._interfaces)) & (captured <= length - 32)
        if not good.all():
            for row in np.flatnonzero(~good).tolist():
                before = self.problems.packets + int(good[:row].sum()) + 1
                if who[row] >= len(self._interfaces):
                    self._unknown(who[row], before)
                else:
                    self._overfull(length[row], captured[row], before)
            at, who, high, low, captured, wire = (
                column[good] for column in (at, who, high, low, captured, wire)
            )
        types = np.array([interface.link_type for interface in self._interfaces], "u2")
        return table(
            offset=at + 28,
            captured=captured,
            wire=wire,
            time=self._times(who, high, low),
            link_type=types[who] if len(who) else np.zeros(0, "u2"),
            interface=(who + self._base) & 0xFFFFFFFF,
        )

    def _times(self, who: Array, high: Array, low: Array) -> Array:
        """Nanoseconds since 1970, in whole numbers throughout."""
        times = np.zeros(len(who), "i8")
        for index in sorted(set(who.tolist())):
            interface = self._interfaces[index]
            rows = np.flatnonzero(who == index)
            most = (int(high[rows].max()) + 1 << 32) * interface.times + abs(interface.offset)
            if interface.parts == 1 and most < 1 << 63:
                times[rows] = (high[rows] << 32 | low[rows]) * interface.times + interface.offset
            else:
                slowly = zip(rows.tolist(), high[rows].tolist(), low[rows].tolist(), strict=True)
                times[rows] = [self._time(interface, up << 32 | down, row) for row, up, down in slowly]
        if len(times):
            self._last_time = int(times[-1])
        return times

    def _time(self, interface: Interface, ticks: int, row: int = 0) -> int:
        exact = ticks * interface.times // interface.parts + interface.offset
        time = clamp(exact)
        if time != exact:
            what = "a time stamp lies centuries away, beyond what 64 bits of nanoseconds hold"
            self.problems.add("bad-timestamp", what, frame=self.problems.packets + row + 1)
        return time

    def _obsolete(self, buffer: Octets, at: int, length: int) -> list[Columns]:
        who, _, high, low, captured, wire = struct.unpack_from(self._order + "HHIIII", buffer, at + 8)
        if who >= len(self._interfaces):
            self._unknown(who)
            return []
        if captured > length - 32:
            self._overfull(length, captured)
            return []
        self._last_time = self._time(self._interfaces[who], high << 32 | low)
        return self._one(at + 28, captured, wire, who)

    def _simple(self, buffer: Octets, at: int, length: int) -> list[Columns]:
        (wire,) = struct.unpack_from(self._order + "I", buffer, at + 8)
        if not self._interfaces:
            self._unknown(0)
            return []
        snaplen = self._interfaces[0].snaplen
        captured = min(wire, snaplen) if snaplen else wire
        if captured > length - 16:
            self._overfull(length, captured)
            return []
        what = "simple packet blocks have no time stamp; the time of the frame before is used"
        self.problems.add("no-timestamp", what, damage=False)
        return self._one(at + 12, captured, wire, 0)

    def _one(self, offset: int, captured: int, wire: int, who: int) -> list[Columns]:
        frame = table(
            offset=np.array([offset]),
            captured=captured,
            wire=wire,
            time=self._last_time,
            link_type=self._interfaces[who].link_type,
            interface=(self._base + who) & 0xFFFFFFFF,
        )
        return [frame]

    def _resume(self, buffer: Octets, start: int, final: bool, place: Place) -> Taken:
        """Find the next whole block past the damage at ``start``, or end here."""
        reach = RESYNC_RANGE + 2 * MAX_BLOCK
        if not final and len(buffer) - start < reach:
            return Taken(None, start, reach)
        if not place.bytes:
            self._resyncs += 1
            if self.problems.hopeless(self._resyncs):
                self.done = True
                return Taken(None, start, 0)
        found = search(buffer, start, self._order)
        if found is not None:
            place.bytes += found - start
            place.what += f"; went on {place.bytes} bytes later"
            self.problems.lose("bad-block-length", place)
            self._lost = None
            return Taken(None, found, 0)
        # A block may begin in the last bytes that were looked at and end behind them.
        beyond = start + RESYNC_RANGE - 1
        if beyond < len(buffer) - SMALLEST:
            place.bytes += beyond - start
            return Taken(None, beyond, 0 if final else reach)
        self.done = True
        left = len(buffer) - start
        _, _, why, need = walk(buffer, start, self._order, 1)
        if place.cut and why == SHORT:
            missing = f"at least {need - left}" if left < SMALLEST else str(need - left)
            self.problems.add(
                "truncated-file", f"the file is cut inside a block: {missing} bytes of it are missing"
            )
        else:
            place.bytes += left
            place.what += "; no whole block was found after it"
            self.problems.lose("bad-block-length", place)
        return Taken(None, start, 0)

    def _describe(self, buffer: Octets, start: int) -> str:
        kind, length = struct.unpack_from(
            self._order + "II", bytes(buffer[start : start + 8]).ljust(8, b"\0")
        )
        if length % 4 or not 12 <= length <= MAX_BLOCK:
            return f"a block of type {kind} says that it is {length} bytes long"
        if start + length > len(buffer):
            return f"a block of type {kind} and {length} bytes runs over the end of the file"
        return f"a block of type {kind} and {length} bytes does not end with its length"


_HEADER_CUT: Final = "the file is cut inside its pcapng section header"
_HEADER_LENGTH: Final = "the pcapng section header does not end where its length says"


def _file_header(buffer: Octets, start: int, final: bool) -> int:
    """How many bytes the first section header needs before it can be read; 0 where they are there."""
    if len(buffer) - start < SHB_MIN:
        if final:
            raise Unreadable(_HEADER_CUT)
        return SHB_MIN
    if bytes(buffer[start + 8 : start + 12]) not in BYTE_ORDERS:
        raise Unreadable("the pcapng section header has no valid byte-order mark")
    return 0


def _joined(parts: list[Columns]) -> Columns | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
