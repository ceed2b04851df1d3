"""The contract's settled readings, each as a site in miniature, through the whole pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import CURRENT, GATEWAY, LAPTOP, NODE, OTHER, judged, kinds, only, status
from traffic import ACK, RST, SYN, Traffic

from analyzer.errors import CaptureError, UsageError
from analyzer.model import Report
from analyzer.pipeline import Options, check, flows

# ---------------------------------------------------------------- verdict and outcome


def test_answered_coap_between_gateway_and_node_is_expected_and_compliant() -> None:
    report = judged(Traffic().coap(0, GATEWAY, NODE))
    flow = only(report)
    assert (flow.verdict, flow.outcome, flow.basis, flow.confidence) == (
        "expected",
        "answered",
        "payload",
        "certain",
    )
    assert flow.rows == ("igor-gateway/5.0.0+/outgoing/udp/5683", "igor-node/6.0.0+/incoming/udp/5683")
    assert (flow.originator.roles, flow.responder.roles) == (
        ("igor-gateway", "igor-bacnet-service"),
        ("igor-node",),
    )
    assert report.compliant
    assert not report.findings


def test_confirmable_requests_into_silence_are_a_failing_flow() -> None:
    report = judged(Traffic().coap(0, GATEWAY, NODE, answered=False).arp(0, GATEWAY, NODE))
    assert only(report).outcome == "unanswered"
    assert kinds(report) == {"failing-flow": "violation"}
    assert status(report, "igor-node/6.0.0+/incoming/udp/5683") == "failing"


def test_an_unconfirmed_message_without_an_answer_is_no_fault() -> None:
    report = judged(Traffic().udp(0, NODE, 40000, GATEWAY, 5683, b"\x51\x02\x00\x09\x07\xb5event"))
    assert (only(report).outcome, kinds(report)) == ("one-way", {})
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/5683") == "one-way"


@pytest.mark.parametrize(
    ("code", "outcome"), [(3, "refused"), (1, "blocked"), (13, "blocked"), (10, "blocked")]
)
def test_an_icmp_error_tells_refused_from_blocked_and_is_no_packet_of_the_flow(
    code: int, outcome: str
) -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, 5683, b"\x41\x01\x00\x01\x07")
    traffic.unreachable(0.01, NODE, GATEWAY, 40000, NODE, 5683, code)
    report = judged(traffic)
    flow = only(report)
    assert (flow.outcome, flow.packets, flow.verdict) == (outcome, (1, 0), "expected")
    finding = report.findings[0]
    assert finding.frames == (1, 2)
    assert finding.wireshark_filter == "frame.number in {1, 2}"


def test_a_reset_refuses_and_silence_leaves_unanswered() -> None:
    traffic = Traffic().tcp(0, GATEWAY, 40000, NODE, 80, SYN).tcp(0.1, NODE, 80, GATEWAY, 40000, RST | ACK)
    traffic.tcp(1, GATEWAY, 40001, NODE, 88, SYN).tcp(2, GATEWAY, 40001, NODE, 88, SYN)
    report = judged(traffic)
    assert only(report, "tcp", 80).outcome == "refused"
    assert only(report, "tcp", 88).outcome == "unanswered"
    assert [finding.kind for finding in report.findings] == ["failing-flow"] * 2


def test_wrong_direction_is_unexpected_and_says_so() -> None:
    report = judged(Traffic().udp(0, NODE, 40000, GATEWAY, 50201, b"\xaa\xbb\xcc\xdd").arp(0, NODE, GATEWAY))
    assert only(report).verdict == "unexpected"
    finding = report.findings[0]
    assert (finding.kind, finding.severity) == ("unexpected-flow", "violation")
    assert "UDP 50201" in finding.near_miss
    assert "except direction" in finding.near_miss


def test_sampling_towards_a_node_is_disputed_not_a_violation() -> None:
    report = judged(Traffic().udp(0, GATEWAY, 40000, NODE, 50202, b"\x01\x02"))
    assert only(report).verdict == "disputed"
    assert kinds(report) == {"disputed-flow": "warning"}
    assert report.compliant


def test_a_node_talks_on_listed_ports_with_its_gateway_only() -> None:
    report = judged(Traffic().coap(0, LAPTOP, NODE))
    assert only(report).verdict == "unexpected"
    assert "except peer" in report.findings[0].near_miss


def test_a_gateway_may_be_asked_by_an_undeclared_host() -> None:
    report = judged(Traffic().connect(0, LAPTOP, 50000, GATEWAY, 8080, b"GET / HTTP/1.1\r\n\r\n"))
    assert only(report, "tcp").verdict == "expected"
    assert kinds(report) == {"undeclared-peer": "note"}


def test_an_unexpected_attempt_is_a_violation_even_where_it_was_stopped() -> None:
    traffic = Traffic().tcp(0, LAPTOP, 50000, NODE, 22, SYN).tcp(0.01, NODE, 22, LAPTOP, 50000, RST | ACK)
    report = judged(traffic)
    flow = only(report, "tcp")
    assert (flow.verdict, flow.outcome) == ("unexpected", "refused")
    assert kinds(report) == {"unexpected-flow": "violation"}


def test_dns_of_a_gateway_is_infrastructure_unless_strict() -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04site\x00\x00\x01\x00\x01"
    traffic = Traffic().udp(0, GATEWAY, 40000, "10.20.0.1", 53, query)
    assert only(judged(traffic)).verdict == "infrastructure"
    assert only(judged(traffic, strict=True)).verdict == "unexpected"


def test_hosts_of_no_sheet_are_out_of_scope() -> None:
    assert (
        only(judged(Traffic().connect(0, LAPTOP, 50000, "10.20.0.98", 9999)), "tcp").verdict == "out-of-scope"
    )


# ---------------------------------------------------------------- site


def test_without_site_nothing_is_a_violation() -> None:
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER)):
        traffic.coap(number, GATEWAY, node).udp(number, GATEWAY, 40000, node, 50201, b"\x01\x02")
        traffic.udp(number + 0.1, node, 50201, GATEWAY, 40000, b"\x01")
        traffic.udp(number + 0.5, node, 45000, GATEWAY, 50201, b"\x41\x02\x00\x01\x07")
    report = judged(traffic, ())
    assert report.compliant
    assert {host.roles: host.basis for host in report.hosts if "bacnet" not in host.roles[0]} == {
        ("igor-gateway",): "inferred",
        ("igor-node",): "inferred",
    }
    assert all(host.reason for host in report.hosts)
    assert kinds(report).get("unexpected-flow") == "warning"


def test_a_waiver_keeps_the_verdict_and_turns_the_finding_into_a_note(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "site: Building 7\nhosts:\n"
        f"  - {{name: gateway, address: {GATEWAY}, role: igor-gateway, version: 5.1.0}}\n"
        "allow:\n"
        "  - {from: 10.20.0.0/24, to: gateway, transport: tcp, port: 22, reason: upkeep, owner: IT,"
        " until: 2099-01-31}\n"
        "  - {from: any, to: gateway, transport: tcp, port: 23, reason: old times, until: 2001-01-31}\n"
    )
    traffic = Traffic().connect(0, LAPTOP, 50000, GATEWAY, 22).connect(1, LAPTOP, 50001, GATEWAY, 23)
    report = check(Options((str(traffic.write(tmp_path / "c.pcap")),), site=str(site)))
    found = {(str(finding.kind), str(finding.severity)): finding for finding in report.findings}
    assert set(found) == {
        ("unexpected-flow", "note"),
        ("unexpected-flow", "violation"),
        ("expired-waiver", "warning"),
    }
    waived = next(flow for flow in report.flows if flow.responder.port == 22)
    assert (waived.verdict, waived.waived) == ("unexpected", "upkeep (IT)")


def test_one_cause_is_one_finding_and_keeps_its_id() -> None:
    def run(shift: float, nodes: int) -> Report:
        traffic = Traffic()
        for number in range(nodes):
            traffic.udp(
                shift + number, f"10.20.1.{number + 10}", 40000, GATEWAY, 50201, b"\x41\x02\x00\x01\x07"
            )
        return judged(traffic)

    first, second = run(0, 30), run(1000, 40)
    assert len(first.findings) == len(second.findings) == 1
    assert len(first.findings[0].flows) == 30
    assert first.findings[0].id == second.findings[0].id


# ---------------------------------------------------------------- captures


def test_several_captures_are_one_analysis_in_time_order(tmp_path: Path) -> None:
    whole = Traffic().read_file(0, NODE, GATEWAY, blocks=6)
    first, second = Traffic(), Traffic()
    first.frames, second.frames = whole.frames[:6], whole.frames[6:]
    paths = [second.write(tmp_path / "a.pcap"), first.write(tmp_path / "b.pcap")]
    split = check(Options(tuple(map(str, paths)), hosts=CURRENT))
    together = check(Options((str(whole.write(tmp_path / "c.pcap")),), hosts=CURRENT))
    assert split.flows == together.flows
    assert [capture.first_frame for capture in split.captures] == [1, 7]


def test_the_flow_report_has_no_verdict(tmp_path: Path) -> None:
    report = flows(
        Options((str(Traffic().arp(0, NODE, GATEWAY).coap(1, GATEWAY, NODE).write(tmp_path / "c.pcap")),))
    )
    assert [(flow.transport, flow.verdict) for flow in report.flows] == [("arp", None), ("udp", None)]
    assert report.flows[0].originator.port is None


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    capture = str(Traffic().write(tmp_path / "c.pcap"))
    with pytest.raises(UsageError, match="engine"):
        check(Options((capture,), engine="turbo"))
    with pytest.raises(UsageError, match="contradicts"):
        check(Options((capture,), hosts=("igor-gateway=10.0.0.1@5.0.0", "igor-gateway=10.0.0.1@4.0.0")))
    with pytest.raises(UsageError, match="igor-gateway has no mode server"):
        check(Options((capture,), hosts=("igor-gateway=10.0.0.1@server",)))
    with pytest.raises(CaptureError):
        check(Options((str(tmp_path / "none.pcap"),)))


def test_a_request_that_the_capture_cuts_short_is_no_failure() -> None:
    report = judged(Traffic().arp(0, NODE, GATEWAY).udp(1, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0"))
    assert (report.transfers[0].outcome, report.transfers[0].cause) == ("in-progress", "capture-ended")
    assert only(report, port=69).outcome == "one-way"
    assert report.compliant
