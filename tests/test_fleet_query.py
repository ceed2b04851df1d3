"""SQL on the results."""

from __future__ import annotations

import json

import pytest

from analyzer.errors import UsageError
from analyzer.fleet.query import ask, written


def test_an_answer_has_names_and_rows(tmp_path):
    assert ask(str(tmp_path), "SELECT 1 AS a, 'x' AS b") == (["a", "b"], [(1, "x")])
    assert ask(str(tmp_path), "SELECT count(*) AS n FROM flows") == (["n"], [(0,)])


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT * FROM nowhere", "SELECT 1/", "", " ;", "-- none", "\udcff"]
)
def test_sql_that_is_none_is_one_line(tmp_path, sql):
    with pytest.raises(UsageError, match="SQL: ") as caught:
        ask(str(tmp_path), sql)
    assert "\n" not in str(caught.value)


def test_no_results_are_one_line(tmp_path):
    with pytest.raises(UsageError, match="is no directory"):
        ask(str(tmp_path / "nowhere"), "SELECT 1")


def test_an_answer_is_written_harmless_in_each_form():
    names, rows = ["name", "n"], [("=1+1\x1b[31m", 2), (None, 3)]
    assert list(written(names, rows, "csv")) == ["name,n", "'=1+1\\x1b[31m,2", ",3"]
    assert [json.loads(line) for line in written(names, rows, "json")] == [
        {"name": "=1+1\x1b[31m", "n": 2},
        {"name": None, "n": 3},
    ]
    text = "\n".join(written(names, rows, "text"))
    assert "\x1b" not in text
    assert text.split() == ["name", "n", "=1+1\\x1b[31m", "2", "3"]
