"""From a report to the site file and back: the finding becomes a note, and nothing else changes."""

from __future__ import annotations

import datetime
import io
from dataclasses import replace
from pathlib import Path

import pytest
from judging import GATEWAY, LAPTOP, NODE, OTHER, samples
from traffic import SYN, Traffic

from analyzer import pipeline
from analyzer.errors import PortmatrixError, UsageError
from analyzer.model import Finding, Report, Severity
from analyzer.pipeline.waive import NOT_A_REPORT, Waiver, waive
from analyzer.report import Style, choose
from analyzer.waive import INSTEAD, WAIVABLE

TODAY = datetime.date(2026, 6, 15)
SITE = f"""# Building 7
hosts:
  - {{name: gateway, address: {GATEWAY}, role: igor-gateway, version: 5.1.0}}  # in the cellar
  - {{name: nodes, address: 10.20.1.0/24, role: igor-node, version: 6.0.2}}
"""


def as_json(report: Report, path: Path) -> str:
    stream = io.StringIO()
    render = choose("json", "report").render_report
    assert render is not None
    render(report, stream, Style())
    path.write_text(stream.getvalue(), "utf-8")
    return str(path)


def told(finding: Finding) -> tuple[object, ...]:
    """A finding without what a waiver may change in it."""
    return (finding.kind, finding.title, finding.detail, finding.flows, finding.rows, finding.frames)


