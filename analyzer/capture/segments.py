"""One large capture cut into segments that can be read at the same time, with proof that nothing is lost.

A segment begins where a search for a whole record or block, made somewhere in the middle, found one. That is
a guess: payloads can contain what looks like a record. So each segment is read as if it were a capture of its
own, bounded to its bytes. If all of them end without damage, each ends exactly where the next one begins,
and together they are what one reading would have given. If any does not, the segments do not count.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, cast

from analyzer.capture import blocks, pcap, pcapng
from analyzer.capture.capture import Capture, recognise
from analyzer.capture.reader import Reader, Taken, Unreadable
from analyzer.capture.source import Raw
from analyzer.capture.windows import WINDOW
from analyzer.tables import Batch

SEARCHED: Final = 1 << 20
"""Bytes looked at for the beginning of a segment."""
CHAIN: Final = 32
"""Records that have to follow each other there, as far as they lie within the bytes looked at."""


@dataclass(slots=True)
class Segment:
    """Bytes ``start`` to ``stop`` of the capture at ``path``; ``reader`` stands where they begin.

    ``packets``, ``bytes``, ``first``, ``last`` are those of a Capture, complete once :meth:`batches` is.
    """

    path: str
    start: int
    stop: int
    reader: Reader
    ends_as: object = None
    """The reader's state that the next segment begins in; None for the last."""
    packets: int = 0
    bytes: int = 0
    first: int | None = None
    last: int | None = None
    whole: bool = False
    """Whether the segment ended where it should, without damage, in the state that the next begins in."""

    @property
    def link_types(self) -> tuple[str, ...]:
        """Those of the interfaces met so far."""
        return self.reader.link_types

    @property
    def filters(self) -> tuple[str, ...]:
        """Capture filters that the file states."""
        return self.reader.filters

    def batches(self, opened: Callable[[], Raw] | None = None) -> Iterator[Batch]:
        """The frames of the segment, which ``opened`` gives access to where ``path`` is no file's.

        Raises ``OSError`` where the file cannot be read, or ends before the segment does; and what else
        ``opened`` raises.
        """
        reader = self.reader
        buffer, at, final = b"", 0, False
        with closing(_file(self.path) if opened is None else opened()) as raw:
            file = cast("Any", raw)
            file.seek(self.start)
            left = self.stop - self.start
            while not reader.done:
                taken = reader.take(buffer, at, final)
                at = taken.position
                if taken.frames is not None and len(taken.frames["time"]):
                    self._count(taken)
                    yield Batch(buffer, taken.frames)
                if taken.need and not final:
                    rest = buffer[at:]
                    data = file.read(min(left, max(WINDOW, taken.need - len(rest)))) or b""
                    if left and not data:
                        raise OSError(f"it ended at byte {self.stop - left}, before byte {self.stop}")
                    left -= len(data)
                    final = not data
                    buffer, at = rest + data, 0
        undamaged = not left and not reader.problems.listed()
        self.whole = undamaged and self.ends_as in (None, _state(reader))

    def _count(self, taken: Taken) -> None:
        frames = taken.frames
        assert frames is not None
        self.packets += len(frames["time"])
        self.bytes += int(frames["wire"].sum())
        times = frames["time"] if taken.stamped is None else frames["time"][taken.stamped]
        if len(times):
            low, high = int(times.min()), int(times.max())
            self.first = low if self.first is None else min(self.first, low)
            self.last = high if self.last is None else max(self.last, high)

    def rest(self, size: int, before: int) -> Segment:
        """What follows this segment, which was whole, up to ``size``, the capture's end.

        ``before`` is the number of frames before it: what its reader says of problems counts on from there.
        """
        self.reader.done, self.reader.problems.packets = False, before
        return Segment(self.path, self.stop, size, self.reader)


