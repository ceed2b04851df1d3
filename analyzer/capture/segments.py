"""One large capture cut into segments that can be read at the same time, with proof that nothing is lost.

A segment begins where a search for a whole record or block, made somewhere in the middle, found one. That is
a guess: payloads can contain what looks like a record. So each segment is read as if it were a capture of its
own, bounded to its bytes. If all of them end without damage, each ends exactly where the next one begins,
and together they are what one reading would have given. If any does not, the segments do not count.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from analyzer.capture import blocks, pcap, pcapng
from analyzer.capture.capture import WINDOW, Capture, recognise
from analyzer.capture.reader import Reader, Unreadable
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

    def batches(self) -> Iterator[Batch]:
        """The frames of the segment. Raises ``OSError`` where the file cannot be read."""
        reader = self.reader
        buffer, at, final = b"", 0, False
        with open(self.path, "rb", buffering=0) as file:
            file.seek(self.start)
            left = self.stop - self.start
            while not reader.done:
                taken = reader.take(buffer, at, final)
                at = taken.position
                if taken.frames is not None and len(taken.frames["time"]):
                    times = taken.frames["time"]
                    self.packets += len(times)
                    self.bytes += int(taken.frames["wire"].sum())
                    low, high = int(times.min()), int(times.max())
                    self.first = low if self.first is None else min(self.first, low)
                    self.last = high if self.last is None else max(self.last, high)
                    yield Batch(buffer, taken.frames)
                if taken.need and not final:
                    rest = buffer[at:]
                    data = file.read(min(left, max(WINDOW, taken.need - len(rest)))) or b""
                    left -= len(data)
                    final = not data
                    buffer, at = rest + data, 0
        undamaged = not left and not reader.problems.listed()
        self.whole = undamaged and self.ends_as in (None, _state(reader))


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
