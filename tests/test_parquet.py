"""Parquet from plain values."""

from __future__ import annotations

import io
import sys

import duckdb
import pytest

from analyzer import parquet
from analyzer.errors import MissingExtra

COLUMNS = {"name": "VARCHAR", "n": "UBIGINT", "when": parquet.TIME, "tags": "VARCHAR[]"}


def read(tmp_path, rows):
    stream = io.BytesIO()
    parquet.write(rows, COLUMNS, stream, {"table": "made", "it's": "so"})
    (tmp_path / "x.parquet").write_bytes(stream.getvalue())
    return duckdb.read_parquet(str(tmp_path / "x.parquet"))


def test_values_come_back_typed(tmp_path):
    table = read(
        tmp_path, [{"name": "a\n\x00'", "n": 2**63, "when": 1_700_000_000_123_456_789, "tags": ["x"]}]
    )
    assert list(map(str, table.types)) == list(COLUMNS.values())
    (row,) = table.project('name, n, epoch_ns("when"), tags').fetchall()
    assert row == ("a\n\x00'", 2**63, 1_700_000_000_123_456_789, ["x"])


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (2**63 - 1, 2**63 - 2),  # infinity to DuckDB
        (2**63 - 2, 2**63 - 2),
        (-(2**63) + 1, -(2**63) + 2),
        (-(2**63), -(2**63) + 2),
    ],
)
def test_a_time_at_the_end_of_time_is_a_time(tmp_path, given, held):
    (row,) = read(tmp_path, [{"when": given}]).project('epoch_ns("when")').fetchall()
    assert row == (held,)


def test_what_a_row_lacks_is_null_and_no_rows_are_a_table(tmp_path):
    assert read(tmp_path, [{}]).fetchall() == [(None, None, None, None)]
    assert read(tmp_path, []).fetchall() == []


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtra, match=r"pip install 'portmatrix\[parquet\]'"):
        parquet.duckdb()