def cut(capture: Capture, most: int) -> list[Segment]:
    """At most ``most`` segments of ``capture``; none where it cannot be cut: compressed, remote, or odd."""
    size = capture.size
    if size is None or most < 2 or not os.path.isfile(capture.path):
        return []
    try:
        with open(capture.path, "rb", buffering=0) as file:
            head = file.read(WINDOW)
            reader = recognise(head)
            if reader is None or isinstance(reader, str):
                return []
            begin = reader.take(head, 0, False).position
            starts = [begin]
            for number in range(1, most):
                guess = max(size * number // most, starts[-1] + WINDOW)
                file.seek(guess)
                found = _beginning(file.read(SEARCHED), reader)
                if found is not None and guess + found < size:
                    starts.append(guess + found)
    except (OSError, Unreadable):
        return []
    if reader.problems.listed() or reader.done or len(starts) < 2:
        return []
    fresh = recognise(head)
    if fresh is None or isinstance(fresh, str):
        return []
    state, bounds = _state(reader), [*starts[1:], size]
    reader.problems.packets = 0
    readers = [fresh, *(copy.deepcopy(reader) for _ in starts[1:])]
    return [
        Segment(capture.path, start, stop, one, None if stop == size else state)
        for start, stop, one in zip([0, *starts[1:]], bounds, readers, strict=True)
    ]


def piece(capture: Capture, number: int, count: int) -> Segment | None:
    """Segment ``number``, from 0, of the ``count`` of about one size that ``capture`` is cut into.

    It is found without the others, so that each may be found and read elsewhere: together they are the
    whole capture. One in which no record begins is empty, its bytes belong to the one before. None where
    the capture cannot be cut: compressed, without random access, damaged at its head, or odd. Raises
    ``OSError`` where it cannot be read, and whatever its file system raises.
    """
    size = capture.size
    if size is None or count < 2 or size < count:
        return None
    with closing(capture.open()) as raw:
        file = cast("Any", raw)
        try:
            head = file.read(min(WINDOW, size // count + 1))
            reader = recognise(head)
            if reader is None or isinstance(reader, str):
                return None
            reader.take(head, 0, False)
            # A server that knows no ranges says so when it is asked for one.
            file.seek(0)
        except (Unreadable, ValueError, AttributeError):
            return None
        if reader.problems.listed() or reader.done:
            return None

        owner, start = _next(file, size, number, count, reader) if number else (0, 0)
        if owner != number:
            return Segment(capture.path, start, start, reader, whole=True)
        _, stop = _next(file, size, number + 1, count, reader)
    state = _state(reader)
    reader.problems.packets = 0
    if not number:
        fresh = recognise(head)
        assert fresh is not None
        assert not isinstance(fresh, str)
        reader = fresh
    return Segment(capture.path, start, stop, reader, None if stop == size else state)


def _next(file: Any, size: int, number: int, count: int, reader: Reader) -> tuple[int, int]:
    """The first of ``count`` pieces, from ``number`` on, in which a record begins, and where."""
    for later in range(number, count):
        guess = size * later // count
        file.seek(guess)
        found = _beginning(file.read(min(SEARCHED, size // count)), reader)
        if found is not None:
            return later, guess + found
    return count, size


def _file(path: str) -> Raw:
    return cast("Raw", open(path, "rb", buffering=0))


def _state(reader: Reader) -> object:
    """What a reader knows that the frames behind depend on."""
    if isinstance(reader, pcapng.PcapngReader):
        return reader.section
    return "one file header"


def _beginning(piece: bytes, reader: Reader) -> int | None:
    """Where in ``piece`` a record or block begins that others follow."""
    if isinstance(reader, pcap.PcapReader):
        layout = reader.layout
        found = pcap.search(piece, 0, layout, None) if layout is not None else None
        if found is None or layout is None:
            return None
        positions, _, why, _ = pcap.walk(piece, found, layout, CHAIN, False)
        return found if why != pcap.DAMAGED and len(positions) > 1 else None
    assert isinstance(reader, pcapng.PcapngReader)
    found = blocks.search(piece, 0, reader.section[0])
    if found is None:
        return None
    positions, _, why, _ = blocks.walk(piece, found, reader.section[0], CHAIN)
    return found if why in (blocks.FULL, blocks.SHORT) and len(positions) > 1 else None
