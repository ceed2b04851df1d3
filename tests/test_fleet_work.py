"""One capture in, its tables out."""

from __future__ import annotations

import duckdb
import fleets
import pytest

from analyzer.fleet.plan import plan
from analyzer.fleet.rows import UNDATED
from analyzer.fleet.tables import TABLES
from analyzer.fleet.work import Done, analyse, batch
from analyzer.pipeline import Options, check


@pytest.fixture
def job(tmp_path):
    fleets.faulty(tmp_path / "b7" / "a.pcap")
    (found,) = plan([str(tmp_path / "b7" / "a.pcap")], fleets.sites(tmp_path / "sites", "b7")).jobs
    return found


@pytest.fixture
def tables(job, tmp_path):
    made = batch(analyse, [job])
    assert made.done == (Done(job.key),)
    for file in made.files:
        (tmp_path / f"{file.table}.parquet").write_bytes(file.data)
    return {file.table: duckdb.read_parquet(str(tmp_path / f"{file.table}.parquet")) for file in made.files}


def test_every_table_has_the_columns_that_are_stated(tables):
    assert list(tables) == [name for name in TABLES if name != "transfers"], "there are none"
    for name, table in tables.items():
        columns = dict(zip(table.columns, map(str, table.types), strict=True))
        assert columns == {column.name: column.type for column in TABLES[name]}


def test_the_tables_say_what_check_says(tables, job, tmp_path):
    report = check(Options((job.path,), site=str(tmp_path / "sites" / "b7.yaml")))
    flows = tables["flows"].project("id, verdict, outcome, responder_port, epoch_ns(first)").fetchall()
    assert flows == [
        (flow.id, flow.verdict, flow.outcome, flow.responder.port, flow.first) for flow in report.flows
    ]
    rows = tables["rows"].project("id, status").fetchall()
    assert rows == [(result.row.id, result.status) for result in report.rows]
    ((kind, severity, cause),) = tables["findings"].project("kind, severity, cause").fetchall()
    assert (kind, severity) == ("unexpected-flow", "violation")
    assert cause == "unexpected-flow other to igor-gateway tcp/22 answered"
    ((source, compliant, violations),) = (
        tables["captures"].project("source, compliant, violations").fetchall()
    )
    assert (source, compliant, violations) == (job.path, False, 1)


def test_the_day_is_that_of_the_first_packet(job):
    assert analyse(job).day == "2026-09-21"


def test_what_cannot_be_analysed_is_a_product_with_a_reason(tmp_path):
    for name, content in (("a.pcap", b"no capture at all"), ("b.pcap", b"")):
        (tmp_path / name).write_bytes(content)
    products = [analyse(job) for job in plan([str(tmp_path / "a.pcap"), str(tmp_path / "b.pcap")]).jobs]
    assert [(made.day, made.tables) for made in products] == [(UNDATED, {}), (UNDATED, {})]
    assert all(made.error and "\n" not in made.error for made in products)
    assert products[0].foreign


def test_a_site_file_with_a_mistake_is_told_by_its_name(tmp_path):
    fleets.healthy(tmp_path / "b7" / "a.pcap")
    folder = fleets.sites(tmp_path / "sites", "b7")
    (tmp_path / "sites" / "b7.yaml").write_text("hosts: [{role: nonsense}]\n")
    (job,) = plan([str(tmp_path / "b7")], folder).jobs
    assert "b7.yaml:1" in analyse(job).error
