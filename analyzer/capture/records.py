"""The records of a pcap file: stepping from one to the next, and finding the next one past damage.

A pcap record has no mark of its own: where one ends, the next is believed to begin. So each is looked at for
what a writer hardly ever does (:data:`LENGTHS`, :data:`FRACTION`, :data:`EMPTY`, :data:`TIME`). One that does
is doubted, and counts only if the records behind it fit.
Layouts are those of draft-ietf-opsawg-pcap, "PCAP Capture File Format".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from analyzer.capture.reader import MAX_BLOCK, MAX_FRAME, RESYNC_RANGE, Array, Octets, Unreadable

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
"""Seconds between two records that may follow each other without one of them being doubted."""

LENGTHS, FRACTION, EMPTY, TIME = 1, 2, 4, 8
"""What is odd about a record: it holds another length than the wire's although the snapshot length does not
tell why; its fraction is a second or more; it holds nothing; it lies days away from the one before.
"""
ALLOWED: Final = 2
"""Oddities of one record that may be the way of its writer: devices have odd clocks, and cut what they like.
"""
PROOF: Final = 2
"""Records that have to follow a doubted one, or one found past damage while no time is known."""
FAR_PROOF: Final = 1024
"""The same for one found past damage that lies days away from what the clock said before. A clock may have
been set, but what a damaged gzip file gives, and payloads with captures in them, look like records as well.
"""
FAR_BYTES: Final = 1 << 20
"""Bytes within which they are looked for. So many bytes of FEW_FAR records are enough."""
FEW_FAR: Final = 32
SLACK: Final = 32
"""Bytes that a record may be longer or shorter than it says: FTP in text mode adds one to each line feed."""
REACH: Final = RESYNC_RANGE + FAR_BYTES + 2 * (FILE_HEADER + MAX_FRAME)
"""Bytes from damage on that :func:`search` may look at."""


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
        self.ticks = 10**9 if self.nano else 10**6
        self.header = 24 if magic == MODIFIED else 16
        # The upper half tells the length of a frame check sequence and is no part of the link type.
        self.link_type = network & 0xFFFF
        self.snaplen = snaplen
        self.limit = snaplen if MAX_FRAME < snaplen <= MAX_BLOCK else MAX_FRAME
        self.words = struct.Struct(self.order + "IIII").unpack_from

    def __getstate__(self) -> dict[str, object]:
        """Without what cannot travel to another process."""
        return {name: value for name, value in self.__dict__.items() if name != "words"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.words = struct.Struct(self.order + "IIII").unpack_from


FULL, SHORT, DAMAGED, DOUBTED = "full", "short", "damaged", "doubted"


def walk(
    buffer: Octets,
    start: int,
    layout: Layout,
    rows: int,
    final: bool,
    near: int | None = None,
    doubts: int = 0,
    sure: int = -1,
) -> tuple[list[int], int, str, int]:
    """Step over whole records from ``start`` on.

    Returns the records' positions, the position come to, why it stopped there (``FULL``: ``rows`` records;
    ``SHORT``: the next record is not whole; ``DAMAGED``: what stands there is no record; ``DOUBTED``: it is
    odd in one of ``doubts``), and the bytes that the next record takes where it is short. ``near`` is the
    time of the record before (seconds), ``sure`` the position of a record that is not to be doubted.
    """
    words = layout.words
    header, limit, end = layout.header, layout.limit, len(buffer)
    positions: list[int] = []
    step = positions.append
    position = start
    while len(positions) < rows:
        if position + header > end:
            return positions, position, SHORT, header
        seconds, fraction, captured, wire = words(buffer, position)
        if captured > limit:
            return positions, position, DAMAGED, 0
        if not captured and not any(buffer[position : position + header]):
            if position + ZERO_RUN > end and not final:
                return positions, position, SHORT, ZERO_RUN
            if not any(buffer[position : position + ZERO_RUN]):
                return positions, position, DAMAGED, 0
        if position != sure and doubts & _odd(seconds, fraction, captured, wire, layout, near):
            return positions, position, DOUBTED, 0
        following = position + header + captured
        if following > end:
            return positions, position, SHORT, header + captured
        step(position)
        near, position = seconds, following
    return positions, position, FULL, 0


def _odd(seconds: int, fraction: int, captured: int, wire: int, layout: Layout, near: int | None) -> int:
    """What is odd about a record with these words behind one at ``near`` (seconds; None: not known)."""
    return (
        LENGTHS * (captured not in (wire, layout.snaplen))
        | FRACTION * (fraction >= layout.ticks)
        | EMPTY * (not captured)
        | TIME * (near is not None and abs(seconds - near) > DAY)
    )


def oddities(buffer: Octets, position: int, layout: Layout, near: int | None) -> int:
    """What is odd about the record at ``position``, of which the header lies within ``buffer``."""
    seconds, fraction, captured, wire = layout.words(buffer, position)
    return _odd(seconds, fraction, captured, wire, layout, near)


def proven(
    buffer: Octets,
    position: int,
    layout: Layout,
    before: int | None,
    near: int | None,
    usual: int,
    final: bool,
) -> int | None:
    """Whether the doubted record at ``position`` is one: 0 for yes, None for no, else the bytes needed.

    It is if PROOF records follow it, as far as the file goes, and none is odd in more than two respects;
    ``usual`` ones do not count. ``before`` is the time of the record before, ``near`` that of earlier ones.
    """
    start, clock = position, before
    for number in range(PROOF + 1):
        if position + layout.header > len(buffer):
            return 0 if final else position + layout.header - start
        seconds, _, captured, _ = words = layout.words(buffer, position)
        odd = oddities(buffer, position, layout, clock) & ~usual
        if odd & TIME and near is not None and abs(seconds - near) <= DAY:
            odd &= ~TIME
        if captured > layout.limit or odd.bit_count() > ALLOWED or not any(words):
            if number and position + FILE_HEADER > len(buffer) and not final:
                return position + FILE_HEADER - start
            return 0 if number and appended(buffer, position) else None
        clock = seconds
        position += layout.header + captured
    return 0


def appended(buffer: Octets, position: int) -> Layout | None:
    """The layout of another file's header at ``position``; None where there is none."""
    head = bytes(buffer[position : position + FILE_HEADER])
    if len(head) < FILE_HEADER or head[:4] not in MAGICS:
        return None
    try:
        layout = Layout(head)
    except Unreadable:
        return None
    # Nobody ever wrote an accuracy of time stamps but 0 (section 4 of the draft), or another minor version.
    minor, accuracy = struct.unpack_from(layout.order + "6xH4xI", head)
    return layout if minor in (3, 4) and not accuracy else None


