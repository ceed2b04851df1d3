"""Arrays that grow."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer import room

RECORD = np.dtype([("number", "i8"), ("rest", "u1", 56)])


@pytest.mark.parametrize("rows", [1, 256, 257, 1 << 16, (1 << 16) + 1, 1_000_000])
def test_at_most_half_of_the_slots_are_full(rows: int) -> None:
    slots = len(room.slots_for(rows))
    assert slots & slots - 1 == 0
    assert 2 * rows <= slots <= 8 * rows


def test_records_begin_where_lines_of_the_cache_do() -> None:
    for size in (1, 7, 1000):
        array = room.lines(RECORD, size)
        assert len(array) == size
        assert array.__array_interface__["data"][0] % room.LINE == 0
    array["number"] = np.arange(1000)
    cut = room.shorter(array, 10)
    assert cut["number"].tolist() == list(range(10))
    assert len(room.shorter(np.frombuffer(bytes(640), RECORD), 3)) == 3


@pytest.mark.parametrize(("have", "need"), [(0, 1), (256, 257), (1 << 16, 70_000), (1 << 21, (1 << 21) + 1)])
def test_growing_costs_little_for_each_item(have: int, need: int) -> None:
    size = room.more_than(have, need, room.FEWEST)
    assert size >= max(need, 2 * have, room.FEWEST)
    longer = room.longer(np.arange(have), have, size)
    assert (len(longer), longer[:have].sum(), longer[have:].any()) == (size, have * (have - 1) // 2, False)
