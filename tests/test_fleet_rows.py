"""A report as rows: names and values are the report's own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import fleets
import pytest
from reports import EMPTY, REPORT, TRANSFER

from analyzer.fleet.rows import UNDATED, cause, day_of, rows_of
from analyzer.fleet.tables import TABLES
from analyzer.model import FindingKind
from analyzer.pipeline import Options, check
from analyzer.report import document, parquet

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def made(tmp_path):
    folder = fleets.sites(tmp_path / "sites", "b7")
    return check(Options((str(fleets.faulty(tmp_path / "a.pcap")),), site=f"{folder}/b7.yaml"))


def test_every_value_has_its_column_and_every_column_a_value(made):
    tables = {name: list(rows) for name, rows in rows_of(made, "k", "a.pcap").items()}
    tables["flows"] = [json.loads(line) for line in "".join(tables["flows"]).splitlines()]
    assert list(tables) == list(TABLES)
    for name in ("flows", "rows", "findings", "captures"):
        columns = {column.name for column in TABLES[name]}
        assert all(set(row) == columns for row in tables[name]), name
        assert all(row["capture"] == "k" for row in tables[name])
    assert tables["captures"][0]["source"] == "a.pcap"
    assert (tables["captures"][0]["violations"], tables["captures"][0]["damaged"]) == (1, False)


def test_flows_are_what_the_flow_table_says(made):
    hostile = replace(made.flows[0], service='a\udcff"\n}', waived="", first=-1, fragments=3)
    for flows in (tuple(made.flows), (hostile, *made.flows)):
        found = "".join(rows_of(replace(made, flows=flows), 'k"', "a.pcap")["flows"]).splitlines()
        assert list(map(json.loads, found)) == [
            {
                "capture": 'k"',
                **json.loads(json.dumps(parquet.entry(flow))),
                "verdict": flow.verdict.value,
                "reason": flow.reason,
                "rows": list(flow.rows),
                "waived": None,
            }
            for flow in flows
        ]


def test_a_transfer_has_every_column_too():
    full = replace(REPORT, transfers=(TRANSFER,))
    (row, *_) = rows_of(full, "k", "a.pcap")["transfers"]
    assert set(row) == {column.name for column in TABLES["transfers"]}
    assert row["cause"] == document.transfer(TRANSFER)["cause"]
    assert row["first"] == TRANSFER.first


def test_the_day_is_that_of_the_first_packet(made):
    assert day_of(made) == "2026-09-21"
    assert day_of(EMPTY) == UNDATED


def test_the_cause_is_the_same_at_another_site(made):
    flows = {flow.id: flow for flow in made.flows}
    (finding,) = [one for one in made.findings if one.kind is FindingKind.UNEXPECTED_FLOW]
    assert cause(finding, flows, {}) == "unexpected-flow other to igor-gateway tcp/22 answered"
    assert cause(finding, {}, {}).startswith("unexpected-flow")


def test_transfers_that_fail_for_two_reasons_are_two_faults():
    said = set()
    for case in ("transfer-not-found", "transfer-access"):
        (path,) = (SAMPLES / case).glob("capture.*")
        found = check(Options((str(path),), site=str(SAMPLES / case / "site.yaml")))
        said |= {
            row["cause"] for row in rows_of(found, "k", "x")["findings"] if row["kind"] == "transfer-failed"
        }
    assert said == {
        "transfer-failed igor-node to igor-gateway udp/69 error-not-found",
        "transfer-failed igor-node to igor-gateway udp/69 error-access",
    }
