"""All findings together: kinds and severities, grouping, and the laws that hold of any report."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import (
    CURRENT,
    GATEWAY,
    GET,
    LAPTOP,
    LEGACY,
    NODE,
    NOTIFY,
    OTHER,
    judged,
    pcap_bytes,
    pcap_frames,
    samples,
)
from traffic import ACK, RST, SYN, Traffic

from analyzer.compliance.scans import MANY_PORTS
from analyzer.errors import PortmatrixError
from analyzer.model import FindingKind, Report, Severity, Status
from analyzer.pipeline import Options, check
from analyzer.transfers.tftp import gather

COAP = b"\x41\x01\x00\x01\x07"


def found(traffic: Traffic, hosts: tuple[str, ...] = CURRENT, **options: object) -> list[tuple[str, str]]:
    return [(str(one.kind), str(one.severity)) for one in judged(traffic, hosts, **options).findings]


# ---------------------------------------------------------------- kinds and severities


@pytest.mark.parametrize(
    ("traffic", "expected"),
    [
        (Traffic().udp(0, NODE, 40000, GATEWAY, 50201, COAP), [("unexpected-flow", "violation")]),
        (Traffic().udp(0, GATEWAY, 40000, NODE, 5683, COAP), [("failing-flow", "violation")]),
        (Traffic().udp(0, GATEWAY, 40000, NODE, 50202, b"\1"), [("disputed-flow", "warning")]),
        (Traffic().connect(0, GATEWAY, 40000, NODE, 1901, GET), [("retired-service", "violation")]),
        (Traffic().connect(0, LAPTOP, 40000, GATEWAY, 8080, GET), [("undeclared-peer", "note")]),
        (Traffic().udp(0, GATEWAY, 40000, NODE, 5683, b"hello, hello"), [("payload-mismatch", "warning")]),
        (Traffic().coap(0, GATEWAY, NODE), []),
    ],
    ids=["unexpected", "failing", "disputed", "retired", "undeclared", "mismatch", "healthy"],
)
def test_kind_and_severity(traffic: Traffic, expected: list[tuple[str, str]]) -> None:
    assert found(traffic) == expected


def test_without_a_declaration_the_same_faults_are_warnings() -> None:
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER)):
        traffic.coap(number, GATEWAY, node).udp(number, GATEWAY, 41000, node, 50201, COAP)
        traffic.udp(number + 0.1, node, 50201, GATEWAY, 41000, b"\x61\x45\x00\x01\x07")
        traffic.udp(number + 0.5, node, 45000, GATEWAY, 50201, COAP)
    assert ("unexpected-flow", "violation") in found(traffic)
    assert ("unexpected-flow", "warning") in found(traffic, ())
    assert "violation" not in dict(found(traffic, ())).values()


def test_the_gravest_come_first() -> None:
    traffic = (
        Traffic().connect(0, LAPTOP, 40000, GATEWAY, 8080, GET).udp(1, GATEWAY, 40000, NODE, 50202, b"\1")
    )
    severities = [severity for _, severity in found(traffic.udp(2, NODE, 40000, GATEWAY, 50201, COAP))]
    assert severities == ["violation", "warning", "note"]


def test_a_flow_may_have_more_than_one_finding() -> None:
    traffic = Traffic().udp(0, NODE, 40000, LAPTOP, 5683, b"hello, hello")
    assert found(traffic) == [("unexpected-flow", "violation"), ("payload-mismatch", "warning")]


# ---------------------------------------------------------------- grouping


def test_different_outcomes_are_different_causes() -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, 5683, COAP).udp(1, GATEWAY, 40000, OTHER, 5683, COAP)
    traffic.unreachable(1.1, OTHER, GATEWAY, 40000, OTHER, 5683, 3)
    assert found(traffic) == [("failing-flow", "violation")] * 2


def test_a_failing_host_is_a_finding_although_the_row_works() -> None:
    traffic = Traffic().coap(0, GATEWAY, NODE).udp(1, GATEWAY, 41000, OTHER, 5683, COAP).arp(4, GATEWAY, NODE)
    report = judged(traffic)
    assert [str(one.kind) for one in report.findings] == ["failing-flow"]
    status = {result.row.id: result.status for result in report.rows}
    assert status["igor-node/6.0.0+/incoming/udp/5683"] is Status.WORKING


@pytest.mark.parametrize(("ports", "findings"), [(MANY_PORTS, MANY_PORTS), (MANY_PORTS + 1, 1)])
def test_a_scan_is_one_finding(ports: int, findings: int) -> None:
    traffic = Traffic()
    for port in range(6000, 6000 + ports):
        traffic.tcp(port / 1000, LAPTOP, 50000, NODE, port, SYN)
    report = judged(traffic)
    assert len(report.findings) == findings
    assert sum(len(one.flows) for one in report.findings) == ports


@pytest.mark.parametrize("ports", [1, 5])
def test_the_same_fault_with_less_weight_has_an_id_of_its_own(ports: int) -> None:
    """One gateway's version is stated, the other's is read from the traffic: a violation and a warning."""
    second = "10.20.0.11"
    traffic = Traffic().connect(0, LAPTOP, 50001, second, 8081).connect(1, LAPTOP, 50001, second, 8080, GET)
    for number in range(ports):
        traffic.connect(2 + number, LAPTOP, 50002 + number, GATEWAY, 1901)
        traffic.connect(2.5 + number, LAPTOP, 50002 + number, second, 1901)
    report = judged(traffic, (f"igor-gateway={GATEWAY}@5.1.0", f"igor-gateway={second}"))
    assert sorted(
        str(one.severity) for one in report.findings if one.kind is FindingKind.RETIRED_SERVICE
    ) == [
        "violation",
        "warning",
    ]
    consistent(report)


def test_scans_of_two_kinds_of_hosts_are_two_findings() -> None:
    traffic = Traffic()
    for port in range(6000, 6000 + MANY_PORTS + 1):
        traffic.tcp(port / 1000, LAPTOP, 50000, NODE, port, SYN).tcp(
            port / 1000, LAPTOP, 50000, GATEWAY, port, SYN
        )
    assert len(judged(traffic).findings) == 2


def test_a_missing_pool_or_pair_is_one_finding() -> None:
    traffic = Traffic()
    for step in range(14):
        for number, node in enumerate((NODE, OTHER)):
            traffic.connect(step * 30 + number, GATEWAY, 40000 + 100 * number + step, node, 80, GET)
    report = judged(traffic, CURRENT[:2], activities=("firmware-update",))
    missing = [one for one in report.findings if one.kind is FindingKind.MISSING_FLOW]
    ports = [tuple(sorted({row.rsplit("/", 1)[1] for row in one.rows})) for one in missing]
    assert set(ports) == {("1050",), ("50195", "50196", "50197", "50198", "50199"), ("5683",), ("69",)}
    assert ports.count(("5683",)) == 1, "both sheets speak of the same absence"
    assert all(one.frames == (1, one.frames[1]) for one in missing)


# ---------------------------------------------------------------- captures


def test_damage_is_a_warning_that_names_frames(tmp_path: Path) -> None:
    path = Traffic().coap(0, GATEWAY, NODE).write(tmp_path / "cut.pcap")
    path.write_bytes(path.read_bytes()[:-5])
    report = check(Options((str(path),), hosts=CURRENT))
    (finding,) = [one for one in report.findings if one.kind is FindingKind.CAPTURE_PROBLEM]
    assert finding.severity is Severity.WARNING
    assert str(path) in finding.title
    assert "truncated-file" in finding.title


# ---------------------------------------------------------------- laws


def consistent(report: Report) -> None:
    """Flows, rows and findings refer to each other, and to frames that exist."""
    frames = sum(capture.packets for capture in report.captures)
    flows, rows = {flow.id for flow in report.flows}, {result.row.id for result in report.rows}
    assert len(flows) == len(report.flows)
    assert len(rows) == len(report.rows)
    for flow in report.flows:
        assert flow.parent is None or flow.parent in flows - {flow.id}
        assert set(flow.rows) <= rows
        assert sum(flow.packets) > 0
        assert 1 <= flow.frames[0] <= flow.frames[1] <= frames
        assert all(copies <= packets for copies, packets in zip(flow.duplicates, flow.packets, strict=True))
        assert flow.reason
    for result in report.rows:
        assert set(result.flows) <= flows
        assert bool(result.flows) == (result.status in (Status.WORKING, Status.ONE_WAY, Status.FAILING))
        assert (result.outcome is not None) == (result.status is Status.FAILING)
    for finding in report.findings:
        assert set(finding.flows) <= flows
        assert set(finding.rows) <= rows
        assert all(1 <= frame <= frames for frame in finding.frames)
        assert list(finding.frames) == sorted(set(finding.frames))
        assert bool(finding.wireshark_filter) == bool(finding.frames)
        assert finding.title
        assert finding.advice
    assert not [key for key, count in Counter(one.id for one in report.findings).items() if count > 1]
    counted = sum(sum(flow.packets) + flow.fragments for flow in report.flows) + report.undecoded.get(
        "cut", 0
    )
    assert counted <= frames + report.undecoded.get("cut", 0)
    if not report.site.declared:
        assert report.compliant


@pytest.mark.parametrize(("path", "site"), samples(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_samples_are_consistent_and_count_every_frame(path: Path, site: Path) -> None:
    report = check(Options((str(path),), site=str(site)))
    consistent(report)
    packets = sum(sum(flow.packets) + flow.fragments for flow in report.flows)
    assert packets == report.captures[0].packets, "every frame of a sample is in a flow"
    consistent(check(Options((str(path),))))


SMALL = [(path.read_bytes(), site) for path, site in samples() if path.stat().st_size < 9000]


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=40),
    st.floats(0.2, 1),
    st.sampled_from([(), ("all",)]),
    st.booleans(),
    st.booleans(),
)
def test_no_bytes_break_it(tmp_path_factory, sample, changes, kept, activities, strict, declared) -> None:
    data = bytearray(sample[0])
    for where, value in changes:
        data[24 + int(where * (len(data) - 24))] = value
    path = tmp_path_factory.getbasetemp() / "mutated.pcap"
    path.write_bytes(data[: int(kept * len(data))])
    site = str(sample[1]) if declared else None
    try:
        report = check(Options((str(path),), site=site, activities=activities, strict=strict))
    except PortmatrixError:
        return
    consistent(report)


STEP = st.tuples(
    st.sampled_from(["udp", "tcp", "refused", "connect", "silent", "file", "arp", "error"]),
    st.integers(0, 500),
    st.sampled_from([GATEWAY, NODE, OTHER, LAPTOP, "10.20.0.40"]),
    st.sampled_from([GATEWAY, NODE, OTHER, LAPTOP, "10.20.0.40", "239.255.255.250", "10.20.0.255"]),
    st.sampled_from([22, 53, 69, 80, 443, 1050, 1900, 1901, 5683, 47808, 50197, 50201, 50202, 51110]),
    st.sampled_from([40000, 50197, 1900, 5683, 47808]),
    st.one_of(
        st.binary(max_size=24), st.sampled_from([COAP, NOTIFY, GET, b"\0\1x\0octet\0", b"\x51\x01\0\1\7"])
    ),
)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(STEP, max_size=14),
    st.sampled_from([CURRENT, LEGACY, CURRENT[:1], (f"igor-gateway={GATEWAY}",), ()]),
)
def test_any_traffic_gives_a_consistent_report(steps, hosts: tuple[str, ...]) -> None:
    traffic = Traffic()
    for kind, at, source, target, port, sport, payload in steps:
        if kind == "udp":
            traffic.udp(at, source, sport, target, port, payload)
        elif kind == "tcp":
            traffic.tcp(at, source, sport, target, port, ACK, payload)
        elif kind == "refused":
            traffic.tcp(at, source, sport, target, port, SYN).tcp(
                at + 0.1, target, port, source, sport, RST | ACK
            )
        elif kind == "connect":
            traffic.connect(at, source, sport, target, port, payload)
        elif kind == "silent":
            traffic.coap(at, source, target, answered=False, sport=sport)
        elif kind == "file":
            traffic.read_file(at, source, target, sport=sport)
        elif kind == "arp":
            traffic.arp(at, source, target)
        else:
            traffic.unreachable(at, target, source, sport, target, port, 13)
    consistent(judged(traffic, hosts))


def verdicts(report: Report) -> list[tuple[object, ...]]:
    return [
        (flow.transport, flow.originator, flow.responder, flow.verdict, flow.outcome, flow.parent)
        for flow in report.flows
    ]


@pytest.mark.parametrize(
    ("path", "site"),
    [pair for pair in samples() if pair[0].name == "capture.pcap"],
    ids=lambda path: path.parent.name,
)
def test_frames_seen_twice_change_nothing_and_are_counted(path: Path, site: Path, tmp_path: Path) -> None:
    header, frames = pcap_frames(path)
    twice = sorted(
        [(at, data) for at, data in frames] + [(at + 20, data) for at, data in frames],
        key=lambda frame: frame[0],
    )
    copy = tmp_path / "twice.pcap"
    copy.write_bytes(pcap_bytes(header, twice))
    once, doubled = (check(Options((str(one),), site=str(site))) for one in (path, copy))
    assert verdicts(doubled) == verdicts(once)
    assert [(one.row.id, one.status, one.outcome) for one in doubled.rows] == [
        (one.row.id, one.status, one.outcome) for one in once.rows
    ]
    assert [one.id for one in doubled.findings] == [one.id for one in once.findings]
    for flow, before in zip(doubled.flows, once.flows, strict=True):
        assert sum(flow.packets) == 2 * sum(before.packets)
        if flow.transport in ("tcp", "udp", "icmp"):
            assert sum(flow.duplicates) >= sum(before.packets), flow.id


def test_the_samples_headers_are_those_the_tests_read() -> None:
    for path, _ in samples():
        assert struct.unpack_from("<I", path.read_bytes())[0] == 0xA1B2C3D4


def test_requests_beyond_the_bound_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "SESSIONS", 3)
    traffic = Traffic()
    for number in range(5):
        traffic.read_file(number, NODE, GATEWAY, sport=2000 + number, tid=50000 + number)
    (finding,) = [one for one in judged(traffic).findings if one.kind is FindingKind.CAPTURE_PROBLEM]
    assert finding.severity is Severity.WARNING
    assert finding.title.startswith("2 requests for a file were not judged")