def search(
    buffer: Octets, start: int, layout: Layout, near: int | None, usual: int = 0
) -> tuple[int, Layout | None] | None:
    """Where, after ``start``, records go on: at the first that others follow (or that ends with the buffer).

    Returns the position, and the layout of another file's header where that stands there; None where there
    is nothing within RESYNC_RANGE. Plausible are lengths that agree and a valid fraction of a second. One
    other has to follow a record within a day of ``near`` (seconds), many one that is not: a clock may have
    been set. Looks ahead in growing pieces, so that near finds are quick.
    """
    begin, piece = start + 1, 1 << 12
    last = min(start + RESYNC_RANGE, len(buffer) - layout.header + 1)
    dead = DeadEnds()
    while begin < last:
        stop = min(begin + piece, last)
        heads = _headers(buffer, begin, stop)
        records = _candidates(buffer, begin, stop, layout, usual)
        for candidate in sorted([*records, *heads]):
            if candidate in heads:
                return candidate, heads[candidate]
            if _followed(buffer, candidate, layout, near, usual, dead):
                return candidate, None
        dead.forget(stop)
        begin, piece = stop, min(piece * 8, 1 << 18)
    return None


class DeadEnds:
    """Records that others follow, up to what is none. Without it a file made for that would have each of a
    million places lead through the same thousand records."""

    def __init__(self) -> None:
        self._ends: dict[int, tuple[int, int]] = {}
        """Where a record stands → where that is which is none, and how many records on."""

    def add(self, passed: Sequence[int], end: int, count: int) -> None:
        """The first of the records ``passed`` has what is none at ``end``, ``count`` records on."""
        self._ends |= {one: (end, count - before) for before, one in enumerate(passed)}

    def meets(self, passed: Sequence[int], position: int, most: int) -> bool:
        """Whether ``most`` records on from the first one ``passed``, and FAR_BYTES, there is what is none;
        the one at ``position`` comes next."""
        end, left = self._ends.get(position, (0, most + 1))
        count = len(passed) + left
        if count > most or end - (passed or [position])[0] > FAR_BYTES:
            return False
        self.add(passed, end, count)
        return True

    def forget(self, before: int) -> None:
        """Keep none that stands ``before``."""
        self._ends = {one: end for one, end in self._ends.items() if one >= before}


