"""Flows that are over, counted in another flow of their kind: a table of less memory that may grow on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from analyzer.flowtable import keys as key
from analyzer.flowtable.compiled import CompiledTable
from analyzer.flowtable.fragments import Fragments
from analyzer.flowtable.index import words

Array = np.ndarray[Any, Any]

SUMS: Final = ("packets", "bytes", "payload", "duplicates", "syn", "synack", "rst")
LEAST: Final = ("first_frame", "first_time")
MOST: Final = ("last_frame", "last_time")
ANY: Final = ("flags",)


_NO_FLOW: Final = (bytes(key.KEY.itemsize), 0, 0, 0, 0, 0)
"""For the ICMP errors told together that quote packets of no flow: a KEY that no packet has."""


def folded(table: CompiledTable, into: Array, before: int = 0) -> CompiledTable:
    """A table in which the flow of each row is counted in that of row ``into[row]``, its own for most.

    The two have the same ends but for a port, at ends that are not the same address; a row that others are
    counted in stays. It keeps its own ports and payloads. ICMP errors that came before ``before``, ns, and
    quote packets of no flow are told together. ``table`` stays as it is.
    """
    keys = table._index.table()
    count = len(keys)
    kept = np.flatnonzero(into == np.arange(count))
    number = np.full(count, -1)
    number[kept] = np.arange(len(kept))
    rows = number[into]
    made = CompiledTable()
    made._begin, made._last = table._begin, table._last
    made._make_room(len(kept))
    made._index.add(words(keys[kept]))
    made._opener[: len(kept)] = table._opener[kept]
    np.add.at(made._fragments_of, rows, table._fragments_of[:count])
    _count(made, table, rows)
    _keep_heads(made, table, number)
    made._fragments = Fragments(made._give_fragments, begin=table._fragments.begin)
    theirs = replace(table._fragments, give=_nothing)
    made._fragments.merge(copy.deepcopy(theirs), rows.tolist())
    made._fragments.swept = theirs.swept
    made._undecoded = dict(table._undecoded)
    _keep_errors(made, table, rows, key.as_bytes(keys[kept]), before)
    for name in ("_front", "_back"):
        sights = getattr(table, name).copy()
        sights["row"] = rows[sights["row"]]
        setattr(made, name, sights)
    return made


def _nothing(_row: int, _count: int) -> None:
    """Takes the fragments of a copy."""


def _keep_errors(
    made: CompiledTable, table: CompiledTable, rows: Array, names: Sequence[bytes], before: int
) -> None:
    """Give the errors that quote a flow to the one that counts for it."""
    for (quoted, *what), (errors, first, last, time) in table._errors.items():
        row = table._index.get(quoted)
        if row is not None:
            error = (names[int(rows[row])], *what)
        else:
            error = _NO_FLOW if time < before else (quoted, *what)
        entry = made._errors.setdefault(error, [0, first, last, time])  # type: ignore[arg-type]
        entry[0] += errors
        entry[1], entry[2], entry[3] = min(entry[1], first), max(entry[2], last), min(entry[3], time)


def _count(made: CompiledTable, table: CompiledTable, rows: Array) -> None:
    """Add up both directions of all flows."""
    table.settle()
    made.settle()
    ours = made._ends
    slots = (rows[:, None] * 2 + np.arange(2)).ravel()
    seen = np.flatnonzero(table._ends["packets"][: 2 * len(rows)])
    some, where = {name: array[seen] for name, array in table._ends.items()}, slots[seen]
    for name in SUMS:
        np.add.at(ours[name], where, some[name])
    for name in ANY:
        np.bitwise_or.at(ours[name], where, some[name])
    for names, limit, nearest in ((LEAST, "max", np.minimum), (MOST, "min", np.maximum)):
        for name in names:
            ours[name][where] = getattr(np.iinfo(ours[name].dtype), limit)
            nearest.at(ours[name], where, some[name])


def _keep_heads(made: CompiledTable, table: CompiledTable, number: Array) -> None:
    """Keep the heads of the flows that have a ``number``, in their order."""
    heads, slots = table._kept[: int(table._used[0])], np.flatnonzero(number >= 0)
    slots = (slots[:, None] * 2 + np.arange(2)).ravel()
    stay = number[heads["slot"] >> 1] >= 0
    place = np.zeros(len(heads) + 1, np.int64)  # 1 + the place of a head, 0 for none
    place[1:][stay] = np.arange(1, int(stay.sum()) + 1)
    some = heads[stay]
    size = some["size"].astype(np.int64)
    begin = np.cumsum(size) - size
    made._arena = table._arena[np.repeat(some["at"] - begin, size) + np.arange(int(size.sum()))]
    some["at"], some["following"] = begin, place[some["following"]]
    some["slot"] = number[some["slot"] >> 1] * 2 + (some["slot"] & 1)
    made._kept = some
    made._used[:2] = len(some), len(made._arena)
    made._records["head"][: len(slots)] = place[table._records["head"][slots]]
    made._records["heads"][: len(slots)] = table._records["heads"][slots]
