"""Parquet: the flow table, typed, as DuckDB reads it back."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import duckdb
import formats
import pytest
import reports

from analyzer.errors import MissingExtra
from analyzer.report.columns import FLOW_COLUMNS
from analyzer.report.parquet import TYPES


def written(report, tmp_path):
    path = tmp_path / "it's flows.parquet"
    path.write_bytes(formats.rendered("parquet", report, "flows"))
    return duckdb.read_parquet(str(path)), path


def test_columns_and_types(tmp_path):
    table, _ = written(reports.FLOWS, tmp_path)
    assert tuple(table.columns) == FLOW_COLUMNS
    wanted = {name: TYPES.get(name, "VARCHAR") for name in FLOW_COLUMNS}
    assert dict(zip(table.columns, map(str, table.types), strict=True)) == wanted


def test_values(tmp_path):
    table, _ = written(reports.FLOWS, tmp_path)
    chosen = table.project("id, originator_port, originator_roles, packets_sent, epoch_ns(last)").fetchall()
    assert chosen[0] == ("f1", 49152, ["igor-node"], 5, reports.COAP.last)
    assert chosen[2][1] is None


def test_it_says_which_captures_it_is_of(tmp_path):
    _, path = written(reports.FLOWS, tmp_path)
    quoted = str(path).replace("'", "''")
    found = dict(
        duckdb.sql(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{quoted}')").fetchall()
    )
    assert json.loads(found["captures"]) == [reports.CAPTURE.sha256]
    assert found["portmatrix"] == "0.1.0"


@pytest.mark.parametrize("text", [reports.HOSTILE, "\udcff", '"\\', formats.LONG, "\x00"])
def test_strangers_text_comes_back_as_it_was(text, tmp_path):
    report = replace(reports.FLOWS, flows=(replace(reports.FLOWS.flows[0], detail=text),))
    table, _ = written(report, tmp_path)
    ((detail,),) = table.project("detail").fetchall()
    assert detail == text.replace("\udcff", "\\xff")


def test_no_flows_leave_a_table_without_rows(tmp_path):
    table, _ = written(reports.NO_FLOWS, tmp_path)
    assert tuple(table.columns) == FLOW_COLUMNS
    assert table.fetchall() == []


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtra, match=r"pip install 'portmatrix\[parquet\]'"):
        formats.rendered("parquet", reports.FLOWS, "flows")