def _followed(
    buffer: Octets, position: int, layout: Layout, near: int | None, usual: int, dead: DeadEnds
) -> bool:
    """Whether enough records follow the one at ``position``, which is plausible by itself.

    ``dead`` is what earlier calls found, and is added to.
    """
    start, end = position, len(buffer)
    passed: list[int] = []
    clock = layout.words(buffer, position)[0]
    wanted, cut = PROOF, 2
    if near is not None and not usual & TIME:
        wanted, cut = (1, 1) if abs(clock - near) <= DAY else (FAR_PROOF, FEW_FAR)
    for number in range(wanted + 1):
        if position + layout.header > end:
            break
        seconds, _, captured, _ = words = layout.words(buffer, position)
        odd = oddities(buffer, position, layout, clock) & ~usual
        if captured > min(layout.limit, MAX_FRAME) or odd & ~EMPTY or not any(words):
            if appended(buffer, position) is not None:
                return number >= min(cut, PROOF)
            dead.add(passed, position, number)
            return wanted == number == 1 and _about(buffer, start, position, layout, clock, usual)
        if wanted == FAR_PROOF and dead.meets(passed, position, wanted):
            return False
        passed.append(position)
        clock = seconds
        position += layout.header + captured
        if position > end:
            break
        if position - start > FAR_BYTES:
            return number + 1 >= min(wanted, FEW_FAR)
    else:
        return True
    # The file ends, with a record's last byte or inside one. One alone is not believed where much would fit.
    if wanted == FAR_PROOF or usual & LENGTHS:
        return number >= (PROOF if position == end else max(cut, PROOF))
    return position == end or number >= cut


def inside(
    buffer: Octets, end: int, layout: Layout, near: int | None, usual: int
) -> tuple[list[int], int] | None:
    """Records that begin inside the one that ``buffer`` begins with, which ends at ``end`` as it says.

    It is shorter than it says if records follow each other from inside of it until behind its end. Returns
    their positions and where the last ends; None where it is not. Only near its time (``near``): a frame may
    hold a capture of its own, of which hardly a record ends where the frame does.
    """
    if near is None:
        return None
    dead: set[int] = set()
    """Where those stand that lead nowhere."""
    for candidate in _candidates(buffer, layout.header, end, layout, usual):
        positions, clock, position = [], near, candidate
        while position < end and position + layout.header <= len(buffer):
            seconds, _, captured, _ = layout.words(buffer, position)
            odd = oddities(buffer, position, layout, clock) & ~usual
            if captured > MAX_FRAME or odd or position in dead:
                break
            positions.append(position)
            clock, position = seconds, position + layout.header + captured
        if positions and position == len(buffer):
            return positions, position
        if end < position <= len(buffer) - layout.header:
            follows = layout.words(buffer, position)
            odd = oddities(buffer, position, layout, clock) & ~usual & ~EMPTY
            if follows[2] <= layout.limit and not odd and any(follows):
                return positions, position
        dead.update(positions)
    return None


def _about(buffer: Octets, start: int, position: int, layout: Layout, near: int, usual: int) -> bool:
    """Whether a record begins about ``position``, at ``near``: bytes of the one at ``start`` were lost or
    added."""
    begin, stop = max(position - SLACK, start + layout.header), min(position + SLACK, len(buffer))
    around = _candidates(buffer, begin, stop, layout, usual)
    return any(abs(layout.words(buffer, one)[0] - near) <= DAY for one in around)


def _headers(buffer: Octets, begin: int, stop: int) -> dict[int, Layout]:
    """Other files' headers from ``begin`` up to ``stop``."""
    piece = bytes(buffer[begin : stop + 3])
    found: dict[int, Layout] = {}
    for magic in MAGICS:
        at = piece.find(magic)
        while at >= 0:
            layout = appended(buffer, begin + at)
            if layout is not None and _headed(buffer, begin + at + FILE_HEADER, layout):
                found[begin + at] = layout
            at = piece.find(magic, at + 1)
    return found


def _headed(buffer: Octets, position: int, layout: Layout) -> bool:
    """Whether a first record at ``position`` goes with a file header before it."""
    if position + layout.header > len(buffer):
        return position == len(buffer)
    captured: int = layout.words(buffer, position)[2]
    if not oddities(buffer, position, layout, None):
        return captured <= layout.limit
    if position + layout.header + captured > len(buffer):
        return False
    return proven(buffer, position, layout, None, None, 0, True) == 0


def _candidates(buffer: Octets, begin: int, stop: int, layout: Layout, usual: int) -> list[int]:
    """Positions from ``begin`` up to ``stop`` whose record header is plausible by itself."""
    if not np.frombuffer(buffer, "u1", min(stop + 15, len(buffer)) - begin, begin).any():
        return []  # a hole
    found: list[int] = []
    most = min(layout.limit, MAX_FRAME)
    for shift in range(4):
        count = (min(stop + 15, len(buffer)) - begin - shift) // 4
        if count < 4:
            continue
        words: Array = np.frombuffer(buffer, layout.order + "u4", count, begin + shift).astype("u4")
        # 0 wraps round: it is no length.
        rows = np.flatnonzero(words[2 : count - 1] - np.uint32(1) < most)
        fraction, captured, wire = (words[rows + k] for k in (1, 2, 3))
        good = np.ones(len(rows), bool)
        if not usual & FRACTION:
            good &= fraction < layout.ticks
        if not usual & LENGTHS:
            good &= (captured == wire) | ((captured == layout.snaplen) & (wire <= MAX_FRAME))
        found += (rows[good] * 4 + begin + shift).tolist()
    return sorted(position for position in found if position < stop)
