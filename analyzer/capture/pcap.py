"""pcap: a file header and records (draft-ietf-opsawg-pcap, "PCAP Capture File Format").

Either byte order, micro- and nanoseconds, and the variant of Alexey Kuznetzov's libpcap patch whose
records carry eight bytes more (interface index, protocol, packet type).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.capture import link_types
from analyzer.capture.reader import (
    BATCH_FRAMES,
    COMPILED,
    MAX_FRAME,
    RESYNC_RANGE,
    Array,
    Octets,
    Place,
    Problems,
    Taken,
    Unreadable,
    gather,
    room,
    table,
)
from analyzer.capture.records import (
    DAMAGED,
    DAY,
    DOUBTED,
    EMPTY,
    FILE_HEADER,
    FRACTION,
    LENGTHS,
    REACH,
    SHORT,
    TIME,
    ZERO_RUN,
    Layout,
    appended,
    inside,
    oddities,
    proven,
    search,
    walk,
)
from analyzer.tables import Columns

ODDITIES: Final = LENGTHS | FRACTION | EMPTY | TIME
USUAL: Final = 8
"""So many odd records that were records all the same are the way of this capture's writer."""
BELIEVED: Final = 128
"""So many records without damage behind a jump of the clock show that it was set."""


class PcapReader:
    """See :class:`analyzer.capture.reader.Reader`."""

    format = "pcap"

    def __init__(self) -> None:
        self.problems = Problems()
        self.done = False
        self._layout: Layout | None = None
        self._names: dict[str, None] = {}
        self._before: int | None = None
        """Seconds of the last record."""
        self._near: int | None = None
        """What the clock is believed to say: damage may make up times."""
        self._support = 0
        """Records that it is believed for, BELIEVED at most."""
        self._away: int | None = None
        """Records since it jumped, while that is not believed."""
        self._usual = 0
        self._met = dict.fromkeys((LENGTHS, FRACTION, EMPTY, TIME), 0)
        self._sure = self._doubted = False
        self._tail = b""
        """The last record, as it was read."""
        self._lost: Place | None = None
        self._resyncs = 0

    @property
    def filters(self) -> tuple[str, ...]:
        """None: the format has no place for them."""
        return ()

    @property
    def link_types(self) -> tuple[str, ...]:
        """The file's one link type; more where other files were appended to it."""
        return tuple(self._names)

    @property
    def layout(self) -> Layout | None:
        """What the file header says, once it has been read; the last, where others were appended."""
        return self._layout

    def take(self, buffer: Octets, start: int, final: bool) -> Taken:
        """Frames in ``buffer`` from ``start`` on; see the protocol."""
        if self._layout is None:
            if len(buffer) - start < FILE_HEADER:
                if final:
                    raise Unreadable("the file is cut inside its pcap header")
                return Taken(None, start, FILE_HEADER)
            self._begin(Layout(bytes(buffer[start : start + FILE_HEADER])))
            start += FILE_HEADER
        layout = self._layout
        assert layout is not None
        if self._lost is not None:
            return self._resume(buffer, start, final, layout, self._lost)
        if self._doubted:
            return self._judge(buffer, start, final, layout)
        read = self._read if COMPILED is None else self._read_fast
        frames, position, why, need = read(buffer, start, final, layout)
        if frames is not None:
            self._sure = False
            self._gave(frames, buffer, position, layout)
        if why == DOUBTED:
            self._doubted = True
        elif why == DAMAGED or (why == SHORT and final and position < len(buffer)):
            what = self._describe(buffer, position, layout)
            self._lost = Place(what, self.problems.last, cut=why == SHORT)
            need = 0
        elif why == SHORT and final:
            self.done = True
        return Taken(frames, position, need)

    def _gave(self, frames: Columns, buffer: Octets, end: int, layout: Layout) -> None:
        """Take note of frames that end at ``end``."""
        self.problems.gave(frames["time"])
        self._believe(len(frames["time"]))
        self._tail = bytes(buffer[int(frames["offset"][-1]) - layout.header : end])

    def _begin(self, layout: Layout) -> None:
        """Read on as this file header says."""
        self._layout, self._usual = layout, 0
        self._before = self._near = self._away = None
        self._support, self._tail = 0, b""
        self._met = dict.fromkeys(self._met, 0)
        self._names.setdefault(link_types.name(layout.link_type))

    def _jumped(self, seconds: int) -> None:
        """Take note of a record whose time lies days away from the one before."""
        back = self._away is not None and self._near is not None and abs(seconds - self._near) <= DAY
        self._away = None if back else 0

    def _believe(self, rows: int) -> None:
        """Move the clock with the records, unless it jumped only few ago."""
        if self._away is not None:
            self._away += rows
            if self._away < min(BELIEVED, self._support):
                return
            self._support, self._away = 0, None
        self._support = min(BELIEVED, self._support + rows)
        self._near = self._before

    def _read(
        self, buffer: Octets, start: int, final: bool, layout: Layout
    ) -> tuple[Columns | None, int, str, int]:
        """Frames in ``buffer`` from ``start`` on, and where, why and for want of what they end there."""
        doubts, sure = ODDITIES & ~self._usual, start if self._sure else -1
        positions, position, why, need = walk(
            buffer, start, layout, BATCH_FRAMES, final, self._before, doubts, sure
        )
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
        before, doubts = -1 if self._before is None else self._before, ODDITIES & ~self._usual
        doubt = before, doubts, layout.snaplen, start if self._sure else -1
        rows, position, why, need, seconds = COMPILED.records(buffer, start, big, *shape, *doubt, table)
        if not rows:
            return None, position, why, need
        self._before = seconds
        return {name: column[:rows] for name, column in table.items()}, position, why, need

    def _frames(self, buffer: Octets, at: Array, layout: Layout) -> Columns:
        words = gather(buffer, at, 4, layout.order).astype("i8")
        self._before = int(words[-1, 0])
        return table(
            offset=at + layout.header,
            captured=words[:, 2],
            wire=words[:, 3],
            # At most 2**32 * (10**9 + 1000): within 64 bits. Seconds are unsigned, so times pass 2038.
            time=words[:, 0] * 10**9 + words[:, 1] * (1 if layout.nano else 1000),
            link_type=layout.link_type,
            interface=0,
        )

    def _judge(self, buffer: Octets, start: int, final: bool, layout: Layout) -> Taken:
        """Find out whether the doubted record at ``start`` is one."""
        if not final and len(buffer) - start < FILE_HEADER:
            return Taken(None, start, FILE_HEADER)
        need = None
        if appended(buffer, start) is None:
            need = proven(buffer, start, layout, self._before, self._near, self._usual, final)
        if need:
            return Taken(None, start, need)
        self._doubted = False
        if need is None:
            self._lost = Place("what stands here is not a record", self.problems.last)
        else:
            self._sure = True
            odd = oddities(buffer, start, layout, self._before) & ~self._usual
            if odd & TIME:
                self._jumped(layout.words(buffer, start)[0])
            for one in self._met:
                self._met[one] += bool(odd & one)
                self._usual |= one * (self._met[one] >= USUAL)
        return Taken(None, start, 0)

    def _resume(self, buffer: Octets, start: int, final: bool, layout: Layout, place: Place) -> Taken:
        """Find the next whole record past the damage at ``start``, or end here."""
        if not final and len(buffer) - start < REACH:
            return Taken(None, start, REACH)
        if not place.bytes:
            self._resyncs += 1
            if self.problems.hopeless(self._resyncs):
                self.done = True
                return Taken(None, start, 0)
            if other := appended(buffer, start):
                return self._append(start, other)
            if shorter := self._look_back(buffer, start, layout):
                return shorter
        found = None
        # A first record that runs over the end is a cut file: nothing says what a second one would look like.
        if not (self._near is None and place.cut):
            found = search(buffer, start, layout, self._near, self._usual)
        if found is not None:
            position, other = found
            place.bytes += position - start
            place.what += f"; went on {place.bytes} bytes later"
            self._met = dict.fromkeys(self._met, 0)
            self.problems.lose("damaged-record", place)
            if other is not None:
                return self._append(position, other)
            self._lost = None
            self._go_on_at(layout.words(buffer, position)[0])
            return Taken(None, position, 0)
        # A record may begin in the last bytes that were looked at and end behind them.
        beyond = start + RESYNC_RANGE - 1
        if beyond < len(buffer) - layout.header:
            place.bytes += beyond - start
            return Taken(None, beyond, 0 if final else REACH)
        self.done = True
        self._stop(buffer, start, layout, place)
        return Taken(None, start, 0)

    def _go_on_at(self, seconds: int) -> None:
        """Believe the clock of what was found behind damage."""
        if self._near is None or abs(seconds - self._near) > DAY:
            self._support = BELIEVED
        self._before = self._near = seconds
        self._away, self._tail = None, b""

    def _look_back(self, buffer: Octets, start: int, layout: Layout) -> Taken | None:
        """The records that the one before ``start`` holds because it lost bytes of its own; None if not."""
        tail, self._tail = self._tail, b""
        joined = tail + bytes(buffer[start : start + 2 * (layout.header + MAX_FRAME)])
        found = inside(joined, len(tail), layout, self._near, self._usual) if tail else None
        if found is None:
            return None
        positions, end = found
        missing = layout.header + layout.words(joined, 0)[2] - positions[0]
        what = f"frame {self.problems.packets} is shorter than it says: {missing} bytes of the file are gone"
        self.problems.add("short-record", what, frame=self.problems.packets)
        self._lost = None
        self._met = dict.fromkeys(self._met, 0)
        frames = self._frames(joined, np.array(positions, "i8"), layout)
        self._gave(frames, joined, end, layout)
        return Taken(frames, start + end - len(tail), 0, buffer=joined)

    def _append(self, start: int, layout: Layout) -> Taken:
        """Go on with what another file's header at ``start`` begins."""
        what = "another capture file begins here, joined without a tool for captures; both were read"
        self.problems.add("appended-capture", what)
        self._lost = None
        self._begin(layout)
        return Taken(None, start + FILE_HEADER, 0)

    def _describe(self, buffer: Octets, start: int, layout: Layout) -> str:
        """What is wrong at ``start``, where it is plain."""
        captured = 0
        if start + layout.header <= len(buffer):
            captured = layout.words(buffer, start)[2]
        if captured > layout.limit:
            return (
                f"the record says that {captured} bytes were captured, more than the {layout.limit} possible"
            )
        if captured:
            return f"the record says that {captured} bytes were captured, which runs over the end of the file"
        return "what stands here is not a record"

    def _stop(self, buffer: Octets, start: int, layout: Layout, place: Place) -> None:
        """Say why frames end at ``start``."""
        left = len(buffer) - start
        if not place.cut:
            place.bytes += left
            place.what += "; no whole record was found after it"
            self.problems.lose("damaged-record", place)
            return
        # All zeros may as well be the rest of a hole, but a cut is what a reader can do something about.
        whole = layout.header + (layout.words(buffer, start)[2] if left >= layout.header else 0)
        missing = f"{'' if left >= layout.header else 'at least '}{whole - left}"
        frame = self.problems.packets + 1
        self.problems.add("truncated-file", f"frame {frame} is cut: {missing} bytes of it are missing")
