"""Kinds of rows: equal rows share one, different rows do not, and the first of each comes first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kinds import COMPILED, ROOM, among, distinct, kinds, members, ordered, wide

WAYS = [False] if COMPILED is None else [False, True]

NARROW = st.integers(0, 3)
FAR = st.sampled_from([0, 1, 255, 1 << 16, ROOM, (1 << 63) + 5, (1 << 64) - 1])


@pytest.mark.parametrize("compiled", WAYS)
@settings(max_examples=60)
@given(st.lists(st.tuples(NARROW, FAR, st.integers(-(2**40), 2**40), st.booleans()), max_size=30))
def test_rows_are_of_a_kind_exactly_where_they_are_equal(
    compiled: bool, rows: list[tuple[int, int, int, bool]]
) -> None:
    few, far, signed, told = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    )
    columns = (
        np.array(few, np.uint8),
        *wide(np.array(far, np.uint64)),
        np.array(signed, np.int64),
        np.array(told, bool),
    )
    firsts, of = kinds(columns, compiled=compiled)
    order = list(dict.fromkeys(rows))
    assert of.tolist() == [order.index(row) for row in rows]
    assert firsts.tolist() == [rows.index(row) for row in order]


@pytest.mark.parametrize("compiled", WAYS)
def test_a_wide_range_that_no_table_holds_is_sorted(compiled: bool) -> None:
    firsts, of = kinds([np.array([1 << 40, 7, 1 << 40, 1 << 62])], compiled=compiled)
    assert (firsts.tolist(), of.tolist()) == ([0, 1, 3], [0, 1, 0, 2])


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize("span", [1, 2, 300, 40_000])
def test_many_rows_of_many_kinds(compiled: bool, span: int) -> None:
    draw = np.random.default_rng(span)
    columns = [draw.integers(0, span, 30_000).astype(dtype) for dtype in ("i2", "u4", "i8", "u1")]
    columns[2] *= -(2**40)
    firsts, of = kinds([*columns, columns[1][::-1]], compiled=compiled)
    rows = list(zip(*(column.tolist() for column in (*columns, columns[1][::-1])), strict=True))
    number: dict[tuple[int, ...], int] = {}
    assert of.tolist() == [number.setdefault(row, len(number)) for row in rows]
    assert [rows[first] for first in firsts.tolist()] == list(number)


def test_members_are_in_order_and_a_kind_may_have_none() -> None:
    assert [rows.tolist() for rows in members(np.array([2, 0, 2, 0]), 3)] == [[1, 3], [], [0, 2]]


SMALL = st.lists(st.integers(0, 20), max_size=12)


@given(SMALL, SMALL)
def test_among_and_distinct_are_those_of_sets(values: list[int], wanted: list[int]) -> None:
    held = np.array(values, np.uint16)
    assert among(held, wanted).tolist() == [value in wanted for value in values]
    assert among(held, np.array(wanted, np.int64)).tolist() == [value in wanted for value in values]
    assert distinct(held).tolist() == sorted(set(values))


@settings(max_examples=60)
@given(
    st.sampled_from([1, 2, 3, 1 << 16, (1 << 16) + 1, 1 << 32, (1 << 32) + 1, 1 << 60]).flatmap(
        lambda count: st.tuples(
            st.just(count), st.lists(st.integers(0, count - 1) | st.sampled_from([0, count - 1]), max_size=40)
        )
    )
)
def test_rows_in_order_of_their_numbers_however_wide(given_: tuple[int, list[int]]) -> None:
    count, numbers = given_
    expected = sorted(range(len(numbers)), key=numbers.__getitem__)
    assert ordered(np.array(numbers, np.int64), count).tolist() == expected
