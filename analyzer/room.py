"""Room for tables that grow: what growing costs are the pages of memory that are touched anew."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

FEWEST: Final = 256
"""Items that there is room for at first."""
LEAPS: Final = ((1 << 16, 16), (1 << 20, 4))
"""Up to so many items an array becomes so many times as long, beyond that twice: what growing costs are the
pages that it touches anew, and of the room ahead none is touched before it is used.
"""
FEW: Final = 1 << 16
"""Up to so many rows slots become four times as many, beyond that twice."""
LINE: Final = 64
"""Octets of a line of a processor's cache."""


def longer(array: Array, used: int, size: int) -> Array:
    """A copy ``(size,)`` of the first ``used`` items of ``array``, the rest zero."""
    return copied(np.zeros(size, array.dtype), array, used)


def lines(dtype: Any, size: int) -> Array:
    """Zeros ``(size,)`` of ``dtype``, which begin where a line of the cache does."""
    octets = size * dtype.itemsize
    room = np.zeros(octets + LINE, "u1")
    begin = -room.__array_interface__["data"][0] % LINE
    return room[begin : begin + octets].view(dtype)


def shorter(array: Array, size: int) -> Array:
    """The first ``size`` items of what :func:`lines` made; the memory of the others is given up.

    Nobody else may look at it."""
    room = array.base
    if not isinstance(room, np.ndarray) or not room.flags.owndata:
        return array[:size]  # it travelled here, and belongs to what it came in
    begin = array.__array_interface__["data"][0] - room.__array_interface__["data"][0]
    octets = size * array.dtype.itemsize
    dtype = array.dtype
    del array
    room.resize(begin + octets, refcheck=False)
    return room[begin:].view(dtype)


def copied(to: Array, array: Array, count: int) -> Array:
    """``to``, which gets the first ``count`` items of ``array``; both are of one dtype and in one piece."""
    # As octets: numpy copies records of several fields one field at a time, which takes ten times as long.
    held = count * array.itemsize
    to.view("u1")[:held] = array.view("u1")[:held]
    return to


def slots_for(rows: int) -> Array:
    """Empty slots (uint64), a power of two of them, for so many rows and some more: at most half are full."""
    # They are touched all over, so the room ahead costs.
    more = 4 if rows <= FEW else 2
    return np.zeros(1 << (more * rows - 1).bit_length(), "u8")


def more_than(have: int, need: int, least: int) -> int:
    """How many items an array of ``have`` gets that needs ``need``; never fewer than ``least``."""
    times = next((times for items, times in LEAPS if have <= items), 2)
    return max(least, need, have * times)
