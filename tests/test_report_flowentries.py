"""Entries made of columns are those of ``document.flow``, as the json module writes them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import reports
from judging import CURRENT
from test_conversations import made

from analyzer.pipeline import Options, check, flows
from analyzer.report import document, lines
from analyzer.report.flowentries import written


@pytest.fixture(params=[True, False], ids=["compiled", "in Python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(lines, "COMPILED", None)


@pytest.mark.usefixtures("way")
def test_hostile_records() -> None:
    some = [*reports.REPORT.flows, replace(reports.ARP, service="\udcff", reason='"\\\u202e', waived="\n")]
    expected = [f"<{json.dumps(document.flow(record))}>" for record in some]
    assert "".join(written(some, "<", ">")) == "".join(expected)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("seed", range(2))
def test_records_of_columns(seed: int, tmp_path: Path) -> None:
    path = str(made(random.Random(seed), 80).write(tmp_path / "made.pcap"))
    for report in (check(Options((path,), hosts=CURRENT)), flows(Options((path,)))):
        expected = [json.dumps(document.flow(record)) + "\n" for record in report.flows]
        assert "".join(written(report.flows, "", "\n")) == "".join(expected)
        assert len(expected) > 20


def test_no_records() -> None:
    assert list(written([], "", "\n")) == []
