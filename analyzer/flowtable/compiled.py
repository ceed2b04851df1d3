"""The flow table with its inner loops compiled: same flows, heads, errors and counters, same merging.

``table.FlowTable`` is the reference. What this one replaces is how a batch is counted: keys in an
open-addressing index instead of a dict of bytes, both directions of a flow side by side in records, heads in
an arena, and the packets that may have copies in a ring. Fragments and ICMP errors are the reference's own.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.flowtable import copies, errors, fast
from analyzer.flowtable.copies import SIGHT
from analyzer.flowtable.index import FACTORS, Index
from analyzer.flowtable.table import HEAD_BYTES, HEADS, LONG_HEAD_BYTES, LONG_HEADS, FlowTable, more
from analyzer.kinds import ordered
from analyzer.room import FEWEST, copied, lines, longer, more_than, shorter
from analyzer.tables import FLOWS, TCP, Columns, Heads, Packets, Undecoded

Array = np.ndarray[Any, Any]

END: Final = np.dtype(
    [
        *((name, "i8") for name in ("packets", "bytes", "payload")),
        *((name, "i8") for name in ("first_frame", "last_frame", "first_time", "last_time")),
        ("head", "i4"),
        ("heads", "u1"),
        ("flags", "u1"),
        ("few", "u2"),
    ],
    align=True,
)
"""One direction of a flow, in one line of a processor's cache: what every packet changes. ``head`` is 1 + the
place of its first head, ``few`` has the counts of RARE as far as they are small."""

RARE: Final = np.dtype([(name, "i8") for name in ("duplicates", "syn", "synack", "rst")])
"""The rest of it: what few packets change, and then not even this but for every eighth of them."""

KEPT: Final = np.dtype(
    [
        *((name, "i8") for name in ("frame", "time", "wire", "slot", "at")),
        ("size", "i4"),
        ("following", "i4"),
    ],
    align=True,
)
"""One head: ``at`` is where its bytes begin in the arena, ``following`` 1 + the place of the next."""

FIRST_ROOM: Final = 1 << 16
ROOM: Final = 1 << 26
"""Octets that there is room for in the arena at first, and once that is full. It is the largest of the
arrays, and copying it costs more than filling it.
"""
BLOCK: Final = 1 << 16
"""Flows copied at a time out of a table that is spent."""
CHAINS: Final = 4096
"""Chains of packets that may be copies of each other: some times as many as are looked at together."""
REASONS: Final = 256
"""Numbers that a Reason may have."""

SIDES: Final = ("version", "transport", "a_hi", "a_lo", "b_hi", "b_lo", "a_port", "b_port")
"""The columns of FLOWS that tell the ends of a flow."""

_RARELY: Final = RARE.names or ()
_TYPES: Final = {column.name: column.dtype for column in FLOWS.columns}

_LONGER: Final = np.zeros(2 << 16, "u1")
for _transport, _port in LONG_HEADS:
    _LONGER[(_transport == TCP) << 16 | _port] = 1


class CompiledTable(FlowTable):
    """A FlowTable that counts in compiled code."""

    def __init__(self) -> None:
        self._used = np.zeros(4, "i8")
        """Heads kept, bytes of the arena that they take, wide keys of the index, and sights in all."""
        super().__init__()
        self._index = Index()
        self._rows = self._index  # type: ignore[assignment]
        self._records, self._rares = lines(END, 0), lines(RARE, 0)
        self._ends = self._views()
        self._kept = np.zeros(0, KEPT)
        self._arena = np.zeros(0, "u1")
        self._owners = np.zeros(0, "i8")
        self._stopped = np.zeros((2, REASONS), "i8")
        self._few = self._more = False
        """Whether records count what is rare, and whether rares count what their records do not know of."""

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        columns = packets.columns
        size = len(columns["frame"])
        if not size:
            return
        self._reach(int(columns["frame"][0]), int(columns["frame"][-1]))
        # The first frames of the table are counted by themselves: their sights are kept.
        leading = min(max(self._begin + copies.DUPLICATE_FRAMES - int(columns["frame"][0]), 0), size)
        if size > len(self._owners):
            self._owners = np.empty(size, "i8")
        fragments = False
        if leading:
            fragments = self._count(packets, 0, leading)
            back = self._back
            self._front = np.concatenate((self._front, back[back["frame"] >= columns["frame"][0]]))
        fragments |= self._count(packets, leading, size)
        if fragments:
            owners = self._owners[:size]
            members = np.flatnonzero(owners >= 0)
            self._add_fragments(columns, members, owners[members] >> 1)
        errors.add(self._errors, packets)
        self._fragments.sweep(self._last)

    def _count(self, packets: Packets, at: int, until: int) -> bool:
        """Count the packets from ``at`` to ``until``; whether there are fragments."""
        index, any_fragments = self._index, False
        self._few = True
        limits = (
            HEADS,
            HEAD_BYTES,
            LONG_HEAD_BYTES,
            copies.DUPLICATE_FRAMES,
            copies.DUPLICATE_CANDIDATES,
            copies.DUPLICATE_ELSEWHERE,
            copies.DUPLICATE_IDENTIFIED,
            copies.DUPLICATE_UNIDENTIFIED,
        )
        while at < until:
            self._make_room(index.count + min(until - at, FEWEST), index.wide_count + until - at)
            self._used[2] = index.wide_count
            at, index.count, fragments, stopped = fast.count(
                packets.columns,
                packets.buffer,
                at,
                until,
                index.count,
                index.slots,
                index.keys,
                index.wide_slots,
                index.wide,
                FACTORS,
                self._records,
                self._rares,
                self._opener,
                self._kept,
                self._arena,
                self._sights,
                self._previous,
                self._latest,
                self._used,
                self._stopped,
                self._owners,
                _LONGER,
                limits,
            )
            index.wide_count = int(self._used[2])
            any_fragments |= fragments
            if stopped:
                self._tell_stopped()
            if at < until:
                self._head_room(1, LONG_HEAD_BYTES)
        return any_fragments

    def _tell_stopped(self) -> None:
        counts, frames = self._stopped
        for reason in np.flatnonzero(counts).tolist():
            some = Undecoded(int(counts[reason]), int(frames[reason]))
            self._undecoded[reason] = more(self._undecoded.get(reason), some)
        counts[:] = 0

    @property
    def _back(self) -> Array:
        """The latest sights, of DUPLICATE_FRAMES frames: what the next packets are compared with. A copy."""
        number = int(self._used[3])
        latest = np.arange(max(number - fast.RING, 0) + 1, number + 1) & fast.RING - 1
        sights = self._sights[latest]
        near: Array = sights[sights["frame"] > sights["frame"][-1:] - copies.DUPLICATE_FRAMES]
        return near

    @_back.setter
    def _back(self, sights: Array) -> None:
        self._sights, self._previous = np.zeros(fast.RING, SIGHT), np.zeros(fast.RING, "u8")
        self._latest = np.zeros(CHAINS, "u8")
        copied(self._sights[1:], np.ascontiguousarray(sights), len(sights))
        fast.recall(self._sights, self._previous, self._latest, FACTORS, len(sights))
        self._used[3] = len(sights)

    def _make_room(self, rows: int, wide: int = 0) -> None:
        if rows > len(self._opener):
            room = more_than(len(self._opener), rows, FEWEST)
            self._opener = longer(self._opener, len(self._opener), room)
            self._fragments_of = longer(self._fragments_of, len(self._fragments_of), room)
            self._records, self._rares = (
                copied(lines(array.dtype, 2 * room), array, len(array))
                for array in (self._records, self._rares)
            )
            self._ends = self._views()
        self._index.room(rows, wide)

    def _head_room(self, heads: int, octets: int) -> None:
        """Room for more heads of more bytes."""
        kept, held, *_ = self._used.tolist()
        if kept + heads > len(self._kept):
            self._kept = longer(self._kept, kept, more_than(kept, kept + heads, FEWEST))
        if held + octets > len(self._arena):
            least = ROOM if len(self._arena) else FIRST_ROOM
            self._arena = longer(self._arena, held, more_than(held, held + octets, least))

    def _views(self) -> dict[str, Array]:
        return {name: (self._rares if name in _RARELY else self._records)[name] for name in self._ends}

    def merge(self, later: FlowTable) -> None:
        """Take in ``later``, a compiled table whose frames begin right after ours. It is used up by that."""
        assert isinstance(later, CompiledTable)
        for table in (self, later):
            table.settle()
        super().merge(later)

    def settle(self) -> None:
        """Count in whole columns: until more packets come they hold all that there is."""
        if self._few:
            fast.settle(self._records[: 2 * self._index.count], self._rares)
        self._few, self._more = False, True

    def _rows_of(self, wanted: Any, openers: Array) -> Array:
        """Rows of the keys of a later table's index."""
        before = self._index.count
        self._make_room(before + len(wanted))
        rows = self._index.add(wanted.words())
        new = np.flatnonzero(rows >= before)
        self._opener[rows[new]] = openers[new]
        return rows

    def _merge_heads(self, later: FlowTable, slots: Array) -> None:
        assert isinstance(later, CompiledTable)
        heads, octets, *_ = later._used.tolist()
        self._head_room(heads, octets)
        fast.merge_heads(
            self._records,
            self._kept,
            self._arena,
            self._used,
            HEADS,
            np.ascontiguousarray(slots, "i8"),
            later._kept,
            heads,
            later._arena,
        )

    def _shift_heads(self, frames: int) -> None:
        self._kept["frame"][: int(self._used[0])] += frames

    def __getstate__(self) -> dict[str, Any]:
        """All arrays, cut to what is used. The index and the ring are made again: ``FACTORS`` differ."""
        count = self._index.count
        kept, octets, *_ = self._used.tolist()
        return self.__dict__ | {
            "_index": None,
            "_rows": self._index.words(),
            "_ends": list(self._ends),
            "_records": self._records[: 2 * count],
            "_rares": self._rares[: 2 * count],
            "_opener": self._opener[:count],
            "_fragments_of": self._fragments_of[:count],
            "_kept": self._kept[:kept],
            "_arena": self._arena[:octets],
            "_owners": self._owners[:0],
            "_sights": self._back,
            "_previous": None,
            "_latest": None,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        keys, names = state["_rows"], state["_ends"]
        index = Index()
        index.add(keys)
        self.__dict__.update(state | {"_index": index, "_rows": index, "_ends": dict.fromkeys(names)})
        self._ends = self._views()
        self._back = state["_sights"]

    def _forget(self) -> None:
        super()._forget()
        self._index = Index()
        self._kept, self._arena = np.zeros(0, KEPT), np.zeros(0, "u1")
        self._front = self._back = np.zeros(0, SIGHT)

    def _sides(self, opener: Array) -> Columns:
        columns = {name: np.zeros(len(opener), _TYPES[name]) for name in SIDES}
        fast.sides(self._index.keys[: len(opener)], self._index.wide, opener, columns)
        return columns

    def _directions(self, opener: Array, *, spent: bool) -> Columns:
        count = len(opener)
        columns = {
            f"{name}_{way}": np.zeros(count, ends.dtype)
            for name, ends in self._ends.items()
            for way in ("ab", "ba")
        }
        records, rares = self._records, self._rares
        if spent:
            self._ends, self._records, self._rares = {}, lines(END, 0), lines(RARE, 0)
        for begin in reversed(range(0, count, BLOCK)):
            fast.directions(records, rares, self._more, opener, begin, min(begin + BLOCK, count), columns)
            if spent:
                # From the end on, so that the memory of what was copied goes back at once.
                records, rares = shorter(records, 2 * begin), shorter(rares, 2 * begin)
        return columns

    def _heads_of_flows(self) -> Heads:
        kept = self._kept[: int(self._used[0])]
        slot = kept["slot"] ^ self._opener[kept["slot"] >> 1]
        order = ordered(slot, 2 * self._index.count)
        frame, time, wire, begin, size = (
            kept[name][order] for name in ("frame", "time", "wire", "at", "size")
        )
        return Heads(slot[order], frame, time, wire, begin, size, self._arena[: int(self._used[1])])
