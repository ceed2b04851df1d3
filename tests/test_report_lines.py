"""Lines of columns: as the csv and json modules write them, with the compiled part and without."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.cells import Addresses, Cells, Coded, Moments, Numbers
from analyzer.report import lines as module
from analyzer.report.lines import Template, lines
from analyzer.report.moment import timestamp

WAYS = [False] if module.COMPILED is None else [False, True]
SMALL, LARGE = -(2**63), 2**63 - 1
NUMBER = st.integers(-1, LARGE)
MOMENT = st.one_of(
    st.integers(SMALL, LARGE), st.integers(-4_000_000_000, 4_000_000_000).map(lambda seconds: seconds * 10**9)
)
QUAD = st.integers(-2, 2**32 - 1)
TEXT = st.one_of(st.none(), st.text(st.characters(exclude_categories=()), max_size=8))


def columns(rows: Sequence[tuple[int, int, int, str | None]]) -> dict[str, Cells]:
    """A column of each kind; the ids are the numbers from 1 on."""
    numbers, moments, quads, texts = (
        (list(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
    )
    return {
        "id": Numbers(np.arange(1, len(rows) + 1), "f"),
        "number": Numbers(np.array(numbers, np.int64)),
        "moment": Moments(np.array(moments, np.int64)),
        "address": Addresses(np.array(quads, np.int64), ["fe80::1", "02:00:00:00:00:01"]),
        "text": Coded.of(texts),
    }


def values(cells: dict[str, Cells]) -> list[dict[str, Any]]:
    """What the columns hold, row by row, moments as text."""
    each = {name: column.each() for name, column in cells.items()}
    each["moment"] = list(map(timestamp, each["moment"]))
    return [dict(zip(each, row, strict=True)) for row in zip(*each.values(), strict=True)]


def cell(_name: str, value: Any) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(("" if value is None else value, ""))
    return written.getvalue()[:-2]


@pytest.mark.parametrize("compiled", WAYS)
@settings(max_examples=60)
@given(rows=st.lists(st.tuples(NUMBER, MOMENT, QUAD, TEXT), max_size=12))
def test_as_the_csv_and_json_modules_write_them(
    compiled: bool, rows: list[tuple[int, int, int, str | None]]
) -> None:
    cells = columns(rows)
    names = tuple(cells)
    expected = io.StringIO()
    csv.DictWriter(expected, names, lineterminator="\n").writerows(values(cells))
    template = Template(("", ",", ",", ",", ",", "\n"), names, cell)
    assert lines(cells, template, compiled=compiled) == expected.getvalue()
    around = [f"{', ' if place else '{'}{json.dumps(name)}: " for place, name in enumerate(names)]
    template = Template((*around, "}\n"), names, lambda _name, value: json.dumps(value), '"')
    assert lines(cells, template, compiled=compiled) == "".join(
        json.dumps(row) + "\n" for row in values(cells)
    )


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_399_999_999_000, "2100-02-28T23:59:59.999999Z"),
        (4_107_542_400_000_000_001, "2100-03-01T00:00:00.000000001Z"),
        (SMALL, "1677-09-21T00:12:43.145224192Z"),
        (LARGE, "2262-04-11T23:47:16.854775807Z"),
    ],
)
def test_points_in_time(compiled: bool, moment: int, text: str) -> None:
    template = Template(("", ""), ("moment",), cell)
    assert lines({"moment": Moments(np.array([moment]))}, template, compiled=compiled) == text


@pytest.mark.parametrize("compiled", WAYS)
def test_columns_in_another_order_more_than_once_or_not_at_all(compiled: bool) -> None:
    cells = columns([(7, 0, 0x0A000001, "x"), (-1, 0, -2, None)])
    template = Template(("<", "|", "|", "|", ">"), ("address", "number", "number", "text"), lambda *_: "-")
    assert lines(cells, template, compiled=compiled) == "<10.0.0.1|7|7|-><02:00:00:00:00:01|-|-|->"
