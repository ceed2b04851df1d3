"""Who opened what, and what belongs together: flows that mislead, through the whole pipeline."""

from __future__ import annotations

import pytest
from judging import CURRENT, GATEWAY, LEGACY, NODE, OTHER, judged, kinds, only
from traffic import ACK, PSH, Traffic

# ---------------------------------------------------------------- direction


@pytest.mark.parametrize("source_port", [50195, 50197, 50201, 50202, 51110, 1050, 1470, 1480, 1900, 5683])
def test_a_listed_port_as_source_port_fools_nobody(source_port: int) -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04site\x00\x00\x01\x00\x01"
    answer = b"\x12\x34\x81\x80" + query[4:]
    traffic = (
        Traffic()
        .udp(0, "10.20.0.1", 53, NODE, source_port, answer)
        .udp(1, NODE, source_port, "10.20.0.1", 53, query)
    )
    flow = only(judged(traffic))
    assert (flow.protocol, flow.originator.address, flow.verdict) == ("dns", NODE, "infrastructure")


def test_a_connection_begun_before_the_capture_is_read_by_its_port() -> None:
    traffic = (
        Traffic()
        .tcp(0, NODE, 80, GATEWAY, 51110, ACK | PSH, b"\x00\x01\x02")
        .tcp(1, GATEWAY, 51110, NODE, 80, ACK)
    )
    flow = only(judged(traffic), "tcp")
    assert (flow.originator.address, flow.responder.port, flow.verdict) == (GATEWAY, 80, "expected")
    assert flow.confidence == "likely"


def test_a_listed_source_port_towards_some_other_service_is_not_read_backwards() -> None:
    traffic = (
        Traffic().udp(0, GATEWAY, 50197, NODE, 7777, b"\xff").udp(1, NODE, 7777, GATEWAY, 50197, b"\xfe")
    )
    flow = only(judged(traffic))
    assert (flow.originator.address, flow.responder.port, flow.verdict) == (GATEWAY, 7777, "unexpected")


def test_an_unknown_service_on_a_port_no_client_has_is_unexpected() -> None:
    traffic = (
        Traffic().udp(0, NODE, 40000, GATEWAY, 9999, b"\xff").udp(1, GATEWAY, 9999, NODE, 40000, b"\xfe")
    )
    report = judged(traffic)
    assert (only(report).verdict, only(report).confidence, only(report).basis) == (
        "unexpected",
        "likely",
        "ports",
    )


def test_a_leg_without_its_request_is_not_unexpected() -> None:
    traffic = Traffic().udp(0, NODE, 40000, GATEWAY, 20001, b"\0\4\0\7")
    traffic.udp(1, GATEWAY, 20001, NODE, 40000, b"\0\3\0\x08" + b"x" * 512)
    assert only(judged(traffic)).verdict == "review"


def test_an_attempt_that_was_retried_and_answered_is_a_warning() -> None:
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


def test_a_guess_ends_in_review_and_never_in_a_finding() -> None:
    traffic = (
        Traffic()
        .udp(0, NODE, 40000, GATEWAY, 40001, b"\xff\xfe")
        .udp(1, GATEWAY, 40001, NODE, 40000, b"\xff\xfd")
    )
    report = judged(traffic)
    flow = only(report)
    assert (flow.verdict, flow.confidence, flow.basis) == ("review", "guess", "first-packet")
    assert not report.findings


def test_coap_between_the_same_ports_is_read_by_its_code() -> None:
    traffic = Traffic().udp(0, NODE, 5683, GATEWAY, 5683, b"\x61\x45\x00\x01\x07\xffon")
    traffic.udp(1, GATEWAY, 5683, NODE, 5683, b"\x41\x01\x00\x01\x07")
    flow = only(judged(traffic))
    assert (flow.originator.address, flow.verdict) == (GATEWAY, "expected")


# ---------------------------------------------------------------- sessions


def test_the_legs_of_a_transfer_belong_to_its_request() -> None:
    report = judged(Traffic().read_file(0, NODE, GATEWAY))
    request = only(report, port=69)
    leg = next(flow for flow in report.flows if flow.parent)
    assert (request.outcome, request.verdict) == ("answered", "expected")
    assert (leg.parent, leg.protocol, leg.verdict, leg.rows) == (request.id, "tftp", "expected", request.rows)
    assert leg.basis == "session"
    assert report.compliant


def test_a_blocked_data_path_is_named() -> None:
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


def test_a_filter_of_ports_that_leaves_the_answers_out_is_no_failure() -> None:
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


def test_an_answer_that_stands_before_its_request_is_one() -> None:
    # Two captures merged, or a tap with a port a direction: the server's clock is 5 ms behind.
    request, block = b"\0\1node.bin\0octet\0", b"\0\3\0\1" + b"x" * 100
    traffic = Traffic().arp(0, GATEWAY, NODE).udp(1, GATEWAY, 50123, NODE, 2000, block)
    traffic.udp(1.005, NODE, 2000, GATEWAY, 69, request).udp(1.01, NODE, 2000, GATEWAY, 50123, b"\0\4\0\1")
    report = judged(traffic.coap(900, GATEWAY, NODE), CURRENT[:2])
    assert [(str(one.outcome), one.bytes) for one in report.transfers] == [("complete", 100)]
    assert report.compliant
    assert {entry.status for entry in report.rows if entry.row.port == 69 and entry.flows} == {"working"}


def test_a_lone_request_is_no_proof_of_silence() -> None:
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


def test_a_probe_for_the_size_and_the_file_are_no_retry() -> None:
    probe, request = b"\0\1node.bin\0octet\0tsize\0000\0", b"\0\1node.bin\0octet\0blksize\0001428\0"
    pxe = Traffic().udp(0, NODE, 2000, GATEWAY, 69, probe).udp(1, NODE, 2001, GATEWAY, 69, request)
    assert judged(pxe.coap(900, GATEWAY, NODE), CURRENT[:2]).compliant
    retry = Traffic().udp(0, NODE, 2000, GATEWAY, 69, request).udp(1, NODE, 2001, GATEWAY, 69, request)
    (transfer,) = judged(retry.coap(900, GATEWAY, NODE), CURRENT[:2]).transfers
    assert str(transfer.cause) == "no-response"


def test_a_request_cut_to_its_headers_is_not_called_unanswered() -> None:
    traffic = Traffic().arp(0, GATEWAY, NODE).read_file(1, NODE, GATEWAY).arp(60, GATEWAY, NODE)
    traffic.frames = [(at, frame[:42]) for at, frame in traffic.frames]
    report = judged(traffic)
    assert report.compliant
    assert {flow.outcome for flow in report.flows if flow.responder.port == 69} == {"one-way"}


def test_a_unicast_answer_belongs_to_its_multicast_search() -> None:
    search = b"M-SEARCH * HTTP/1.1\r\nMX: 2\r\nST: ssdp:all\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"
    traffic = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, search)
    traffic.udp(1, NODE, 49999, GATEWAY, 40000, answer)
    report = judged(traffic, LEGACY)
    asked, answered = report.flows
    assert (asked.outcome, asked.verdict, asked.basis) == ("answered", "expected", "payload")
    assert (answered.parent, answered.originator.address, answered.verdict) == (asked.id, GATEWAY, "expected")
