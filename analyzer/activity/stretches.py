"""Stretches of time in which a host went on sending: those of a batch, and those of many batches joined."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Final

import numpy as np

from analyzer.room import copied, lines
from analyzer.tables import Kind, Packets

try:
    from analyzer.activity import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

Array = np.ndarray[Any, Any]

APART: Final = 8_000_000_000
"""Packets of a host that are not farther apart than this, ns, belong together: less than the shortest silence
that anybody asks for."""

STRETCH: Final = np.dtype(
    [
        *(("hi", "u8"), ("lo", "u8")),
        *(("begin", "i8"), ("end", "i8"), ("begin_frame", "i8"), ("end_frame", "i8")),
        ("version", "u1"),
    ],
    align=True,
)
"""A host went on sending from ``begin`` to ``end``, ns. Of packets at the same time the frames are the lowest
and the highest."""

SLOT: Final = np.dtype(
    [
        *(("lo", "u8"), ("hi", "u8")),
        *(("begin", "i8"), ("end", "i8"), ("begin_frame", "i8"), ("end_frame", "i8")),
        *(("version", "u8"), ("nothing", "u8")),
    ]
)
"""The same in a table of the compiled part, where each fills a line of the cache."""

HOST: Final = ("version", "hi", "lo")
"""What in STRETCH tells a host."""

CLOSED: Final = 512
"""Stretches that are given away at a time."""
FEWEST: Final = 1 << 11
MOST: Final = 1 << 16
"""Hosts of :class:`Hosts`."""

_READ: Final = ("version", "kind", "src_hi", "src_lo", "time")


def within(packets: Packets, apart: int = APART, *, compiled: bool = True) -> tuple[Array, Array]:
    """The rows of the first and of the last packet of each stretch of a batch, none longer than ``apart``.

    Every packet of a host lies in one of its stretches; :func:`joined` joins those that are near each other.
    By the compiled part where it was built and is not unwanted.
    """
    columns = packets.columns
    if compiled and COMPILED is not None:
        firsts, lasts = np.empty((2, len(columns["time"])), np.int64)
        count = COMPILED.within(*(columns[name] for name in _READ), apart, firsts, lasts)
        return firsts[:count], lasts[:count]
    rows = np.flatnonzero((columns["version"] > 0) & (columns["kind"] != Kind.UNDECODED))
    keys = [columns[name][rows] for name in ("time", "src_hi", "src_lo", "version")]
    order = np.lexsort(keys)
    rows, keys = rows[order], [key[order] for key in keys]
    begins = fresh([keys[0] // apart, *keys[1:]])
    return rows[begins], rows[np.append(begins[1:], True)] if len(rows) else rows


def of_rows(packets: Packets, firsts: Array, lasts: Array) -> Array:
    """The stretches (STRETCH) from each of the rows ``firsts`` to that of ``lasts``."""
    columns = packets.columns
    made = np.empty(len(firsts), STRETCH)
    for name, column in (("version", "version"), ("hi", "src_hi"), ("lo", "src_lo")):
        made[name] = columns[column][firsts]
    for name, column in (("", "time"), ("_frame", "frame")):
        made[f"begin{name}"], made[f"end{name}"] = columns[column][firsts], columns[column][lasts]
    return made


class Hosts:
    """The latest stretch of each host, over batches; those before it are given away. Compiled part only."""

    def __init__(self) -> None:
        self._factors: Array = np.array([int.from_bytes(os.urandom(8)) | 1 for _ in range(6)], np.uint64)
        self._held, self._used = lines(SLOT, FEWEST), 0
        self._index: Array = np.zeros(2 * FEWEST, np.uint64)

    def __len__(self) -> int:
        return self._used

    def add(self, packets: Packets, apart: int) -> list[Array]:
        """The stretches (STRETCH) of the hosts of a batch that are over, or that there was no room for."""
        assert COMPILED is not None
        columns = [packets.columns[name] for name in (*_READ, "frame")]
        count, row, given = len(columns[0]), 0, []
        closed = np.empty(CLOSED, STRETCH)
        while row < count:
            row, self._used, found = COMPILED.advance(
                self._held, self._used, self._index, self._factors, *columns, apart, row, closed
            )
            if found:
                given.append(closed[:found].copy())
            if row < count and self._used + 2 * COMPILED.TAKEN > len(self._held):
                given += self._grow()
        return given

    def _grow(self) -> list[Array]:
        """Make room for twice as many, up to MOST; then all are given away."""
        assert COMPILED is not None
        if len(self._held) >= MOST:
            return [self.give()]
        held = copied(lines(SLOT, 2 * len(self._held)), self._held, self._used)
        self._held, self._index = held, np.zeros(2 * len(held), np.uint64)
        COMPILED.indexed(self._held, self._used, self._index, self._factors)
        return []

    def give(self) -> Array:
        """All stretches (STRETCH) that are held, in no order: from then on none is."""
        given = np.empty(self._used, STRETCH)
        for name in STRETCH.names or ():
            given[name] = self._held[name][: self._used]
        self._index[:], self._used = 0, 0
        return given


def joined(some: Array, apart: int) -> Array:
    """The stretches of ``some`` (STRETCH) that are not farther than ``apart`` from each other made one, in
    order of ``lo``, ``hi``, ``version`` and time."""
    if not len(some):
        return some
    order = np.lexsort(tuple(some[name] for name in ("begin_frame", "begin", *HOST)))
    some = some[order]
    first = fresh([some[name] for name in HOST])
    # How far a host has come so far: the highest end among its stretches up to each one, by its place among
    # all ends; what hosts before it reached is lower in any case.
    by_end = np.lexsort((some["end_frame"], some["end"]))
    place = np.empty(len(some), np.int64)
    place[by_end] = np.arange(len(some))
    base = (np.cumsum(first) - 1) * len(some)
    reached = by_end[np.maximum.accumulate(place + base) - base]
    end, end_frame = some["end"][reached], some["end_frame"][reached]
    begins = first
    begins[1:] |= some["begin"][1:] - end[:-1] > apart
    lasts = np.append(np.flatnonzero(begins)[1:], len(some)) - 1
    made = some[begins]
    made["end"], made["end_frame"] = end[lasts], end_frame[lasts]
    return made


def fresh(columns: list[Array]) -> Array:
    """Whether each row of some columns of equal length differs from the one before it; the first does."""
    differs = np.ones(len(columns[0]), bool)
    differs[1:] = False
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return differs
