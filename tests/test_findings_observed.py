"""How an observation becomes a finding: weight, waivers, rows, frames."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bacnetwire import Building, bvlc
from judging import BMS, CURRENT, GATEWAY, bench, judged, matrix, talk

from analyzer.findings.case import FRAMES, Case
from analyzer.findings.observed import cases, explained, standing
from analyzer.model import FindingKind, Severity, Verdict
from analyzer.observation import Observation, Standing

SEEN = Observation(
    kind=FindingKind.PROTOCOL_ERROR,
    severity=Severity.WARNING,
    key=("bacnet", "x"),
    title="a title",
    detail="a detail",
    advice="an advice",
    frames=tuple(range(1, 100)),
    near_miss="near",
)


def flows(far: str = GATEWAY):
    found = [talk(BMS, far, 47808, row=0), talk(BMS, far, 47808, row=1, a_port=50000)]
    court = bench(CURRENT)
    return found, {flow.row: court.judge(flow) for flow in found}


def test_words_and_evidence_are_the_observation_s() -> None:
    found, judgements = flows()
    (case,) = cases([replace(SEEN, flows=tuple(found))], judgements, {})
    finding = case.finding([])
    assert (finding.title, finding.detail, finding.advice) == ("a title", "a detail", "an advice")
    assert (finding.near_miss, finding.severity) == ("near", Severity.WARNING)
    assert finding.frames == tuple(range(1, FRAMES + 1))
    assert finding.flows == ("f1", "f2")


def test_between_hosts_of_no_sheet_it_is_a_note() -> None:
    found, judgements = flows("10.99.0.1")
    (case,) = cases([replace(SEEN, flows=tuple(found))], judgements, {})
    assert case.severity is Severity.NOTE
    (case,) = cases([SEEN], {}, {})
    assert case.severity is Severity.NOTE, "no flow at all"


def test_what_explains_a_missing_row_is_its_near_miss() -> None:
    row = next(row for row in matrix().rows if row.service.protocol == "tftp")
    missing = Case(FindingKind.MISSING_FLOW, Severity.VIOLATION, ("tftp",), rows={row.id: row})
    other = Case(FindingKind.MISSING_FLOW, Severity.VIOLATION, ("coap",))
    telling = replace(SEEN, explains="tftp")
    assert list(explained([telling, SEEN], [missing, other])) == [SEEN]
    assert (missing.near_miss, other.near_miss) == ("a title. a detail", "")
    assert list(explained([telling], [other])) == [telling]


def test_a_note_stays_a_note() -> None:
    found, judgements = flows()
    (case,) = cases([replace(SEEN, flows=tuple(found), severity=Severity.NOTE)], judgements, {})
    assert case.severity is Severity.NOTE


def test_only_a_waiver_of_all_flows_waives() -> None:
    found, judgements = flows()
    seen = replace(SEEN, flows=tuple(found))
    (case,) = cases([seen], judgements, {0: "known"})
    assert case.waived == ""
    (case,) = cases([seen], judgements, {0: "known", 1: "known"})
    assert (case.waived, case.finding([]).severity) == ("known", Severity.NOTE)
    assert case.finding([]).id != next(iter(cases([seen], judgements, {}))).finding([]).id


def test_a_leg_is_told_as_its_request() -> None:
    found, judgements = flows()
    leg = talk(GATEWAY, BMS, 40000, row=2)
    leg.parent = found[0]
    (case,) = cases([replace(SEEN, flows=(leg,))], judgements, {})
    assert [flow.row for flow in case.flows] == [0]


@pytest.mark.parametrize("site", [True, False])
def test_through_the_whole_pipeline(site: bool) -> None:
    building = Building().read(0, BMS, GATEWAY)
    building.say(1, BMS, GATEWAY, bvlc(5, b"\0\x3c")).say(1.1, GATEWAY, BMS, bvlc(0, b"\0\x30"))
    report = judged(building, CURRENT if site else ())
    (finding,) = report.findings
    assert finding.kind is FindingKind.PROTOCOL_ERROR
    assert finding.severity is (Severity.WARNING if site else Severity.NOTE)
    assert report.compliant


def test_a_waiver_of_the_site_file_counts(tmp_path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "hosts:\n"
        "  - {name: gw, address: 10.20.0.10, role: igor-gateway, version: 5.1.0}\n"
        "  - {name: bms, address: 10.20.0.40, role: bacnet-system}\n"
        "allow:\n"
        "  - {from: bms, to: gw, transport: udp, port: 47808, reason: known}\n"
    )
    from analyzer.pipeline import Options, check

    building = Building().say(0, BMS, GATEWAY, bvlc(5, b"\0\x3c")).say(0.1, GATEWAY, BMS, bvlc(0, b"\0\x30"))
    path = building.write(tmp_path / "x.pcap")
    (finding,) = check(Options((str(path),), site=str(site))).findings
    assert (finding.waived, finding.severity) == ("known", Severity.NOTE)


def test_how_a_flow_stands_is_its_verdict_its_ends_and_its_waiver() -> None:
    found, judgements = flows()
    stands = standing(judgements, {1: "known"})
    ends = ("undeclared", "igor-gateway")  # whose sheet does not list BACnet
    assert stands(found[0]) == Standing(Verdict.UNEXPECTED, True, ends, "")
    assert stands(found[1]).waived == "known"
