"""The survey of a capture, against the site file that somebody wrote by hand."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from judging import BMS, GATEWAY, LAPTOP, NODE, OTHER, SAMPLES, samples
from naming import address as packed
from naming import answer, dhcp, record, wire_name
from sites import sites
from traffic import Traffic

from analyzer import pipeline
from analyzer.model import FindingKind, Report, Severity, Survey
from analyzer.pipeline import Options
from analyzer.pipeline.survey import survey
from analyzer.report import Style, choose

CASES = [
    (path, site)
    for path, site in samples()
    if (path.parent.name != "same-traffic" or path.stem == "ethernet")
    # BACnet alone: nothing tells which of its hosts is a gateway.
    and not path.parent.name.startswith("bacnet-")
]


def as_yaml(found: Survey) -> str:
    stream = io.StringIO()
    render = choose("yaml", "survey").render_survey
    assert render is not None
    render(found, stream, Style())
    return stream.getvalue()


class Both(NamedTuple):
    """A capture judged by the hand-written site file, and by the one that a survey of it proposes."""

    found: Survey
    by_hand: Report
    surveyed: Report


def both(capture: Path, site: Path, folder: Path) -> Both:
    found = survey(Options((str(capture),)))
    proposed = folder / "site.yaml"
    proposed.write_text(as_yaml(found), "utf-8")
    options = Options((str(capture),), site=str(site))
    return Both(found, pipeline.check(options), pipeline.check(Options((str(capture),), site=str(proposed))))


# ---------------------------------------------------------------- against the sites written by hand

EDITION = {"retired-upnp"}
"""Samples whose versions contradict their traffic: no traffic could tell."""


@pytest.mark.parametrize(("capture", "site"), CASES, ids=lambda path: path.parent.name)
def test_the_verdicts_are_those_of_the_site_written_by_hand_or_it_says_where_it_is_unsure(
    capture: Path, site: Path, tmp_path: Path
) -> None:
    found, by_hand, surveyed = both(capture, site, tmp_path)
    unsure = {member.address for line in found.lines if line.level == "unsure" for member in line.hosts}
    edition = any(line.edition for line in found.lines)
    for hand, flow in zip(by_hand.flows, surveyed.flows, strict=True):
        ends = {flow.originator.address, flow.responder.address}
        if not ends & unsure and not (capture.parent.name in EDITION and edition):
            assert (flow.verdict, flow.outcome) == (hand.verdict, hand.outcome), flow
    if by_hand.compliant:
        assert surveyed.compliant, "a proposal never makes a violation of its own"
    violations = {(f.kind, f.flows) for f in by_hand.findings if f.severity is Severity.VIOLATION}
    for finding in surveyed.findings:
        if finding.severity is Severity.VIOLATION:
            assert (finding.kind, finding.flows) in violations


@pytest.mark.parametrize(("capture", "site"), CASES, ids=lambda path: path.parent.name)
def test_no_role_in_force_is_another_than_the_hand_written_one(
    capture: Path, site: Path, tmp_path: Path
) -> None:
    found, by_hand, _ = both(capture, site, tmp_path)
    roles = {address: set(host.roles) for host in by_hand.hosts for address in host.addresses}
    for host in by_hand.hosts:
        for address in host.addresses:
            roles[address] = roles[address] | set(host.roles)
    for line in found.lines:
        for member in line.hosts:
            if line.level != "unsure":
                assert line.role in roles[member.address], (line.name, member.address)


@pytest.mark.parametrize(("capture", "site"), CASES, ids=lambda path: path.parent.name)
def test_with_its_unsure_lines_in_force_too_the_verdicts_are_those_written_by_hand(
    capture: Path, site: Path, tmp_path: Path
) -> None:
    found = survey(Options((str(capture),)))
    if capture.parent.name in EDITION or all(line.in_force for line in found.lines):
        return
    whole = tmp_path / "site.yaml"
    whole.write_text(as_yaml(found).replace("  # - {", "  - {"), "utf-8")
    by_hand, surveyed = (
        pipeline.check(Options((str(capture),), site=str(place))).flows for place in (site, whole)
    )
    assert [(flow.id, flow.verdict, flow.outcome) for flow in surveyed] == [
        (flow.id, flow.verdict, flow.outcome) for flow in by_hand
    ]


WHOLE = (
    *("biostar-direct-mode", "biostar-server-mode", "coap-blocked", "coap-refused", "firmware-push-ok"),
    *("firmware-update-ok", "healthy-current", "healthy-legacy-upnp", "mixed-versions", "tricky-ports"),
)
"""Samples with a host in the middle and several around it, on more than a port that others use too."""


@pytest.mark.parametrize("case", WHOLE)
def test_where_the_shape_tells_every_host_that_sends_is_in_force(case: str) -> None:
    capture, site = next(pair for pair in CASES if pair[0].parent.name == case)
    by_hand = pipeline.check(Options((str(capture),), site=str(site)))
    ends = [end for flow in by_hand.flows for end in (flow.originator, flow.responder)]
    talked = [f for f in by_hand.flows if f.responder.port is not None]  # who only refuses tells nothing
    sent = [zip((f.originator, f.responder), f.packets, strict=True) for f in talked]
    senders = {end.address for pair in sent for end, count in pair if count}
    lines = [line for line in survey(Options((str(capture),))).lines if line.in_force]
    in_force = {member.address for line in lines for member in line.hosts}
    assert in_force >= {end.address for end in ends if end.roles} & senders


# ---------------------------------------------------------------- by hand


def surveyed(traffic: Traffic, folder: Path) -> Survey:
    return survey(Options((str(traffic.write(folder / "made.pcap")),)))


def test_names_macs_and_routers_of_a_made_site(tmp_path: Path) -> None:
    traffic = Traffic().arp(0, GATEWAY, NODE).coap(1, GATEWAY, NODE).coap(2, GATEWAY, OTHER)
    traffic.udp(
        3, NODE, 68, "10.20.0.1", 67, dhcp(1, 3, (12, b"ceiling-7"), has=NODE, mac=b"\2\0\x0a\x14\1\x15")
    )
    named = answer(record(wire_name("igw.example"), 1, packed(GATEWAY)))
    traffic.udp(4, "10.20.0.1", 53, LAPTOP, 40000, named)
    traffic.connect(5, LAPTOP, 40000, NODE, 9999)
    found = surveyed(traffic, tmp_path)
    by_role = {line.role: line for line in found.lines}
    assert by_role["igor-gateway"].name == "igw"
    members = {member.address: member for line in found.lines for member in line.hosts}
    assert members[NODE].mac == "02:00:0a:14:01:15"
    assert [heard.text for heard in members[NODE].names] == ["ceiling-7"]
    assert [(other.address, other.evidence) for other in found.others if other.address == LAPTOP] == [
        (LAPTOP, (f"opens TCP 9999 with {NODE}",))
    ]
    assert found.activities == {"operation": ("UDP 5683 (CoAP)",)}


def test_a_coap_client_beside_the_gateway_is_in_doubt(tmp_path: Path) -> None:
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER, "10.20.1.23")):
        traffic.coap(number, GATEWAY, node).coap(number + 10, node, GATEWAY)
        traffic.coap(number + 20, LAPTOP, node, sport=40001)
    lines = surveyed(traffic, tmp_path).lines
    level = {member.address: line.level for line in lines for member in line.hosts}
    assert (level[GATEWAY], level[LAPTOP]) == ("likely", "unsure")
    assert any(GATEWAY in line.doubt for line in lines)


def test_a_host_that_mostly_does_other_things_is_in_doubt(tmp_path: Path) -> None:
    """A CoAP product of another make: its hub speaks MQTT and its own port with its sensors."""
    traffic = Traffic()
    for number, sensor in enumerate((NODE, OTHER)):
        traffic.coap(number, GATEWAY, sensor)
        for port in (1883, 8883, 9999):
            traffic.connect(10 + number + port / 1e4, sensor, 40000 + number, GATEWAY, port, b"\1")
    lines = surveyed(traffic, tmp_path).lines
    assert {line.level for line in lines} == {"unsure"}
    assert all("its sheet lists only" in line.doubt for line in lines)


def test_an_empty_capture_and_one_of_strangers(tmp_path: Path) -> None:
    assert surveyed(Traffic(), tmp_path).lines == ()
    office = Traffic().connect(0, BMS, 40000, LAPTOP, 443)
    found = surveyed(office, tmp_path)
    assert (found.lines, found.others) == ((), ())


def test_several_captures_are_one_survey() -> None:
    folder = SAMPLES / "same-traffic"
    one = survey(Options((str(folder / "ethernet.pcap"),)))
    two = survey(Options((str(folder / "ethernet.pcap"), str(SAMPLES / "healthy-current" / "capture.pcap"))))
    assert len(two.captures) == 2
    assert {member.address for line in one.lines for member in line.hosts} <= {
        member.address for line in two.lines for member in line.hosts
    }


# ---------------------------------------------------------------- the law


@settings(deadline=None, max_examples=25)
@given(sites())
def test_a_healthy_sites_own_survey_makes_no_violation(
    tmp_path_factory: pytest.TempPathFactory, site: tuple[Traffic, dict[str, str]]
) -> None:
    traffic, truth = site
    folder = tmp_path_factory.mktemp("site")
    found = surveyed(traffic, folder)
    in_force = {m.address: line.role for line in found.lines if line.level != "unsure" for m in line.hosts}
    assert in_force.items() <= truth.items()
    (folder / "site.yaml").write_text(as_yaml(found), "utf-8")
    report = pipeline.check(Options((str(folder / "made.pcap"),), site=str(folder / "site.yaml")))
    allowed = (FindingKind.FAILING_FLOW,)  # an office host may open what nobody answers
    assert not [f for f in report.findings if f.severity is Severity.VIOLATION and f.kind not in allowed]
