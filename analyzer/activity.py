"""When each host sent something: what a flow's first and last packet cannot tell, the silence inside it.

Of every host the first and the last packet it sent in each span of time are kept, so a silence longer than
two spans is seen whole, to the nanosecond, at the cost of a few numbers for each host and span. Where that
would be too much the spans are made longer: then a shorter silence is not seen, and none is ever made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analyzer.picking import Want
from analyzer.tables import Kind, Packets

SPAN: Final = 4_000_000_000
"""The shortest span, ns: less than half of the shortest silence that anybody asks for."""
MARKS: Final = 1 << 20
"""Spans kept of all hosts together, 48 bytes each."""
LONGEST: Final = SPAN << 9
"""The longest span, ns, half an hour."""
_SLOTS: Final = 1 << 16

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Silence:
    """A host sent nothing from after ``begin`` until ``end`` (ns); the frames are those of its two packets.

    ``frame_after`` is 0 where it sent nothing more: then ``end`` is the end of the capture.
    """

    begin: int
    end: int
    frame_before: int
    frame_after: int

    @property
    def length(self) -> int:
        """How long it lasted, ns."""
        return self.end - self.begin


class Activity:
    """The marks of consecutive frames. ``end`` is the latest time seen, ns."""

    def __init__(self, limit: int = MARKS) -> None:
        self.limit = limit
        self.span = SPAN
        self.end = 0
        self._parts: list[Array] = []
        self._held = 0
        self._order: tuple[Array, Array] | None = None
        self._hosts: dict[tuple[int, int, int], Array] = {}

    @staticmethod
    def wants(packets: Packets) -> Want:
        """The first and the last packet of each host in each span."""
        rows = _marks(packets, SPAN)
        return Want(rows, np.zeros(len(rows), np.int64))

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        columns = packets.columns
        if not len(columns["time"]):
            return
        self.end = max(self.end, int(columns["time"].max()))
        rows = _marks(packets, self.span)
        part = np.zeros(len(rows), _MARK)
        for name in ("version", "src_hi", "src_lo", "time", "frame"):
            part[name] = columns[name][rows]
        self._parts.append(part)
        self._order = None
        self._hosts.clear()
        self._held += len(part)
        if self._held > 2 * self.limit:
            self._shrink()

    def _shrink(self) -> None:
        """Bring the marks below the limit, by longer spans if need be."""
        while True:
            part = np.concatenate(self._parts)
            spans = part["time"] // self.span
            order = np.lexsort((part["time"], spans, part["src_lo"], part["src_hi"], part["version"]))
            part, spans = part[order], spans[order]
            fresh = np.ones(len(part), bool)
            fresh[1:] = spans[1:] != spans[:-1]
            for name in ("version", "src_hi", "src_lo"):
                fresh[1:] |= part[name][1:] != part[name][:-1]
            last = np.ones(len(part), bool)
            last[:-1] = fresh[1:]
            part = part[fresh | last]
            self._parts, self._held = [part], len(part)
            if self._held <= self.limit:
                return
            if self.span >= LONGEST:
                # More hosts than marks: whole hosts go, of which nothing is said then.
                places = np.flatnonzero(_first_of_host(part))
                self._parts = [part[: places[places <= self.limit][-1]]]
                self._held = len(self._parts[0])
                return
            self.span *= 2

    def silences(self, address: tuple[int, int, int], least: int) -> list[Silence]:
        """The silences of a host of ``least`` ns or more, in order; the last one may reach the end.

        Only those longer than two spans are sure to be there.
        """
        marks = self._of_host(address)
        if not len(marks):
            return []
        times = np.append(marks["time"], self.end)
        frames = np.append(marks["frame"], 0)
        return [
            Silence(*(int(value) for value in (times[at], times[at + 1], frames[at], frames[at + 1])))
            for at in np.flatnonzero(np.diff(times) >= least)
        ]

    def _of_host(self, address: tuple[int, int, int]) -> Array:
        """The marks of a host, in order of time."""
        if address in self._hosts:
            return self._hosts[address]
        if self._order is None:
            part = np.concatenate([np.zeros(0, _MARK), *self._parts])
            mixed = _mix(part["version"], part["src_hi"], part["src_lo"])
            order = np.argsort(mixed, kind="stable")
            self._parts, self._order = [part], (order, mixed[order])
        order, mixed = self._order
        wanted = _mix(*(np.array([one], np.uint64) for one in address))[0]
        begin, end = (int(np.searchsorted(mixed, wanted, side)) for side in ("left", "right"))
        marks = self._parts[0][order[begin:end]]
        for name, one in zip(("version", "src_hi", "src_lo"), address, strict=True):
            marks = marks[marks[name] == one]
        self._hosts[address] = marks[np.lexsort((marks["frame"], marks["time"]))]
        return self._hosts[address]


def _mix(version: Array, hi: Array, lo: Array) -> Array:
    """One number of an address, mostly another for another."""
    mixed: Array = (hi ^ version) * np.uint64(0x9E3779B97F4A7C15) ^ lo
    return mixed


_MARK: Final = np.dtype(
    [("version", "u1"), ("src_hi", "u8"), ("src_lo", "u8"), ("time", "i8"), ("frame", "i8")]
)


def _first_of_host(part: Array) -> Array:
    first = np.ones(len(part), bool)
    first[1:] = False
    for name in ("version", "src_hi", "src_lo"):
        first[1:] |= part[name][1:] != part[name][:-1]
    return first


def _marks(packets: Packets, span: int) -> Array:
    """Rows of the first and last packet of each host in each span, increasing; some more do no harm."""
    columns = packets.columns
    rows = np.flatnonzero(columns["version"] > 0)
    rows = rows[columns["kind"][rows] != Kind.UNDECODED]
    low, high, spans = columns["src_lo"][rows], columns["src_hi"][rows], columns["time"][rows] // span
    slot = (low ^ (low >> np.uint64(16)) ^ high ^ spans.astype(np.uint64)) & np.uint64(_SLOTS - 1)
    kept = np.zeros(len(rows), bool)
    for step in (slice(None, None, -1), slice(None)):  # what is written last stays: the first, then the last
        table = np.zeros(_SLOTS, np.int64)
        places = np.arange(len(rows))[step]
        table[slot[step]] = places
        chosen = table[slot]
        kept[chosen] = True
        # Another host in the same slot: rare, so all its packets are kept.
        kept |= (low[chosen] != low) | (high[chosen] != high) | (spans[chosen] != spans)
    chosen_rows: Array = rows[kept]
    return chosen_rows
