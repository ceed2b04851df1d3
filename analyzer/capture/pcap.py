"""pcap: a file header and records (draft-ietf-opsawg-pcap, "PCAP Capture File Format").

Either byte order, micro- and nanoseconds, and the variant of Alexey Kuznetzov's libpcap patch whose
records carry eight bytes more (interface index, protocol, packet type).
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from analyzer.capture import link_types
from analyzer.capture.reader import (
    BATCH_FRAMES,
    COMPILED,
    MAX_BLOCK,
    MAX_FRAME,
    MAX_RESYNCS,
    RESYNC_RANGE,
    Array,
    Octets,
    Problems,
    Taken,
    Unreadable,
    gather,
    room,
    table,
)
from analyzer.tables import Columns

FILE_HEADER: Final = 24
MICRO: Final = 0xA1B2C3D4
NANO: Final = 0xA1B23C4D
MODIFIED: Final = 0xA1B2CD34
MAGICS: Final = {struct.pack(order + "I", magic) for order in "<>" for magic in (MICRO, NANO, MODIFIED)}

ZERO_RUN: Final = 64
"""So many zero bytes in place of a record are a hole in the file (a lost disk sector, space allocated
ahead), not frames.
"""
DAY: Final = 86_400
"""Seconds between two records that may follow each other when looking for the next whole record past
damage.
"""


class Layout:
    """What the file header says: byte order, ticks, record header, link type."""

    def __init__(self, head: bytes) -> None:
        self.order = "<" if head[3] == 0xA1 else ">"
        magic, major, minor, _, _, snaplen, network = struct.unpack(
            self.order + "IHHiIII", head[:FILE_HEADER]
        )
        if major != 2:
            raise Unreadable(f"pcap version {major}.{minor} is not supported")
        self.nano = magic == NANO
        self.header = 24 if magic == MODIFIED else 16
        # The upper half tells the length of a frame check sequence and is no part of the link type.
        self.link_type = network & 0xFFFF
        self.snaplen = snaplen
        self.limit = snaplen if MAX_FRAME < snaplen <= MAX_BLOCK else MAX_FRAME


FULL, SHORT, DAMAGED = "full", "short", "damaged"


def walk(
    buffer: Octets, start: int, layout: Layout, rows: int, final: bool
) -> tuple[list[int], int, str, int]:
    """Step over whole records from ``start`` on.

    Returns the records' positions, the position come to, why it stopped there (``FULL``: ``rows`` records;
    ``SHORT``: the next record is not whole; ``DAMAGED``: what stands there is no record), and the bytes
    that the next record takes where it is short.
    """
    unpack = struct.Struct(layout.order + "I").unpack_from
    header, limit, end = layout.header, layout.limit, len(buffer)
    positions: list[int] = []
    step = positions.append
    position = start
    while len(positions) < rows:
        if position + header > end:
            return positions, position, SHORT, header
        (captured,) = unpack(buffer, position + 8)
        if captured > limit:
            return positions, position, DAMAGED, 0
        if not captured and not any(buffer[position : position + header]):
            if position + ZERO_RUN > end and not final:
                return positions, position, SHORT, ZERO_RUN
            if not any(buffer[position : position + ZERO_RUN]):
                return positions, position, DAMAGED, 0
        following = position + header + captured
        if following > end:
            return positions, position, SHORT, header + captured
        step(position)
        position = following
    return positions, position, FULL, 0


def search(buffer: Octets, start: int, layout: Layout, near: int | None) -> int | None:
    """Where, after ``start``, two plausible records follow each other (or one that ends with the
    buffer).

    Plausible: lengths that agree, a valid fraction of a second, within a day of ``near`` (seconds) or,
    for the second record, of the first. Looks at most RESYNC_RANGE ahead, in growing pieces, so that
    near finds are quick.
    """
    begin, piece = start + 1, 1 << 12
    while begin < min(start + RESYNC_RANGE, len(buffer) - layout.header):
        stop = min(begin + piece, start + RESYNC_RANGE)
        for candidate in _candidates(buffer, begin, stop, layout, near):
            following = candidate + layout.header + _captured(buffer, candidate, layout)
            if following == len(buffer) or (
                following + layout.header <= len(buffer)
                and _candidates(buffer, following, following + 1, layout, _seconds(buffer, candidate, layout))
            ):
                return candidate
        begin, piece = stop, piece * 8
    return None


def _seconds(buffer: Octets, position: int, layout: Layout) -> int:
    return int(struct.unpack_from(layout.order + "I", buffer, position)[0])


def _captured(buffer: Octets, position: int, layout: Layout) -> int:
    return int(struct.unpack_from(layout.order + "I", buffer, position + 8)[0])


def _candidates(buffer: Octets, begin: int, stop: int, layout: Layout, near: int | None) -> list[int]:
    """Positions from ``begin`` up to ``stop`` whose record header is plausible by itself."""
    found: list[int] = []
    for shift in range(4):
        count = (min(stop + 15, len(buffer)) - begin - shift) // 4
        if count < 4:
            continue
        words = np.frombuffer(buffer, layout.order + "u4", count, begin + shift).astype("i8")
        seconds, fraction, captured, wire = (words[k : len(words) - 3 + k] for k in range(4))
        good = (fraction < (10**9 if layout.nano else 10**6)) & (captured <= wire) & (wire <= MAX_FRAME)
        good &= (captured > 0) & ((captured == wire) | (captured == layout.snaplen))
        good &= (seconds > 0) if near is None else (abs(seconds - near) <= DAY)
        found += (np.flatnonzero(good) * 4 + begin + shift).tolist()
    return sorted(position for position in found if position < stop)


class PcapReader:
    """See :class:`analyzer.capture.reader.Reader`."""

    format = "pcap"

    def __init__(self) -> None:
        self.problems = Problems()
        self.done = False
        self._layout: Layout | None = None
        self._near: int | None = None
        self._lost = False
        self._resyncs = 0

    @property
    def filters(self) -> tuple[str, ...]:
        """None: the format has no place for them."""
        return ()

    @property
    def link_types(self) -> tuple[str, ...]:
        """The file's one link type."""
        return (link_types.name(self._layout.link_type),) if self._layout else ()

    @property
    def layout(self) -> Layout | None:
        """What the file header says, once it has been read."""
        return self._layout

    def take(self, buffer: Octets, start: int, final: bool) -> Taken:
        """Frames in ``buffer`` from ``start`` on; see the protocol."""
        if self._layout is None:
            if len(buffer) - start < FILE_HEADER:
                if final:
                    raise Unreadable("the file is cut inside its pcap header")
                return Taken(None, start, FILE_HEADER)
            self._layout = Layout(bytes(buffer[start : start + FILE_HEADER]))
            start += FILE_HEADER
        if self._lost:
            return self._resume(buffer, start, final, self._layout)
        read = self._read if COMPILED is None else self._read_fast
        frames, position, why, need = read(buffer, start, final, self._layout)
        if frames is not None:
            self.problems.packets += len(frames["time"])
        if why == DAMAGED or (why == SHORT and final and position < len(buffer)):
            self._lost = True
            need = 0
        elif why == SHORT and final:
            self.done = True
        return Taken(frames, position, need)

    def _read(
        self, buffer: Octets, start: int, final: bool, layout: Layout
    ) -> tuple[Columns | None, int, str, int]:
        """Frames in ``buffer`` from ``start`` on, and where, why and for want of what they end there."""
        positions, position, why, need = walk(buffer, start, layout, BATCH_FRAMES, final)
        frames = self._frames(buffer, np.array(positions, "i8"), layout) if positions else None
        return frames, position, why, need

    def _read_fast(
        self, buffer: Octets, start: int, final: bool, layout: Layout
    ) -> tuple[Columns | None, int, str, int]:
        """The same, compiled."""
        assert COMPILED is not None
        table = room(BATCH_FRAMES)
        big, grain = layout.order == ">", 1 if layout.nano else 1000
        shape = layout.header, layout.limit, ZERO_RUN, final, grain, layout.link_type
        rows, position, why, need, seconds = COMPILED.records(buffer, start, big, *shape, table)
        if not rows:
            return None, position, why, need
        self._near = seconds
        return {name: column[:rows] for name, column in table.items()}, position, why, need

    def _frames(self, buffer: Octets, at: Array, layout: Layout) -> Columns:
        words = gather(buffer, at, 4, layout.order).astype("i8")
        self._near = int(words[-1, 0])
        return table(
            offset=at + layout.header,
            captured=words[:, 2],
            wire=words[:, 3],
            # At most 2**32 * (10**9 + 1000): within 64 bits. Seconds are unsigned, so times pass 2038.
            time=words[:, 0] * 10**9 + words[:, 1] * (1 if layout.nano else 1000),
            link_type=layout.link_type,
            interface=0,
        )

    def _resume(self, buffer: Octets, start: int, final: bool, layout: Layout) -> Taken:
        """Find the next whole record past the damage at ``start``, or end here."""
        reach = RESYNC_RANGE + 2 * (layout.header + MAX_FRAME)
        if not final and len(buffer) - start < reach:
            return Taken(None, start, reach)
        self._resyncs += 1
        found = None
        # A first record that runs over the end is a cut file: nothing says what a second one would look like.
        if self._resyncs <= MAX_RESYNCS and not (
            self._near is None and self._is_short(buffer, start, layout)
        ):
            found = search(buffer, start, layout, self._near)
        if found is not None:
            what = f"{self._describe(buffer, start, layout)}; went on {found - start} bytes later"
            self.problems.add("damaged-record", what)
            self._lost = False
            return Taken(None, found, 0)
        self.done = True
        self._stop(buffer, start, layout)
        return Taken(None, start, 0)

    def _is_short(self, buffer: Octets, start: int, layout: Layout) -> bool:
        left = len(buffer) - start
        return left < layout.header or 0 < _captured(buffer, start, layout) <= layout.limit

    def _describe(self, buffer: Octets, start: int, layout: Layout) -> str:
        captured = _captured(buffer, start, layout) if start + layout.header <= len(buffer) else 0
        if captured > layout.limit:
            return (
                f"the record says that {captured} bytes were captured, more than the {layout.limit} possible"
            )
        if captured:
            return f"the record says that {captured} bytes were captured, which runs over the end of the file"
        return "what stands here is not a record"

    def _stop(self, buffer: Octets, start: int, layout: Layout) -> None:
        """Say why frames end at ``start``."""
        left = len(buffer) - start
        captured = _captured(buffer, start, layout) if left >= layout.header else 0
        frame = self.problems.packets + 1
        if left < layout.header:
            # All zeros may as well be the rest of a hole, but a cut is what a reader can do something about.
            missing = layout.header - left
            self.problems.add(
                "truncated-file", f"frame {frame} is cut: at least {missing} bytes of it are missing"
            )
        elif captured <= layout.limit and captured:
            missing = layout.header + captured - left
            self.problems.add("truncated-file", f"frame {frame} is cut: {missing} bytes of it are missing")
        elif self._resyncs > MAX_RESYNCS:
            self.problems.add("damaged-record", f"more than {MAX_RESYNCS} damaged places: reading ended")
        else:
            what = self._describe(buffer, start, layout)
            self.problems.add("damaged-record", f"{what}; no whole record was found after it")
