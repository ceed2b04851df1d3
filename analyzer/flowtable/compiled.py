"""The flow table with its inner loops compiled: same flows, heads, errors and counters, same merging.

``table.FlowTable`` is the reference. What this one replaces is how a batch is counted: keys in an
open-addressing index instead of a dict of bytes, both directions of a flow side by side in one record, heads
in an arena. Fragments, ICMP errors and the sights kept for a merge are the reference's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from analyzer.flowtable import copies, fast
from analyzer.flowtable import keys as key
from analyzer.flowtable.copies import SIGHT
from analyzer.flowtable.table import HEAD_BYTES, HEADS, LONG_HEAD_BYTES, LONG_HEADS, FlowTable
from analyzer.kinds import ordered
from analyzer.tables import TCP, Columns, Heads, Packets

Array = np.ndarray[Any, Any]

WORDS: Final = np.dtype([(name, "u8") for name in ("hi0", "lo0", "hi1", "lo1", "ports", "what")])
"""A KEY in whole words: ``port0 << 16 | port1`` and ``transport << 16 | version << 8 | ported``."""

END: Final = np.dtype(
    [
        *((name, "i8") for name in ("packets", "bytes", "payload", "duplicates", "syn", "synack", "rst")),
        *((name, "i8") for name in ("first_frame", "last_frame", "first_time", "last_time")),
        ("head", "i4"),
        ("heads", "u1"),
        ("flags", "u1"),
    ],
    align=True,
)
"""One direction of a flow; ``head`` is 1 + the place of its first head."""

KEPT: Final = np.dtype(
    [
        *((name, "i8") for name in ("frame", "time", "wire", "slot", "at")),
        ("size", "i4"),
        ("following", "i4"),
    ],
    align=True,
)
"""One head: ``at`` is where its bytes begin in the arena, ``following`` 1 + the place of the next."""

FEWEST: Final = 256
LEAPS: Final = 1 << 18
"""Up to so many items an array becomes four times as long: what growing costs are the pages that it touches
anew, and of the room ahead none is touched before it is used. Beyond, twice.
"""
FIRST_ROOM: Final = 1 << 16
ROOM: Final = 1 << 26
"""Octets that there is room for in the arena at first, and once that is full. It is the largest of the
arrays, and copying it costs more than filling it.
"""
BLOCK: Final = 1 << 16
"""Flows copied at a time out of a table that is spent."""
CHAINS: Final = 4096
"""Chains of packets that may be copies of each other: some times as many as are looked at together."""

_FACTORS: Final = np.array([int.from_bytes(os.urandom(8)) | 1 for _ in range(13)], "u8")
"""Of the hash. New in every process: nobody can prepare a capture whose flows all share a chain."""

_LONGER: Final = np.zeros(2 << 16, "u1")
for _transport, _port in LONG_HEADS:
    _LONGER[(_transport == TCP) << 16 | _port] = 1


def words(table: Array) -> Array:
    """A KEY table in WORDS."""
    made = np.empty(len(table), WORDS)
    for name in ("hi0", "lo0", "hi1", "lo1"):
        made[name] = table[name]
    made["ports"] = table["port0"].astype("u8") << np.uint64(16) | table["port1"]
    kind = table["version"].astype("u8") << np.uint64(8) | table["ported"]
    made["what"] = table["transport"].astype("u8") << np.uint64(16) | kind
    return made


def table_of(some: Array) -> Array:
    """The KEY table of WORDS."""
    made = np.empty(len(some), key.KEY)
    for name in ("hi0", "lo0", "hi1", "lo1"):
        made[name] = some[name]
    made["port0"], made["port1"] = some["ports"] >> np.uint64(16), some["ports"] & np.uint64(0xFFFF)
    made["transport"] = some["what"] >> np.uint64(16)
    made["version"] = some["what"] >> np.uint64(8) & np.uint64(0xFF)
    made["ported"] = some["what"] & np.uint64(0xFF)
    return made


class Index:
    """KEYs → rows, as a dict of bytes would have it: numbered in the order in which they came."""

    def __init__(self) -> None:
        self.count = 0
        self.keys = np.zeros(0, WORDS)
        self.slots = np.zeros(2, "u8")

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[bytes]:
        return iter(key.as_bytes(self.table()))

    def __contains__(self, one: bytes) -> bool:
        return self.get(one) is not None

    def get(self, one: bytes) -> int | None:
        """The row of a KEY given as bytes."""
        row = np.empty(1, "i8")
        wanted = words(key.as_table([one]))
        fast.find(self.slots, self.keys, self.count, _FACTORS, wanted, row, False)
        return int(row[0]) if row[0] >= 0 else None

    def table(self) -> Array:
        """The KEY of every row."""
        return table_of(self.keys[: self.count])

    def room(self, rows: int) -> None:
        """Make room for as many rows in all."""
        if rows > len(self.keys):
            self.keys = _longer(self.keys, self.count, rows)
        if 2 * rows > len(self.slots):
            self.slots = np.zeros(1 << (2 * rows - 1).bit_length(), "u8")
            fast.rehash(self.slots, self.keys, self.count, _FACTORS)

    def add(self, wanted: Array) -> Array:
        """The row of each of ``wanted`` (WORDS); new ones are numbered on."""
        self.room(self.count + len(wanted))
        rows = np.empty(len(wanted), "i8")
        self.count = fast.find(self.slots, self.keys, self.count, _FACTORS, wanted, rows, True)
        return rows


class CompiledTable(FlowTable):
    """A FlowTable that counts in compiled code."""

    def __init__(self) -> None:
        super().__init__()
        self._index = Index()
        self._rows = self._index  # type: ignore[assignment]
        self._records = np.zeros(0, END)
        self._ends = self._views()
        self._kept = np.zeros(0, KEPT)
        self._arena = np.zeros(0, "u1")
        self._used = np.zeros(2, "i8")
        """Heads kept, and bytes of the arena that they take."""

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        columns = packets.columns
        size = len(columns["frame"])
        if not size:
            return
        self._reach(int(columns["frame"][0]), int(columns["frame"][-1]))
        self._count_undecoded(columns)
        owners, fragments = self._count(packets, size)
        self._sight(columns, owners)
        if fragments:
            members = np.flatnonzero(owners >= 0)
            self._add_fragments(columns, members, owners[members] >> 1)
        self._add_quotes(packets)
        self._fragments.sweep(self._last)

    def _count(self, packets: Packets, size: int) -> tuple[Array, bool]:
        """Count a batch: ``2 * row + way`` of each packet, -1 without flow; whether there are fragments."""
        owners = np.empty(size, "i8")
        index, at, any_fragments = self._index, 0, False
        while True:
            self._make_room(index.count + min(size - at, FEWEST))
            at, index.count, fragments = fast.count(
                packets.columns,
                packets.buffer,
                at,
                index.count,
                index.slots,
                index.keys,
                _FACTORS,
                self._records,
                self._opener,
                self._kept,
                self._arena,
                self._used,
                owners,
                HEADS,
                HEAD_BYTES,
                LONG_HEAD_BYTES,
                _LONGER,
            )
            any_fragments = any_fragments or fragments
            if at == size:
                return owners, any_fragments
            self._head_room(1, LONG_HEAD_BYTES)

    def _sight(self, columns: Columns, owners: Array) -> None:
        """Find copies, and keep the sights at both ends of the table."""
        before, near = len(self._back), copies.DUPLICATE_FRAMES
        sights = np.empty(before + len(owners), SIGHT)
        _copy(sights, self._back, before)
        chains, previous = np.full(CHAINS, -1, "i4"), np.empty(len(sights), "i4")
        total = fast.copies(
            columns,
            owners,
            sights,
            before,
            self._records,
            chains,
            previous,
            _FACTORS,
            near,
            copies.DUPLICATE_CANDIDATES,
            copies.DUPLICATE_ELSEWHERE,
            copies.DUPLICATE_IDENTIFIED,
            copies.DUPLICATE_UNIDENTIFIED,
        )
        sights = sights[:total]
        # A sight a frame at most, in frame order: only the outermost ``near`` can be kept.
        if columns["frame"][0] < self._begin + near:
            self._keep_sights(sights[before : before + near], sights[before:][-near:])
        else:
            latest = sights[-near:]
            self._back = latest[int(np.searchsorted(latest["frame"], self._last - near, "right")) :]

    def _make_room(self, rows: int) -> None:
        if rows > len(self._opener) or 2 * rows > len(self._index.slots):
            room = _more_than(len(self._opener), rows, FEWEST)
            self._index.room(room)
            self._opener = _longer(self._opener, len(self._opener), room)
            self._fragments_of = _longer(self._fragments_of, len(self._fragments_of), room)
            self._records = _longer(self._records, len(self._records), 2 * room)
            self._ends = self._views()

    def _head_room(self, heads: int, octets: int) -> None:
        """Room for more heads of more bytes."""
        kept, held = self._used.tolist()
        if kept + heads > len(self._kept):
            self._kept = _longer(self._kept, kept, _more_than(kept, kept + heads, FEWEST))
        if held + octets > len(self._arena):
            least = ROOM if len(self._arena) else FIRST_ROOM
            self._arena = _longer(self._arena, held, _more_than(held, held + octets, least))

    def _views(self) -> dict[str, Array]:
        return {name: self._records[name] for name in self._ends}

    def _rows_of(self, wanted: Any, openers: Array) -> Array:
        """Rows of the keys of a later table's index."""
        keys = wanted.keys[: wanted.count]
        before = self._index.count
        self._make_room(before + len(keys))
        rows = self._index.add(keys)
        new = np.flatnonzero(rows >= before)
        self._opener[rows[new]] = openers[new]
        return rows

    def _merge_heads(self, later: FlowTable, slots: Array) -> None:
        assert isinstance(later, CompiledTable)
        heads, octets = later._used.tolist()
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
        """All arrays, cut to what is used. The index is made again elsewhere: ``_FACTORS`` differ."""
        count = self._index.count
        kept, octets = self._used.tolist()
        return self.__dict__ | {
            "_index": None,
            "_rows": self._index.keys[:count],
            "_ends": list(self._ends),
            "_records": self._records[: 2 * count],
            "_opener": self._opener[:count],
            "_fragments_of": self._fragments_of[:count],
            "_kept": self._kept[:kept],
            "_arena": self._arena[:octets],
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        keys, names = state["_rows"], state["_ends"]
        index = Index()
        index.add(keys)
        self.__dict__.update(state | {"_index": index, "_rows": index})
        self._ends = {name: self._records[name] for name in names}

    def _forget(self) -> None:
        super()._forget()
        self._index = Index()
        self._kept, self._arena = np.zeros(0, KEPT), np.zeros(0, "u1")
        self._front = self._back = np.zeros(0, SIGHT)

    def _directions(self, opener: Array, *, spent: bool) -> Columns:
        if not spent:
            return super()._directions(opener, spent=False)
        count = len(opener)
        columns = {
            f"{name}_{way}": np.empty(count, ends.dtype)
            for name, ends in self._ends.items()
            for way in ("ab", "ba")
        }
        names, self._ends = list(self._ends), {}
        records, self._records = self._records, np.zeros(0, END)
        for begin in reversed(range(0, count, BLOCK)):
            end = min(begin + BLOCK, count)
            slots = np.arange(2 * begin, 2 * end, 2) + opener[begin:end]
            for way, some in (("ab", slots), ("ba", slots ^ 1)):
                for name in names:
                    columns[f"{name}_{way}"][begin:end] = records[name][some]
            if records.flags.owndata:
                # From the end on, so that the memory of what was copied goes back at once. Nobody else
                # looks at it: the views went first.
                records.resize(2 * begin, refcheck=False)
        return columns

    def _keys(self) -> Array:
        return self._index.table()

    def _heads_of_flows(self) -> Heads:
        kept = self._kept[: int(self._used[0])]
        slot = kept["slot"] ^ self._opener[kept["slot"] >> 1]
        order = ordered(slot, 2 * self._index.count)
        frame, time, wire, begin, size = (
            kept[name][order] for name in ("frame", "time", "wire", "at", "size")
        )
        return Heads(slot[order], frame, time, wire, begin, size, self._arena[: int(self._used[1])])


def _longer(array: Array, used: int, size: int) -> Array:
    """A copy of the first ``used`` items with room for ``size`` in all, the rest zero."""
    made = np.zeros(size, array.dtype)
    _copy(made, array, used)
    return made


def _copy(to: Array, array: Array, count: int) -> None:
    """Copy the first ``count`` items."""
    # As octets: numpy copies records of several fields one field at a time, which takes ten times as long.
    held = count * array.itemsize
    to.view("u1")[:held] = array.view("u1")[:held]


def _more_than(have: int, need: int, least: int) -> int:
    """How large an array of ``have`` items becomes that needs ``need``."""
    return max(least, need, have * (4 if have <= LEAPS else 2))
