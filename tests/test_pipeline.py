"""The contract's settled readings, each as a site in miniature, through the whole pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
from traffic import ACK, PSH, RST, SYN, Traffic

from analyzer.errors import CaptureError, UsageError
from analyzer.model import FlowRecord, Report, Status
from analyzer.pipeline import Options, check, flows

GATEWAY, NODE, OTHER, BMS, LAPTOP = "10.20.0.10", "10.20.1.21", "10.20.1.22", "10.20.0.40", "10.20.0.99"
SERVER, CLIENT, DOOR = "10.20.0.50", "10.20.0.60", "10.20.3.11"
CURRENT = ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.0/24@6.0.2", "bacnet-system=10.20.0.40")
LEGACY = ("igor-gateway=10.20.0.10@4.5.3", "igor-node=10.20.1.0/24@5.0.2")
MINUTES = 60.0


@pytest.fixture
def judged(tmp_path: Path):
    def run(traffic: Traffic, hosts: tuple[str, ...] = CURRENT, **options: object) -> Report:
        return check(Options((str(traffic.write(tmp_path / "site.pcap")),), hosts=hosts, **options))  # type: ignore[arg-type]

    return run


def only(report: Report, transport: str = "udp", port: int | None = None) -> FlowRecord:
    found = [
        flow
        for flow in report.flows
        if flow.transport == transport and flow.parent is None and port in (None, flow.responder.port)
    ]
    assert len(found) == 1, found
    return found[0]


def kinds(report: Report) -> dict[str, str]:
    return {str(finding.kind): str(finding.severity) for finding in report.findings}


def status(report: Report, row: str) -> str:
    return next(str(result.status) for result in report.rows if result.row.id == row)


# ---------------------------------------------------------------- verdict and outcome


def test_answered_coap_between_gateway_and_node_is_expected_and_compliant(judged) -> None:
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


def test_confirmable_requests_into_silence_are_a_failing_flow(judged) -> None:
    report = judged(Traffic().coap(0, GATEWAY, NODE, answered=False).arp(0, GATEWAY, NODE))
    assert only(report).outcome == "unanswered"
    assert kinds(report) == {"failing-flow": "violation"}
    assert status(report, "igor-node/6.0.0+/incoming/udp/5683") == "failing"


def test_an_unconfirmed_message_without_an_answer_is_no_fault(judged) -> None:
    report = judged(Traffic().udp(0, NODE, 40000, GATEWAY, 5683, b"\x51\x02\x00\x09\x07\xb5event"))
    assert (only(report).outcome, kinds(report)) == ("one-way", {})
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/5683") == "one-way"


@pytest.mark.parametrize(
    ("code", "outcome"), [(3, "refused"), (1, "blocked"), (13, "blocked"), (10, "blocked")]
)
def test_an_icmp_error_tells_refused_from_blocked_and_is_no_packet_of_the_flow(
    judged, code: int, outcome: str
) -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, 5683, b"\x41\x01\x00\x01\x07")
    traffic.unreachable(0.01, NODE, GATEWAY, 40000, NODE, 5683, code)
    report = judged(traffic)
    flow = only(report)
    assert (flow.outcome, flow.packets, flow.verdict) == (outcome, (1, 0), "expected")
    finding = report.findings[0]
    assert finding.frames == (1, 2)
    assert finding.wireshark_filter == "frame.number in {1, 2}"


def test_a_reset_refuses_and_silence_leaves_unanswered(judged) -> None:
    traffic = Traffic().tcp(0, GATEWAY, 40000, NODE, 80, SYN).tcp(0.1, NODE, 80, GATEWAY, 40000, RST | ACK)
    traffic.tcp(1, GATEWAY, 40001, NODE, 88, SYN).tcp(2, GATEWAY, 40001, NODE, 88, SYN)
    report = judged(traffic)
    assert only(report, "tcp", 80).outcome == "refused"
    assert only(report, "tcp", 88).outcome == "unanswered"
    assert [finding.kind for finding in report.findings] == ["failing-flow"] * 2


def test_wrong_direction_is_unexpected_and_says_so(judged) -> None:
    report = judged(Traffic().udp(0, NODE, 40000, GATEWAY, 50201, b"\xaa\xbb\xcc\xdd").arp(0, NODE, GATEWAY))
    assert only(report).verdict == "unexpected"
    finding = report.findings[0]
    assert (finding.kind, finding.severity) == ("unexpected-flow", "violation")
    assert "UDP 50201" in finding.near_miss
    assert "except direction" in finding.near_miss


def test_sampling_towards_a_node_is_disputed_not_a_violation(judged) -> None:
    report = judged(Traffic().udp(0, GATEWAY, 40000, NODE, 50202, b"\x01\x02"))
    assert only(report).verdict == "disputed"
    assert kinds(report) == {"disputed-flow": "warning"}
    assert report.compliant


def test_a_node_talks_on_listed_ports_with_its_gateway_only(judged) -> None:
    report = judged(Traffic().coap(0, LAPTOP, NODE))
    assert only(report).verdict == "unexpected"
    assert "except peer" in report.findings[0].near_miss


def test_a_gateway_may_be_asked_by_an_undeclared_host(judged) -> None:
    report = judged(Traffic().connect(0, LAPTOP, 50000, GATEWAY, 8080, b"GET / HTTP/1.1\r\n\r\n"))
    assert only(report, "tcp").verdict == "expected"
    assert kinds(report) == {"undeclared-peer": "note"}


def test_an_unexpected_attempt_is_a_violation_even_where_it_was_stopped(judged) -> None:
    traffic = Traffic().tcp(0, LAPTOP, 50000, NODE, 22, SYN).tcp(0.01, NODE, 22, LAPTOP, 50000, RST | ACK)
    report = judged(traffic)
    flow = only(report, "tcp")
    assert (flow.verdict, flow.outcome) == ("unexpected", "refused")
    assert kinds(report) == {"unexpected-flow": "violation"}


def test_dns_of_a_gateway_is_infrastructure_unless_strict(judged) -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04site\x00\x00\x01\x00\x01"
    traffic = Traffic().udp(0, GATEWAY, 40000, "10.20.0.1", 53, query)
    assert only(judged(traffic)).verdict == "infrastructure"
    assert only(judged(traffic, strict=True)).verdict == "unexpected"


def test_hosts_of_no_sheet_are_out_of_scope(judged) -> None:
    assert (
        only(judged(Traffic().connect(0, LAPTOP, 50000, "10.20.0.98", 9999)), "tcp").verdict == "out-of-scope"
    )


# ---------------------------------------------------------------- direction


@pytest.mark.parametrize("source_port", [50195, 50197, 50201, 50202, 51110, 1050, 1470, 1480, 1900, 5683])
def test_a_listed_port_as_source_port_fools_nobody(judged, source_port: int) -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04site\x00\x00\x01\x00\x01"
    answer = b"\x12\x34\x81\x80" + query[4:]
    traffic = (
        Traffic()
        .udp(0, "10.20.0.1", 53, NODE, source_port, answer)
        .udp(1, NODE, source_port, "10.20.0.1", 53, query)
    )
    flow = only(judged(traffic))
    assert (flow.protocol, flow.originator.address, flow.verdict) == ("dns", NODE, "infrastructure")


def test_a_connection_begun_before_the_capture_is_read_by_its_port(judged) -> None:
    traffic = (
        Traffic()
        .tcp(0, NODE, 80, GATEWAY, 51110, ACK | PSH, b"\x00\x01\x02")
        .tcp(1, GATEWAY, 51110, NODE, 80, ACK)
    )
    flow = only(judged(traffic), "tcp")
    assert (flow.originator.address, flow.responder.port, flow.verdict) == (GATEWAY, 80, "expected")
    assert flow.confidence == "likely"


def test_a_listed_source_port_towards_some_other_service_is_not_read_backwards(judged) -> None:
    traffic = (
        Traffic().udp(0, GATEWAY, 50197, NODE, 7777, b"\xff").udp(1, NODE, 7777, GATEWAY, 50197, b"\xfe")
    )
    flow = only(judged(traffic))
    assert (flow.originator.address, flow.responder.port, flow.verdict) == (GATEWAY, 7777, "unexpected")


def test_an_unknown_service_on_a_port_no_client_has_is_unexpected(judged) -> None:
    traffic = (
        Traffic().udp(0, NODE, 40000, GATEWAY, 9999, b"\xff").udp(1, GATEWAY, 9999, NODE, 40000, b"\xfe")
    )
    report = judged(traffic)
    assert (only(report).verdict, only(report).confidence, only(report).basis) == (
        "unexpected",
        "likely",
        "ports",
    )


def test_a_leg_without_its_request_is_not_unexpected(judged) -> None:
    traffic = Traffic().udp(0, NODE, 40000, GATEWAY, 20001, b"\0\4\0\7")
    traffic.udp(1, GATEWAY, 20001, NODE, 40000, b"\0\3\0\x08" + b"x" * 512)
    assert only(judged(traffic)).verdict == "review"


def test_an_attempt_that_was_retried_and_answered_is_a_warning(judged) -> None:
    lost = Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0").arp(0, NODE, GATEWAY)
    report = judged(lost.read_file(6, NODE, GATEWAY, sport=2001))
    assert kinds(report) == {"failing-flow": "warning"}
    assert report.compliant
    report = judged(
        Traffic()
        .read_file(0, NODE, GATEWAY, sport=2001)
        .coap(6, GATEWAY, NODE)
        .udp(9, NODE, 2002, GATEWAY, 69, b"\0\1node.bin\0octet\0")
        .coap(12, GATEWAY, NODE, mid=2)
    )
    assert kinds(report) == {"transfer-failed": "violation"}


def test_a_guess_ends_in_review_and_never_in_a_finding(judged) -> None:
    traffic = (
        Traffic()
        .udp(0, NODE, 40000, GATEWAY, 40001, b"\xff\xfe")
        .udp(1, GATEWAY, 40001, NODE, 40000, b"\xff\xfd")
    )
    report = judged(traffic)
    flow = only(report)
    assert (flow.verdict, flow.confidence, flow.basis) == ("review", "guess", "first-packet")
    assert not report.findings


def test_coap_between_the_same_ports_is_read_by_its_code(judged) -> None:
    traffic = Traffic().udp(0, NODE, 5683, GATEWAY, 5683, b"\x61\x45\x00\x01\x07\xffon")
    traffic.udp(1, GATEWAY, 5683, NODE, 5683, b"\x41\x01\x00\x01\x07")
    flow = only(judged(traffic))
    assert (flow.originator.address, flow.verdict) == (GATEWAY, "expected")


# ---------------------------------------------------------------- sessions


def test_the_legs_of_a_transfer_belong_to_its_request(judged) -> None:
    report = judged(Traffic().read_file(0, NODE, GATEWAY))
    request = only(report, port=69)
    leg = next(flow for flow in report.flows if flow.parent)
    assert (request.outcome, request.verdict) == ("answered", "expected")
    assert (leg.parent, leg.protocol, leg.verdict, leg.rows) == (request.id, "tftp", "expected", request.rows)
    assert leg.basis == "session"
    assert report.compliant


def test_a_blocked_data_path_is_named(judged) -> None:
    traffic = Traffic().arp(0, NODE, GATEWAY)
    for attempt in range(4):
        traffic.udp(attempt * 5, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
        for again in range(3):
            traffic.udp(
                attempt * 5 + again + 0.5, GATEWAY, 50123 + attempt, NODE, 2000, b"\0\3\0\1" + b"x" * 512
            )
    report = judged(traffic)
    assert only(report, port=69).outcome == "answered"
    assert {flow.outcome for flow in report.flows if flow.parent} == {"unanswered"}
    assert kinds(report) == {"transfer-failed": "violation"}
    assert report.transfers[0].cause == "data-path-blocked"
    assert "does not reach" in report.findings[0].title


def test_a_filter_of_ports_that_leaves_the_answers_out_is_no_failure(judged) -> None:
    # A healthy update as ``port 69 or port 5683`` shows it: each request once, no answer from a new port.
    traffic = Traffic().coap(0, GATEWAY, NODE).coap(900, GATEWAY, NODE)
    request = b"\0\1node.bin\0octet\0"
    traffic.udp(1, NODE, 2000, GATEWAY, 69, request).udp(300, OTHER, 2000, GATEWAY, 69, request)
    report = judged(traffic, CURRENT[:2])
    assert report.compliant
    assert {(str(entry.outcome), str(entry.cause)) for entry in report.transfers} == {
        ("unknown", "capture-one-sided")
    }
    assert "capture filter" in report.transfers[0].detail
    assert {flow.outcome for flow in report.flows if flow.responder.port == 69} == {"one-way"}

    again = Traffic().udp(1, NODE, 2000, GATEWAY, 69, request).udp(3, NODE, 2000, GATEWAY, 69, request)
    assert not judged(again.coap(900, GATEWAY, NODE), CURRENT[:2]).compliant
    unfiltered = Traffic().arp(0, GATEWAY, NODE).udp(1, NODE, 2000, GATEWAY, 69, request)
    assert not judged(unfiltered.coap(900, GATEWAY, NODE), CURRENT[:2]).compliant


def test_a_lone_request_is_no_proof_of_silence(judged) -> None:
    # ``tcpdump port 69`` of a healthy update: one packet, and who knows how long tcpdump went on.
    request = b"\0\1node.bin\0octet\0"
    lone = judged(Traffic().udp(0, NODE, 2000, GATEWAY, 69, request), CURRENT[:2])
    assert lone.compliant
    assert [str(entry.cause) for entry in lone.transfers] == ["capture-one-sided"]
    assert {entry.status for entry in lone.rows if entry.flows} == {"one-way"}

    pinged = Traffic().udp(0, NODE, 2000, GATEWAY, 69, request).ping(9, GATEWAY, OTHER)
    assert judged(pinged, CURRENT[:2]).compliant
    for other in (5, 60):  # its client's timer ran out: it heard nothing
        again = (
            Traffic().udp(0, NODE, 2000, GATEWAY, 69, request).udp(other, NODE, 2000, GATEWAY, 69, request)
        )
        assert [str(entry.cause) for entry in judged(again, CURRENT[:2]).transfers] == ["no-response"]
    for other in (0.01, 3600):  # a copy of it; the next update by a client with a port of its own
        again = (
            Traffic().udp(0, NODE, 2000, GATEWAY, 69, request).udp(other, NODE, 2000, GATEWAY, 69, request)
        )
        assert judged(again, CURRENT[:2]).compliant
    seen = Traffic().arp(0, GATEWAY, NODE).udp(0.1, NODE, 2000, GATEWAY, 69, request)
    assert not judged(seen, CURRENT[:2]).compliant  # no filter of ports shows ARP


def test_a_probe_for_the_size_and_the_file_are_no_retry(judged) -> None:
    probe, request = b"\0\1node.bin\0octet\0tsize\0000\0", b"\0\1node.bin\0octet\0blksize\0001428\0"
    pxe = Traffic().udp(0, NODE, 2000, GATEWAY, 69, probe).udp(1, NODE, 2001, GATEWAY, 69, request)
    assert judged(pxe.coap(900, GATEWAY, NODE), CURRENT[:2]).compliant
    retry = Traffic().udp(0, NODE, 2000, GATEWAY, 69, request).udp(1, NODE, 2001, GATEWAY, 69, request)
    (transfer,) = judged(retry.coap(900, GATEWAY, NODE), CURRENT[:2]).transfers
    assert str(transfer.cause) == "no-response"


def test_a_request_cut_to_its_headers_is_not_called_unanswered(judged) -> None:
    traffic = Traffic().arp(0, GATEWAY, NODE).read_file(1, NODE, GATEWAY).arp(60, GATEWAY, NODE)
    traffic.frames = [(at, frame[:42]) for at, frame in traffic.frames]
    report = judged(traffic)
    assert report.compliant
    assert {flow.outcome for flow in report.flows if flow.responder.port == 69} == {"one-way"}


def test_a_unicast_answer_belongs_to_its_multicast_search(judged) -> None:
    search = b"M-SEARCH * HTTP/1.1\r\nMX: 2\r\nST: ssdp:all\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"
    traffic = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, search)
    traffic.udp(1, NODE, 49999, GATEWAY, 40000, answer)
    report = judged(traffic, LEGACY)
    asked, answered = report.flows
    assert (asked.outcome, asked.verdict, asked.basis) == ("answered", "expected", "payload")
    assert (answered.parent, answered.originator.address, answered.verdict) == (asked.id, GATEWAY, "expected")


# ---------------------------------------------------------------- editions, modes


def test_upnp_after_the_upgrade_is_retired(judged) -> None:
    notify = (
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nNT: upnp:rootdevice\r\n\r\n"
    )
    report = judged(Traffic().udp(0, NODE, 40000, "239.255.255.250", 1900, notify))
    assert kinds(report) == {"retired-service": "violation"}
    assert "6.0.0" in report.findings[0].title


def test_a_windows_search_is_the_operating_system_not_the_product(judged) -> None:
    search = (
        b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\nUSER-AGENT: Microsoft-Windows/10.0 UPnP/1.0\r\nMX: 1\r\n\r\n"
    )
    report = judged(Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, search))
    assert (only(report).verdict, kinds(report)) == ("infrastructure", {})


@pytest.mark.parametrize("version", ["1.12.0", "4.6.0", "1.0"])
def test_a_version_in_no_sheet_is_named_and_not_guessed_at(judged, version: str) -> None:
    report = judged(
        Traffic().connect(0, GATEWAY, 40000, LAPTOP, 9999), (f"igor-gateway={GATEWAY}@{version}",)
    )
    assert kinds(report) == {"unsupported-version": "warning"}
    assert only(report, "tcp").verdict == "review"
    assert {str(result.status) for result in report.rows} == {"not-applicable"}


def test_what_a_host_of_an_unknown_version_sends_is_not_laid_at_its_other_role(judged) -> None:
    hosts = (f"igor-gateway,igor-bacnet-service={GATEWAY}@4.6.0", f"bacnet-system={BMS}")
    report = judged(
        Traffic().connect(0, GATEWAY, 40000, LAPTOP, 443).udp(1, BMS, 47808, GATEWAY, 47808), hosts
    )
    assert kinds(report) == {"unsupported-version": "warning"}
    assert only(report, "tcp").verdict == "review"
    assert only(report, "tcp").reason == "no edition of the sheet covers igor-gateway 4.6.0"
    assert only(report).verdict == "expected"


def test_versions_that_do_not_go_together_are_a_violation(judged) -> None:
    hosts = ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.0/24@5.0.2")
    report = judged(Traffic().coap(0, GATEWAY, NODE), hosts)
    assert kinds(report)["incompatible-versions"] == "violation"


def test_direct_mode_is_for_temporary_use(judged) -> None:
    hosts = (f"biostar-client={CLIENT}", f"biostar-device={DOOR}", f"biostar-server={SERVER}")
    report = judged(Traffic().connect(0, CLIENT, 40000, DOOR, 1471, b"\x01\x02\x03"), hosts)
    assert only(report, "tcp").verdict == "expected"
    assert kinds(report) == {"direct-mode": "warning"}


def test_server_mode_devices_open_1480(judged) -> None:
    hosts = (f"biostar-device={DOOR}@server", f"biostar-server={SERVER}@server")
    report = judged(Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\x01\x02\x03"), hosts)
    assert (only(report, "tcp").verdict, kinds(report)) == ("expected", {})
    assert status(report, "biostar-1/biostar-server/server/incoming/tcp/1480") == "working"


# ---------------------------------------------------------------- absence


def busy(minutes: float, *hosts: str) -> Traffic:
    traffic = Traffic()
    for number, node in enumerate(hosts):
        for step in range(int(minutes * 2) + 1):
            traffic.connect(
                step * 30 + number, GATEWAY, 40000 + 100 * number + step, node, 80, b"GET / HTTP/1.1\r\n\r\n"
            )
    return traffic


def test_a_due_row_is_missing_once_the_subject_was_seen_long_enough(judged) -> None:
    report = judged(busy(6, NODE, OTHER))
    rows = [result.row.id for result in report.rows if result.status is Status.MISSING]
    assert "igor-gateway/5.0.0+/outgoing/udp/5683" in rows
    assert "igor-node/6.0.0+/incoming/udp/5683" in rows
    assert kinds(report)["missing-flow"] == "violation"


def test_a_short_capture_proves_no_absence(judged) -> None:
    report = judged(busy(4, NODE, OTHER))
    assert status(report, "igor-gateway/5.0.0+/outgoing/udp/5683") == "not-observable"
    assert report.compliant


def test_a_capture_at_one_node_says_nothing_about_the_others(judged) -> None:
    report = judged(busy(6, NODE))
    assert status(report, "igor-gateway/5.0.0+/outgoing/udp/5683") == "not-observable"
    assert status(report, "igor-node/6.0.0+/incoming/udp/5683") == "missing"


def test_one_direction_of_coap_satisfies_the_other(judged) -> None:
    report = judged(busy(6, NODE, OTHER).coap(3, GATEWAY, NODE).coap(4, GATEWAY, OTHER))
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/5683") == "not-exercised"
    assert not [
        result for result in report.rows if result.status is Status.MISSING and result.row.port == 5683
    ]


def test_an_activity_makes_its_rows_due_and_a_pool_counts_as_one(judged) -> None:
    traffic = busy(6, NODE, OTHER).coap(3, GATEWAY, NODE).read_file(5, NODE, GATEWAY)
    traffic.udp(8, GATEWAY, 40000, NODE, 50196, b"\x01").udp(8.1, NODE, 50196, GATEWAY, 40000, b"\x02")
    report = judged(traffic, activities=("firmware-update",))
    missing = {result.row.port for result in report.rows if result.status is Status.MISSING}
    assert missing & {69, 1050, 50195, 50196, 50197, 50198, 50199} == {1050}


def test_without_a_word_a_transfer_makes_nothing_else_due(judged) -> None:
    report = judged(busy(6, NODE, OTHER).coap(3, GATEWAY, NODE).read_file(5, NODE, GATEWAY))
    assert not [
        result for result in report.rows if result.status is Status.MISSING and result.row.port != 47808
    ]


def test_an_empty_capture_is_compliant_and_shows_nothing(judged) -> None:
    report = judged(Traffic())
    assert report.compliant
    applicable = {str(result.status) for result in report.rows if result.row.applicable}
    assert applicable == {"not-observable"}


def test_a_mirror_of_one_direction_breaks_nothing(judged) -> None:
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER, "10.20.1.23")):
        traffic.udp(number, GATEWAY, 40000, node, 5683, b"\x41\x01\x00\x01\x07")
        traffic.tcp(number, GATEWAY, 41000, node, 80, SYN)
        traffic.tcp(
            number + 0.1, GATEWAY, 41000, node, 80, ACK | PSH, b"GET / HTTP/1.1\r\n\r\n", seq=2, ack=5
        )
    report = judged(traffic)
    assert report.compliant
    assert {flow.outcome for flow in report.flows} <= {"one-way", "answered"}
    assert report.half_shown == len(report.flows) == 6


# ---------------------------------------------------------------- site


def test_without_site_nothing_is_a_violation(judged) -> None:
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


def test_one_cause_is_one_finding_and_keeps_its_id(judged) -> None:
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


def test_a_request_that_the_capture_cuts_short_is_no_failure(judged) -> None:
    report = judged(Traffic().arp(0, NODE, GATEWAY).udp(1, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0"))
    assert (report.transfers[0].outcome, report.transfers[0].cause) == ("in-progress", "capture-ended")
    assert only(report, port=69).outcome == "one-way"
    assert report.compliant
