"""A report with pseudonyms says the same of other addresses."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import judging
import pytest
import reports

from analyzer.model import FirmwareReport, FlowRecord, Host, Site
from analyzer.pipeline import Options, check, firmware, flows
from analyzer.pseudonyms import Pseudonyms
from analyzer.pseudonyms.report import known, pseudonymised
from analyzer.report import Style, formats


def json_of(report: object, what: str) -> str:
    stream = io.StringIO()
    render = formats()["json"].render(what)
    assert render is not None
    render(report, stream, Style())
    return stream.getvalue()


@pytest.mark.parametrize("case", ["coap-blocked", "unexpected-service", "firmware-update-ok", "bacnet"])
def test_nothing_of_the_site_is_left(case: str) -> None:
    folder = judging.SAMPLES / case
    path = next(path for path in folder.iterdir() if path.name.startswith("capture."))
    options = Options((str(path),), site=str(folder / "site.yaml"))
    made: list[tuple[str, str, str]] = []
    for what, run in (("report", check), ("firmware", firmware), ("flows", flows)):
        report = run(options)
        other = pseudonymised(report, Pseudonyms(bytes(32)))
        made.append((what, json_of(report, what), json_of(other, what)))
    for what, before, after in made:
        documents = json.loads(before), json.loads(after)
        originals = set(re.findall(r"\b10\.2\d\.\d+\.\d+\b", before))
        assert originals
        assert not {one for one in originals if re.search(rf"(?<!\d){re.escape(one)}(?!\d)", after)}
        assert documents[1]["captures"][0]["path"].startswith("capture-1.")
        assert documents[1]["captures"][0]["sha256"] == ""
        for key in documents[0]:
            if isinstance(documents[0][key], list):
                assert len(documents[0][key]) == len(documents[1][key]), (what, key)


def test_names_go_and_words_of_ours_stay() -> None:
    site = Site(
        "Main Street 5",
        (
            Host("igor-gateway", ("10.20.0.10",), ("igor-gateway",)),
            Host("Jones", ("10.20.1.0/24",), ("igor-node",)),
        ),
    )
    finding = replace(reports.UNEXPECTED, title="Jones talks to igor-gateway at Main Street 5")
    report = replace(reports.REPORT, site=site, findings=(finding,))
    other = pseudonymised(report, Pseudonyms(bytes(32)))
    assert other.findings[0].title == "igor-node 1 talks to igor-gateway 1 at site 1"
    assert other.flows[0].originator.roles == ("igor-node",)
    assert other.rows == report.rows
    assert other.flows[0].originator.address != report.flows[0].originator.address


class Made(Sequence[FlowRecord]):
    """Records made when they are asked for."""

    def __len__(self) -> int:
        return len(reports.REPORT.flows)

    def __getitem__(self, at: Any) -> Any:
        return reports.REPORT.flows[at]


def test_flows_that_are_made_when_asked_for() -> None:
    other = pseudonymised(replace(reports.REPORT, flows=Made()), Pseudonyms(bytes(32)))
    assert other.flows == pseudonymised(reports.REPORT, Pseudonyms(bytes(32))).flows
    assert other.flows[0].originator.address != reports.REPORT.flows[0].originator.address


def test_addresses_of_the_report_are_known() -> None:
    assert {lo for version, _, lo in known(reports.REPORT) if version == 4} >= {0x0A140009 + 1, 0x0A140905}
    empty = FirmwareReport("1", (), Site(), (), ())
    assert not list(known(empty))
