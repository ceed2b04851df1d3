"""Rows of a table that are equal in what matters: one of each kind is looked at, and speaks for all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

try:
    from analyzer.kinds import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

Array = np.ndarray[Any, Any]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

ROOM: Final = 1 << 22
"""Numbers in so narrow a range are counted in a table of the range instead of sorted."""


class Kinds(NamedTuple):
    """``firsts`` is the first row of each kind, in order; ``of`` is the kind of each row."""

    firsts: Array
    of: Array


def kinds(columns: Iterable[Array], *, compiled: bool = True) -> Kinds:
    """The kinds of the rows of ``columns``: integers or booleans, equally many in each column, at least one
    column. Two rows are of a kind if they are equal in every column."""
    return _hashed(columns, COMPILED) if compiled and COMPILED is not None else _sorted(columns)


def _hashed(columns: Iterable[Array], fast: ModuleType) -> Kinds:
    held = [np.ascontiguousarray(column) for column in columns]
    rows = len(held[0])
    firsts, of = np.empty(rows, np.int64), np.empty(rows, np.int64)
    octets, widths = [column.view("u1") for column in held], [column.itemsize for column in held]
    count = fast.kinds(octets, widths, firsts, of)
    return Kinds(firsts[:count].copy(), of)


def _sorted(columns: Iterable[Array]) -> Kinds:
    of, count = np.zeros(0, np.int64), 0
    for column in columns:
        if not len(column):
            return Kinds(of, of)
        if not count:
            of, count = np.zeros(len(column), np.int64), 1
        low, high = column.min(), column.max()
        if low == high:
            continue
        numbers, several = _numbered(column, int(low), int(high))
        of, count = _numbered(of * several + numbers, 0, count * several - 1)
    firsts = np.empty(count, np.int64)
    firsts[of[::-1]] = np.arange(len(of) - 1, -1, -1)
    order = np.argsort(firsts)
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    return Kinds(firsts[order], rank[of])


def _numbered(column: Array, low: int, high: int) -> tuple[Array, int]:
    """Numbers from 0 on for the values of a column, in order of the values, and how many there are."""
    span = high - low + 1
    if span > ROOM:
        order = np.argsort(column)
        arranged = column[order]
        numbers = np.empty(len(column), np.int64)
        numbers[order] = np.cumsum(np.concatenate(([False], arranged[1:] != arranged[:-1])))
        return numbers, int(numbers[order[-1]]) + 1
    places = (
        column.astype(np.int64) - low
        if column.dtype.kind != "u"
        else (column - column.dtype.type(low)).astype(np.int64)
    )
    present = np.zeros(span, bool)
    present[places] = True
    count = int(present.sum())
    return (places, count) if count == span else ((np.cumsum(present) - 1)[places], count)


def distinct(values: Array) -> Array:
    """The distinct ones of some numbers, in order; numpy's own function first loads a package."""
    arranged = np.sort(values)
    first = np.ones(len(arranged), bool)
    first[1:] = arranged[1:] != arranged[:-1]
    result: Array = arranged[first]
    return result


def wide(*columns: Array) -> Iterator[Array]:
    """64-bit columns for :func:`kinds`. Where it is not compiled they are columns of 16 bits, one by one:
    what spreads over a wide range is counted in pieces."""
    if COMPILED is not None:
        yield from columns
        return
    for column in columns:
        for shift in (48, 32, 16, 0):
            yield (column >> np.uint64(shift)).astype(np.uint16)


def members(numbers: Array, count: int) -> list[Array]:
    """The rows (int64, increasing) of each of ``count`` kinds; ``numbers`` has the kind of each row."""
    order = ordered(numbers, count)
    return np.split(order, np.cumsum(np.bincount(numbers, minlength=count))[:-1]) if count else []


def ordered(numbers: Array, count: int) -> Array:
    """The rows in order of their numbers, which are from 0 on and below ``count``; of equal ones the first
    before the next."""
    # Numpy sorts 16 bits by counting, which is many times as fast as how it sorts wider ones.
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    for shift in range(16, (count - 1).bit_length(), 16):
        order = order[np.argsort((numbers[order] >> shift).astype(np.uint16), kind="stable")]
    return order


def among(values: Array, wanted: Array | Sequence[int]) -> Array:
    """Which of ``values`` are in ``wanted``, as booleans. Numpy's own loads its masked arrays for that."""
    if not len(wanted):
        return np.zeros(len(values), bool)
    ordered = np.sort(np.asarray(wanted))
    places = np.searchsorted(ordered, values)
    places[places == len(ordered)] = 0
    found: Array = ordered[places] == values
    return found
