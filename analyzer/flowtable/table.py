"""The aggregation: packets become flows, in a table that merges.

Splitting a capture at any frame, filling a table with each part and merging them gives the same
FLOWS, heads, errors and counters as one table of the whole. What makes that true: sums, minima and
maxima are kept per direction of a key with a fixed order of its ends (``keys``), rows are in order of
their first frame because an earlier table's rows stay in front, and the two judgements that look at
neighbouring frames keep the frames near their ends (``copies``, ``fragments``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from analyzer.flowtable import errors, members
from analyzer.flowtable import keys as key
from analyzer.flowtable.copies import DUPLICATE_FRAMES, SIGHT, copies
from analyzer.flowtable.fragments import Fragments
from analyzer.flowtable.members import Stats
from analyzer.kinds import among
from analyzer.tables import (
    FLOWS,
    TCP,
    UDP,
    Columns,
    Flows,
    Head,
    Heads,
    Kind,
    Packets,
    Reason,
    Undecoded,
)

Array = np.ndarray[Any, Any]

HEADS: Final = 4
"""Distinct payload heads kept of each direction of a flow: enough to see past a greeting or a ping."""

HEAD_BYTES: Final = 160
"""Bytes kept of each head: an HTTP or SSDP start line with the headers that matter, a CoAP request."""

LONG_HEAD_BYTES: Final = 512
LONG_HEADS: Final = frozenset({(UDP, 69), (UDP, 1900), (UDP, 3702), (TCP, 443), (TCP, 8081)})
"""``(transport, destination port)`` whose payloads tell what matters late: the options of a TFTP request
(at most 512 bytes, RFC 2347), the product line of an SSDP search, the action of a WS-Discovery message,
the server name of a ClientHello.
"""

_LONG_HEADS: Final = np.array([transport << 16 | port for transport, port in sorted(LONG_HEADS)], np.uint32)
_SUMS: Final = ("packets", "bytes", "payload", "duplicates", "syn", "synack", "rst")
_TIMES: Final = ("first_time", "last_time")
_FEWEST_ROWS: Final = 256


def head_bytes(transport: int, dst_port: int) -> int:
    """How many bytes of a payload to ``dst_port`` a head keeps."""
    return LONG_HEAD_BYTES if (transport, dst_port) in LONG_HEADS else HEAD_BYTES


class FlowTable:
    """Flows of consecutive frames. ``orphan_fragments`` and ``stray_errors`` count what fits no flow."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}
        """KEY of a flow → its row; in row order."""
        self._opener = np.zeros(0, np.uint8)
        """Way of each flow's first packet: its source is A."""
        self._fragments_of = np.zeros(0, np.int64)
        self._ends: Stats = {
            column.name[:-3]: np.zeros(0, column.dtype)
            for column in FLOWS.columns
            if column.name.endswith("_ab")
        }
        """Per direction, at ``2 * row + way``."""
        self._heads: dict[int, list[Head]] = {}
        """``2 * row + way`` → first distinct payload heads."""
        self._full = np.zeros(0, bool)
        """Per direction: HEADS heads are kept, look no further."""
        self._errors: errors.Errors = {}
        self._undecoded: dict[int, Undecoded] = {}
        self._fragments = Fragments(self._give_fragments)
        self._begin = 0
        """First frame, 0 while empty (frames count from 1)."""
        self._last = 0
        self._front = np.zeros(0, SIGHT)
        """The packets of the first and of the last DUPLICATE_FRAMES frames."""
        self._back = np.zeros(0, SIGHT)

    @property
    def count(self) -> int:
        """Flows so far."""
        return len(self._rows)

    @property
    def size(self) -> int:
        """Flows and kinds of ICMP errors so far: what the table's memory grows with."""
        return self.count + len(self._errors)

    @property
    def orphan_fragments(self) -> int:
        """Fragments whose first fragment is not in the capture: in no flow."""
        return self._fragments.seen - int(self._fragments_of[: len(self._rows)].sum())

    @property
    def stray_errors(self) -> int:
        """ICMP errors that quote a packet of no flow in the capture."""
        return errors.strays(self._errors, self._rows)

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        columns = packets.columns
        if not len(columns["frame"]):
            return
        self._reach(int(columns["frame"][0]), int(columns["frame"][-1]))
        kind = columns["kind"]
        self._count_undecoded(columns)
        places = np.flatnonzero((kind == Kind.TRANSPORT) | (kind == Kind.IP) | (kind == Kind.LINK))
        rows, ways = self._add_members(columns, places)
        self._add_heads(packets, places, rows, ways)
        self._add_sights(members.sights(columns, places, rows, ways))
        self._add_fragments(columns, places, rows)
        errors.add(self._errors, packets)
        self._fragments.sweep(self._last)

    def merge(self, later: FlowTable) -> None:
        """Take in ``later``, a table whose frames begin right after ours. It is used up by that."""
        if not later._begin:
            return
        self._reach(later._begin, later._last)
        count = len(later._rows)
        rows = self._rows_of(later._rows, later._opener)
        slots = (rows[:, None] * 2 + np.arange(2)).ravel()
        seen = np.flatnonzero(later._ends["packets"][: 2 * count])
        self._accumulate(slots[seen], {name: array[seen] for name, array in later._ends.items()})
        self._fragments_of[rows] += later._fragments_of[:count]
        self._fragments.merge(later._fragments, rows.tolist())
        self._merge_heads(later, slots)
        self._merge_sights(later, rows)
        errors.merge(self._errors, later._errors)
        for reason, undecoded in later._undecoded.items():
            self._undecoded[reason] = more(self._undecoded.get(reason), undecoded)
        self._fragments.sweep(self._last)

    def shift(self, frames: int) -> None:
        """Count the frames of this table from ``frames`` later on, as if as many lay before them."""
        if not self._begin:
            return
        self._begin += frames
        self._last += frames
        seen = self._ends["packets"] != 0
        for name in ("first_frame", "last_frame"):
            self._ends[name][seen] += frames
        front, back = self._front, self._back
        for sights in (front, back):
            sights["frame"] += frames
        self._front, self._back = front, back
        self._shift_heads(frames)
        self._fragments.shift(frames)
        errors.shift(self._errors, frames)
        self._undecoded = {
            reason: Undecoded(one.count, one.first_frame + frames) for reason, one in self._undecoded.items()
        }

    def flows(self, *, spent: bool = False) -> Flows:
        """The flows so far. The table stays as it is and may grow on.

        Not where it is ``spent``: then it gives up what it holds on the way, so that no flow is there twice.
        """
        count = len(self._rows)
        opener = self._opener[:count]
        columns = self._sides(opener)
        columns["fragments"] = np.zeros(count, "i8")
        if self._fragments.seen:
            columns["fragments"][:] = self._fragments_of[:count]
        heads, undecoded = self._heads_of_flows(), self._undecoded
        quoted = errors.by_row(self._errors, self._rows, opener)
        if spent:
            self._forget()
        columns |= self._directions(opener, spent=spent)
        return Flows(
            {column.name: columns[column.name] for column in FLOWS.columns},
            heads,
            quoted,
            dict(sorted(undecoded.items())),
        )

    def _forget(self) -> None:
        """Give up all but what is known of each direction."""
        self._rows, self._heads, self._errors = {}, {}, {}
        self._fragments = Fragments(_nobody)  # the other one knows this table: neither would go by itself

    def _directions(self, opener: Array, *, spent: bool) -> Columns:
        """The columns of FLOWS that there are of each direction; no more of them is kept if ``spent``."""
        rows = np.arange(len(opener))
        slots = {"ab": rows * 2 + opener, "ba": rows * 2 + (1 - opener)}
        columns = {
            f"{name}_{way}": ends[some] for name, ends in self._ends.items() for way, some in slots.items()
        }
        if spent:
            self._ends = {}
        return columns

    def _sides(self, opener: Array) -> Columns:
        """The columns of FLOWS that tell the ends of each flow."""
        ends, forward = key.as_table(list(self._rows)), opener == 0
        return {
            "version": ends["version"].copy(),
            "transport": ends["transport"].astype("u4"),
            "a_hi": np.where(forward, ends["hi0"], ends["hi1"]),
            "a_lo": np.where(forward, ends["lo0"], ends["lo1"]),
            "b_hi": np.where(forward, ends["hi1"], ends["hi0"]),
            "b_lo": np.where(forward, ends["lo1"], ends["lo0"]),
            "a_port": np.where(forward, ends["port0"], ends["port1"]),
            "b_port": np.where(forward, ends["port1"], ends["port0"]),
        }

    def _reach(self, first: int, last: int) -> None:
        if not self._begin:
            self._begin = self._fragments.begin = first
        self._last = last

    def _rows_of(self, wanted: Iterable[bytes], openers: Array) -> Array:
        """The row of each of ``wanted``, which are in order of their first frames; new ones are made.

        ``openers`` are the ways of their first packets.
        """
        known, before = self._rows, len(self._rows)
        rows = np.array([known.setdefault(one, len(known)) for one in wanted], np.intp)
        count = len(known)
        if count > len(self._opener):
            room = max(_FEWEST_ROWS, count, len(self._opener) * 3 // 2)
            self._opener = _grown(self._opener, room)
            self._fragments_of = _grown(self._fragments_of, room)
            self._full = _grown(self._full, 2 * room)
            for name, array in self._ends.items():
                self._ends[name] = _grown(array, 2 * room)
        new = np.flatnonzero(rows >= before)
        self._opener[rows[new]] = openers[new]
        return rows

    def _accumulate(self, slots: Array, stats: Stats) -> None:
        """Add ``stats``, one value for each of the distinct ``slots``, none of them without packets."""
        ends = self._ends
        fresh = ends["packets"][slots] == 0
        for name in _SUMS:
            ends[name][slots] += stats[name]
        ends["flags"][slots] |= stats["flags"]
        ends["first_frame"][slots] = np.where(fresh, stats["first_frame"], ends["first_frame"][slots])
        ends["last_frame"][slots] = stats["last_frame"]
        for name, nearest in zip(_TIMES, (np.minimum, np.maximum), strict=True):
            ends[name][slots] = np.where(fresh, stats[name], nearest(ends[name][slots], stats[name]))

    def _add_members(self, columns: Columns, places: Array) -> tuple[Array, Array]:
        """Count the packets at ``places`` in their flows; the row and way of each of them."""
        part = {name: array[places] for name, array in columns.items()}
        table, ways = key.keys(part, part["kind"] == Kind.TRANSPORT)
        order, starts = key.grouped(table)
        if not len(order):
            return np.zeros(0, np.intp), ways
        # Rows are made in order of the flows' first packets; groups come in order of a hash.
        firsts = order[starts]
        by_frame = np.argsort(firsts)
        distinct = key.as_bytes(table[firsts[by_frame]])
        group_rows = np.empty(len(starts), np.intp)
        group_rows[by_frame] = self._rows_of(distinct, ways[firsts[by_frame]])
        rows = np.empty(len(places), np.intp)
        rows[order] = np.repeat(group_rows, np.diff(starts, append=len(order)))
        slots = rows * 2 + ways
        by_slot = np.argsort(slots, kind="stable")
        distinct_slots, begins = np.unique(slots[by_slot], return_index=True)
        self._accumulate(distinct_slots, members.stats(part, by_slot, begins))
        return rows, ways

    def _add_heads(self, packets: Packets, whole: Array, rows: Array, ways: Array) -> None:
        columns, buffer = packets.columns, memoryview(packets.buffer)
        slots = rows * 2 + ways
        told = np.flatnonzero(
            (columns["payload_captured"][whole] > 0)
            & (columns["kind"][whole] == Kind.TRANSPORT)
            & ~self._full[slots]
        )
        places, slots = whole[told], slots[told]
        wanted = np.where(
            among(columns["transport"][places] << 16 | columns["dst_port"][places], _LONG_HEADS),
            LONG_HEAD_BYTES,
            HEAD_BYTES,
        )
        begins = columns["payload"][places]
        ends = begins + np.minimum(wanted, columns["payload_captured"][places])
        full = self._full
        for slot, place, begin, end in zip(
            slots.tolist(), places.tolist(), begins.tolist(), ends.tolist(), strict=True
        ):
            if full[slot]:
                continue
            frame, time = int(columns["frame"][place]), int(columns["time"][place])
            wire = int(columns["payload_wire"][place])
            self._add_head(slot, Head(frame, time, wire, bytes(buffer[begin:end])))

    def _add_head(self, slot: int, head: Head) -> None:
        heads = self._heads.setdefault(slot, [])
        if len(heads) == HEADS:
            return
        for one in heads:
            if head.wire == one.wire and head.data == one.data:
                return
        heads.append(head)
        self._full[slot] = len(heads) == HEADS

    def _shift_heads(self, frames: int) -> None:
        for slot, heads in self._heads.items():
            self._heads[slot] = [head._replace(frame=head.frame + frames) for head in heads]

    def _merge_heads(self, later: FlowTable, slots: Array) -> None:
        for slot, heads in later._heads.items():
            for head in heads:
                self._add_head(int(slots[slot]), head)

    def _add_sights(self, sights: Array) -> None:
        both = np.concatenate((self._back, sights))
        sights["copy"] = copies(both)[len(self._back) :]
        self._count_copies(sights[sights["copy"]])
        self._keep_sights(sights, sights)

    def _merge_sights(self, later: FlowTable, rows: Array) -> None:
        front, back = later._front, later._back
        front["row"], back["row"] = rows[front["row"]], rows[back["row"]]
        found = copies(np.concatenate((self._back, front)))[len(self._back) :]
        self._count_copies(front[found & ~front["copy"]])
        front["copy"] |= found
        self._keep_sights(front, back)

    def _count_copies(self, sights: Array) -> None:
        np.add.at(self._ends["duplicates"], sights["row"] * 2 + sights["way"], 1)

    def _keep_sights(self, front: Array, back: Array) -> None:
        near = front[front["frame"] < self._begin + DUPLICATE_FRAMES]
        if len(near):
            self._front = np.concatenate((self._front, near))
        back = np.concatenate((self._back, back))
        self._back = back[back["frame"] > self._last - DUPLICATE_FRAMES]

    def _give_fragments(self, row: int, count: int) -> None:
        self._fragments_of[row] += count

    def _add_fragments(self, columns: Columns, whole: Array, rows: Array) -> None:
        first = columns["fragmented"][whole] != 0
        later = np.flatnonzero(columns["kind"] == Kind.FRAGMENT)
        places = np.concatenate((whole[first], later))
        if not len(places):
            return
        owners = np.concatenate((rows[first], np.full(len(later), -1)))
        order = np.argsort(places)
        places, owners = places[order], owners[order]
        frames = columns["frame"][places].tolist()
        datagrams = members.datagrams(columns, places)
        for frame, datagram, owner in zip(frames, datagrams, owners.tolist(), strict=True):
            if owner >= 0:
                self._fragments.first(frame, datagram, owner)
            else:
                self._fragments.later(frame, datagram)

    def _count_undecoded(self, columns: Columns) -> None:
        reason = columns["reason"]
        stopped = np.flatnonzero((reason != Reason.NONE) | (columns["kind"] == Kind.UNDECODED))
        if len(stopped):
            values, places, counts = np.unique(reason[stopped], return_index=True, return_counts=True)
            frames = columns["frame"][stopped[places]]
            for value, frame, count in zip(values.tolist(), frames.tolist(), counts.tolist(), strict=True):
                self._undecoded[value] = more(self._undecoded.get(value), Undecoded(count, frame))

    def _heads_of_flows(self) -> Heads:
        sides: dict[int, list[tuple[Head, ...]]] = {}
        for slot, heads in self._heads.items():
            row, way = divmod(slot, 2)
            sides.setdefault(row, [(), ()])[way ^ int(self._opener[row])] = tuple(heads)
        return Heads.of({row: (from_a, from_b) for row, (from_a, from_b) in sides.items()})


def _nobody(_row: int, _count: int) -> None:
    """Takes the fragments of a table that is spent."""


def more(before: Undecoded | None, after: Undecoded) -> Undecoded:
    """Both together; ``before`` came earlier."""
    return Undecoded(before.count + after.count, before.first_frame) if before else after


def _grown(array: Array, size: int) -> Array:
    larger = np.zeros(size, array.dtype)
    larger[: len(array)] = array
    return larger