def asked(options: pipeline.Options, finding: str, **more: object) -> Waiver:
    return waive(options, finding, "it is fine", "IT", today=TODAY, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the law


@pytest.mark.parametrize(("capture", "site"), samples(), ids=lambda path: path.parent.name)
def test_the_finding_becomes_a_note_and_nothing_else_changes(
    capture: Path, site: Path, tmp_path: Path
) -> None:
    options = pipeline.Options((str(capture),), site=str(site))
    before = pipeline.check(options)
    source = replace(options, sources=(as_json(before, tmp_path / "report.json"),))
    new = tmp_path / "site.yaml"
    for finding in before.findings:
        if finding.kind not in WAIVABLE or finding.waived:
            with pytest.raises(UsageError, match=r"cannot be waived|is waived already"):
                asked(source, finding.id)
            continue
        waiver = asked(source, finding.id)
        new.write_bytes(waiver.after)
        after = pipeline.check(replace(options, site=str(new)))
        assert [(f.verdict, f.outcome, f.rows) for f in after.flows] == [
            (f.verdict, f.outcome, f.rows) for f in before.flows
        ]
        assert after.rows == before.rows
        waived = [told(f) for f in after.findings if f.waived == "it is fine (IT)"]
        assert told(finding) in waived
        assert all(f.severity is Severity.NOTE for f in after.findings if f.waived)
        also = [told(f) for f in before.findings if f.id in waiver.also]
        assert sorted(map(str, waived)) == sorted(map(str, [told(finding), *also]))
        rest = {f.id: f for f in before.findings if f.id not in {finding.id, *waiver.also}}
        assert {f.id: f for f in after.findings if not f.waived} == rest
        again = replace(source, site=str(new))
        with pytest.raises(UsageError, match="is waived already"):
            asked(again, finding.id)


def test_captures_tell_the_same_as_their_report(tmp_path: Path) -> None:
    capture, site = next(pair for pair in samples() if pair[0].parent.name == "wrong-direction")
    options = pipeline.Options((str(capture),), site=str(site))
    report = pipeline.check(options)
    finding = next(f for f in report.findings if f.kind in WAIVABLE)
    source = replace(options, sources=(as_json(report, tmp_path / "report.json"),))
    assert asked(options, finding.id) == asked(source, finding.id)


# ---------------------------------------------------------------- by hand


@pytest.fixture
def place(tmp_path: Path) -> pipeline.Options:
    """The gateway tries TCP 23 at two nodes and TCP 9 at one; a laptop scans a node."""
    traffic = Traffic().coap(0, NODE, GATEWAY)
    traffic.connect(1, GATEWAY, 40000, NODE, 23).connect(2, GATEWAY, 40001, OTHER, 23)
    traffic.connect(3, GATEWAY, 40002, NODE, 9)
    for port in range(100, 200):
        traffic.tcp(4 + port / 100, LAPTOP, 41000, NODE, port, SYN)
    site = tmp_path / "site.yaml"
    site.write_text(SITE, "utf-8")
    return pipeline.Options((str(traffic.write(tmp_path / "made.pcap")),), site=str(site))


def found(options: pipeline.Options, words: str) -> Finding:
    (finding,) = (f for f in pipeline.check(options).findings if words in f.title)
    return finding


def test_one_entry_speaks_for_the_nodes_of_one_finding_and_no_other(place: pipeline.Options) -> None:
    waiver = asked(place, found(place, "TCP 23").id, until=datetime.date(2099, 1, 1))
    text = waiver.after.decode()
    assert text == SITE + (
        "allow:\n  - {from: gateway, to: 10.20.1.21-10.20.1.22, transport: tcp, port: 23, "
        "reason: it is fine, owner: IT, until: 2099-01-01}\n"
    )
    assert (waiver.before.decode(), waiver.line, waiver.flows, waiver.also) == (SITE, 6, 2, ())


def test_a_scan_is_not_waived_port_by_port(place: pipeline.Options) -> None:
    with pytest.raises(UsageError, match="about 100 ports"):
        asked(place, found(place, "100 different TCP ports").id)


def test_what_is_half_waived_is_waived_the_other_half(place: pipeline.Options, tmp_path: Path) -> None:
    half = f"allow:\n  - {{from: any, to: {NODE}, transport: tcp, port: 23, reason: known}}\n"
    report = as_json(pipeline.check(place), tmp_path / "old.json")
    whole = found(place, "TCP 23").id
    Path(str(place.site)).write_text(SITE + half, "utf-8")
    waiver = asked(replace(place, sources=(report,)), whole)
    assert waiver.entries == (
        "{from: gateway, to: 10.20.1.22, transport: tcp, port: 23, reason: it is fine, owner: IT}",
    )


def test_an_expired_waiver_comes_back_and_can_be_waived_anew(place: pipeline.Options, tmp_path: Path) -> None:
    old = "allow:\n  - {from: any, to: any, transport: tcp, port: 23, reason: r, until: 2020-01-01}\n"
    Path(str(place.site)).write_text(SITE + old, "utf-8")
    report = pipeline.check(place)
    expired = next(f for f in report.findings if f.kind == "expired-waiver")
    with pytest.raises(UsageError, match="renew the entry"):
        asked(place, expired.id)
    again = next(f for f in report.findings if "TCP 23" in f.title and f.kind == "unexpected-flow")
    assert again.severity is Severity.VIOLATION
    waiver = asked(place, again.id)
    Path(str(place.site)).write_bytes(waiver.after)
    assert not [f for f in pipeline.check(place).findings if f.id == again.id]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"finding": "unexpected-flow-00000000"}, "no such finding"),
        ({"finding": "\x1b]0;x"}, r"'\\x1b\]0;x': no such finding"),
        ({"reason": " \n "}, "--reason: must not be empty"),
        ({"owner": ""}, "--owner: must not be empty"),
        ({"until": TODAY}, "is not in the future"),
    ],
)
def test_what_cannot_be_meant(place: pipeline.Options, change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"finding": "x", "reason": "r", "owner": "o", "until": None, **change}
    with pytest.raises(UsageError, match=message):
        waive(place, today=TODAY, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "{",
        '{"schema": "portmatrix.flows/1"}',
        '{"schema": "portmatrix.report/1"}',
        '{"schema": "portmatrix.report/1", "findings": [{"id": 1}], "flows": []}',
        '{"schema": "portmatrix.report/1", "findings": [], "flows": [{"id": "f1", "parent": null}]}',
        '{"schema": "portmatrix.report/1", "findings": [], "flows": [{"id": "f1", "parent": null,'
        ' "transport": "tcp", "originator": {"address": "x"}, "responder": {"address": "x", "port": 1}}]}',
        '{"a":' * 100_000,
    ],
)
def test_a_report_that_is_none(place: pipeline.Options, tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=NOT_A_REPORT) as caught:
        asked(replace(place, sources=(str(path),)), "x")
    assert len(str(caught.value).splitlines()) == 1


def test_a_report_of_missing_rows_says_what_to_do_instead() -> None:
    capture, site = next(pair for pair in samples() if pair[0].parent.name == "coap-missing")
    options = pipeline.Options((str(capture),), site=str(site))
    missing = next(f for f in pipeline.check(options).findings if f.kind == "missing-flow")
    with pytest.raises(UsageError, match=INSTEAD["missing-flow"][:30]):
        asked(options, missing.id)


def test_an_invalid_site_file_is_refused(place: pipeline.Options) -> None:
    Path(str(place.site)).write_text("hosts: 1\n", "utf-8")
    with pytest.raises(PortmatrixError, match="must be a list"):
        asked(place, "x")
