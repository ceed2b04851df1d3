"""A learned sheet: the same capture is compliant with it, another is not."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from judging import CURRENT, GATEWAY, LAPTOP, NODE, samples
from sites import sites
from traffic import SYN, Traffic

from analyzer import pipeline, rulesets
from analyzer.model import FindingKind, Learned, Outcome, Report
from analyzer.pipeline import Options
from analyzer.pipeline.learn import learn
from analyzer.report import Style, choose

UNLISTED = (FindingKind.UNEXPECTED_FLOW, FindingKind.DISPUTED_FLOW, FindingKind.RETIRED_SERVICE)
WORKED = (Outcome.ANSWERED, Outcome.ONE_WAY)


def as_yaml(draft: Learned) -> str:
    stream = io.StringIO()
    render = choose("yaml", "learned").render_learned
    assert render is not None
    render(draft, stream, Style())
    return stream.getvalue()


def with_learned(options: Options, folder: Path, *captures: str) -> Report:
    """What ``check`` says of ``captures`` (default: the same) with the sheet learned from ``options``."""
    sheet = folder / "learned.yaml"
    sheet.write_text(as_yaml(learn(options)), "utf-8")
    return pipeline.check(Options(captures or options.sources, options.site, options.hosts, (str(sheet),)))


def worked(report: Report, flows: tuple[str, ...]) -> bool:
    records = {flow.id: flow for flow in report.flows}
    return all(
        records[flow].outcome in WORKED
        and records[flow].confidence != "guess"
        and records[flow].responder.port is not None
        for flow in flows
    )


@pytest.mark.parametrize(
    ("capture", "site"), [s for s in samples() if s[0].stem == "capture"], ids=lambda path: path.parent.name
)
def test_nothing_that_worked_is_unexpected_in_the_capture_it_was_learned_from(
    capture: Path, site: Path, tmp_path: Path
) -> None:
    options = Options((str(capture),), site=str(site))
    draft = learn(options)
    if not draft.rows:
        return
    before, after = pipeline.check(options), with_learned(options, tmp_path)
    for finding in after.findings:
        if finding.kind in UNLISTED:
            assert not worked(after, finding.flows), finding
    assert not before.compliant or after.compliant
    good = {
        (flow.transport, flow.responder.port)
        for flow in before.flows
        if flow.outcome in WORKED and flow.parent is None
    }
    for row in draft.rows:
        assert (row.transport, row.port) in good, row


def test_lint_finds_nothing_invalid(tmp_path: Path) -> None:
    capture, site = next(pair for pair in samples() if pair[0].parent.name == "healthy-current")
    sheet = tmp_path / "learned.yaml"
    sheet.write_text(as_yaml(learn(Options((str(capture),), site=str(site)))), "utf-8")
    (ruleset,) = (one for one in rulesets.load((str(sheet),)) if one.name == "learned")
    assert set(ruleset.subjects) == {"bacnet-system", "igor-bacnet-service", "igor-gateway", "igor-node"}
    assert all(service.interpretations for service in ruleset.services.values())
    assert hashlib.sha256(capture.read_bytes()).hexdigest()[:16] in ruleset.document


def test_another_capture_shows_what_is_new(tmp_path: Path) -> None:
    known = Traffic().coap(0, GATEWAY, NODE).connect(1, GATEWAY, 40000, NODE, 9000, b"x")
    new = Traffic().coap(0, GATEWAY, NODE).connect(1, GATEWAY, 40000, NODE, 9000, b"x")
    new.connect(2, GATEWAY, 40000, NODE, 9001, b"x").connect(3, LAPTOP, 40000, NODE, 9000, b"x")
    first, second = (str(one.write(tmp_path / name)) for one, name in ((known, "a.pcap"), (new, "b.pcap")))
    options = Options((first,), hosts=CURRENT)
    assert with_learned(options, tmp_path).compliant
    report = with_learned(options, tmp_path, second)
    unexpected = {
        (flow.originator.address, flow.responder.port)
        for flow in report.flows
        if flow.verdict == "unexpected"
    }
    assert unexpected == {(GATEWAY, 9001), (LAPTOP, 9000)}


def test_a_refused_attempt_stays_a_violation(tmp_path: Path) -> None:
    traffic = Traffic().coap(0, GATEWAY, NODE)
    traffic.tcp(1, GATEWAY, 40000, NODE, 23, SYN).tcp(1.1, NODE, 23, GATEWAY, 40000, 0x14)
    options = Options((str(traffic.write(tmp_path / "a.pcap")),), hosts=CURRENT)
    report = with_learned(options, tmp_path)
    assert [finding.kind for finding in report.findings] == ["unexpected-flow"]
    assert ("tcp", 23) not in {(row.transport, row.port) for row in learn(options).rows}


@settings(deadline=None, max_examples=20)
@given(sites())
def test_a_healthy_site_is_compliant_with_what_was_learned_of_it(
    tmp_path_factory: pytest.TempPathFactory, site: tuple[Traffic, dict[str, str]]
) -> None:
    traffic, truth = site
    folder = tmp_path_factory.mktemp("learned")
    hosts = tuple(f"{role}={address}" for address, role in truth.items())
    options = Options((str(traffic.write(folder / "made.pcap")),), hosts=hosts)
    if not learn(options).rows:
        return
    report = with_learned(options, folder)
    assert not [finding for finding in report.findings if finding.kind in UNLISTED]
