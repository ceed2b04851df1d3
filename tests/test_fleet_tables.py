"""The tables of results: each column is stated once, with its meaning."""

from __future__ import annotations

import pytest

from analyzer.fleet.tables import TABLES, described


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_distinct_and_documented(name):
    columns = TABLES[name]
    assert len({column.name for column in columns}) == len(columns)
    assert all(column.meaning for column in columns)
    assert columns[0].name == "capture", "every row leads to its capture"


def test_people_are_told_of_every_column():
    lines = list(described())
    assert [line for line in lines if line.startswith("## ")] == [f"## {name}" for name in TABLES]
    for columns in TABLES.values():
        for column in columns:
            assert f"| `{column.name}` | {column.type} | {column.meaning} |" in lines
    assert sum(line.startswith("| `site`") for line in lines) == len(TABLES)


def test_the_line_that_says_it_is_whole_is_written_last():
    assert list(TABLES)[-1] == "captures"
