"""The tables of results: each column is stated once, with its meaning."""

from __future__ import annotations

import pytest

from analyzer.fleet.tables import TABLES


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_distinct_and_documented(name):
    columns = TABLES[name]
    assert len({column.name for column in columns}) == len(columns)
    assert all(column.meaning for column in columns)
    assert columns[0].name == "capture", "every row leads to its capture"


def test_the_line_that_says_it_is_whole_is_written_last():
    assert list(TABLES)[-1] == "captures"
