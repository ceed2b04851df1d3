"""The law: a pseudonymised capture, checked with the pseudonymised site file, says what the original says."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import judging
import pytest

from analyzer.model import FlowRecord, Report
from analyzer.pipeline import Options, check, flows
from analyzer.pipeline.evidence import Wanted, copy, sight
from analyzer.pipeline.pseudonyms import map_file, opened, renamed, site_file


def facts(report: Report) -> object:
    """What a report says, without what names and captures are called."""
    return (
        [
            (flow.id, flow.transport, flow.protocol, flow.originator, flow.responder, *_rest(flow))
            for flow in report.flows
        ],
        [(result.row.id, result.status, result.outcome, result.flows) for result in report.rows],
        [(one.id, one.kind, one.severity, one.flows, one.rows, one.frames) for one in report.findings],
        [(one.client, one.server, one.outcome, one.cause, one.bytes, one.frames) for one in report.transfers],
        [(one.node, one.outcome) for one in report.attempts],
        Counter(host.roles for host in report.hosts),
    )


def _rest(flow: FlowRecord) -> tuple[object, ...]:
    seen = flow.packets, flow.bytes, flow.first, flow.last, flow.frames, flow.flags
    return (*seen, flow.outcome, flow.verdict, flow.rows, flow.confidence, flow.basis)


@pytest.mark.parametrize(("path", "place"), judging.samples(), ids=lambda path: path.parent.name)
def test_the_same_is_said_of_the_pseudonymised_capture(path: Path, place: Path, tmp_path: Path) -> None:
    options = Options((str(path),), site=str(place))
    found = sight(options, Wanted(everything=True), limit=0)
    pseudonyms = opened(found.report, None, "law")
    target, site = tmp_path / "other.pcapng", tmp_path / "site.yaml"
    with target.open("wb") as stream:
        copied = copy(found, stream, "test", pseudonyms)
    assert copied.frames == found.packets
    site.write_text(site_file(found.report, pseudonyms))
    again = check(Options((str(target),), site=str(site)))
    told = renamed(found.report, pseudonyms)
    assert facts(again) == facts(told)
    # And in the words of the findings, too.
    assert [(one.title, one.detail, one.advice) for one in again.findings] == [
        (one.title, one.detail, one.advice) for one in told.findings
    ]


def test_without_a_site_too(tmp_path: Path) -> None:
    for path, _ in judging.samples()[:6]:
        found = sight(Options((str(path),)), Wanted(everything=True), limit=0)
        pseudonyms = opened(found.report, None, "law")
        made = io.BytesIO()
        copy(found, made, "test", pseudonyms)
        made.seek(0)
        again = check(Options(("-",), stdin=made))
        assert facts(again) == facts(renamed(found.report, pseudonyms)), path


def test_the_map_gives_the_same_pseudonyms_to_the_next_capture(tmp_path: Path) -> None:
    path, _ = judging.samples()[0]
    report = flows(Options((str(path),)))
    pseudonyms = opened(report, str(tmp_path / "map.json"), None)
    first = renamed(report, pseudonyms)
    (tmp_path / "map.json").write_text(map_file(pseudonyms))
    assert renamed(report, opened(report, str(tmp_path / "map.json"), None)) == first
    assert first != report
