"""The tables: what ``empty`` makes, ``check`` proves, and that any other shape is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analyzer.tables import ARP, ETHERTYPE, FLOWS, FRAMES, LLC, PACKETS, QUOTES, SNAP, Table

TABLES = [FRAMES, PACKETS, QUOTES, FLOWS]
named = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@named
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_an_empty_table_is_valid(table: Table, rows: int) -> None:
    made = table.empty(rows)
    table.check(made)
    assert {len(array) for array in made.values()} == {rows}
    assert not any(array.any() for array in made.values())


@named
def test_every_column_is_said_in_words(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert all(column.meaning for column in table.columns)
    assert {column.unit for column in table.columns} <= {"", "byte", "ns"}


@named
def test_every_column_is_a_number_of_fixed_width(table: Table) -> None:
    """A compiled decoder fills them as well; a Python object could not be."""
    assert {np.dtype(column.dtype).kind for column in table.columns} <= {"i", "u"}


@named
def test_another_dtype_is_refused(table: Table) -> None:
    for column in table.columns:
        made = table.empty(2)
        made[column.name] = made[column.name].astype("f8")
        with pytest.raises(TypeError, match=rf"{table.name}\.{column.name}"):
            table.check(made)


@named
def test_another_set_or_order_of_columns_is_refused(table: Table) -> None:
    made = table.empty(2)
    first = next(iter(made))
    for wrong in (
        {name: array for name, array in made.items() if name != first},
        {**made, "extra": made[first]},
        dict(reversed(made.items())),
    ):
        with pytest.raises(TypeError, match=table.name):
            table.check(wrong)


@named
def test_columns_of_unequal_length_are_refused(table: Table) -> None:
    made = table.empty(2)
    last = list(made)[-1]
    made[last] = made[last][:1]
    with pytest.raises(TypeError, match=r"unequal length \[1, 2\]"):
        table.check(made)


def test_columns_of_both_ways_come_in_pairs() -> None:
    names = {column.name for column in FLOWS.columns}
    there = {name.removesuffix("_ab") for name in names if name.endswith("_ab")}
    back = {name.removesuffix("_ba") for name in names if name.endswith("_ba")}
    assert there == back
    assert {"packets", "bytes", "flags", "first_frame"} <= there


def test_numbers_of_transports_do_not_overlap() -> None:
    """Each is a 16-bit number above its base; IP protocols are below them all."""
    bases = [ETHERTYPE, LLC, SNAP, 1 << 32]
    assert all(low + 0xFFFF < high for low, high in itertools.pairwise(bases))
    assert ETHERTYPE > 255
    assert ARP == 0x1_0806
