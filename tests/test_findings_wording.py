"""The sentences: who, what, which port, and what to do about it."""

from __future__ import annotations

import pytest
from judging import CURRENT, GATEWAY, LAPTOP, LEGACY, NODE, NOTIFY, OTHER, judged
from traffic import ACK, RST, SYN, Traffic

from analyzer.findings import wording
from analyzer.model import Finding, Outcome

COAP = b"\x41\x01\x00\x01\x07"


def one(traffic: Traffic, kind: str, hosts: tuple[str, ...] = CURRENT) -> Finding:
    found = [finding for finding in judged(traffic, hosts).findings if finding.kind == kind]
    assert len(found) == 1, found
    return found[0]


def test_every_outcome_has_its_words() -> None:
    assert set(wording.STOPPED) == set(Outcome)
    assert set(wording.FAILED) == {Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED}


def test_capital_leaves_the_rest_alone() -> None:
    assert [wording.capital(text) for text in ("due (TFTP)", "", "x")] == ["Due (TFTP)", "", "X"]


def test_an_unexpected_flow_names_both_ends_the_port_and_what_became_of_it() -> None:
    traffic = Traffic().tcp(0, LAPTOP, 50000, NODE, 22, SYN).tcp(0.1, NODE, 22, LAPTOP, 50000, RST | ACK)
    finding = one(traffic, "unexpected-flow")
    assert (
        finding.title
        == f"undeclared host {LAPTOP} opens TCP 22 (ssh) to igor-node ({NODE}): not in the sheet"
    )
    assert "the attempt was refused" in finding.detail
    assert f"{LAPTOP}:50000 -> {NODE}:22" in finding.detail
    assert "allow entry" in finding.advice
    assert "declare its role" in finding.advice


def test_between_declared_hosts_the_role_itself_is_in_question() -> None:
    finding = one(Traffic().udp(0, NODE, 40000, GATEWAY, 50201, COAP), "unexpected-flow")
    assert "correct its role or version" in finding.advice
    assert "declare its role" not in finding.advice


def test_many_flows_are_counted_and_three_spelt_out() -> None:
    traffic = Traffic()
    for number in range(9):
        traffic.udp(number, f"10.20.1.{number + 10}", 40000, GATEWAY, 50201, COAP)
    finding = one(traffic, "unexpected-flow")
    assert finding.title.startswith("igor-node (9 hosts) opens UDP 50201")
    assert finding.detail.count(" -> ") == 3
    assert finding.detail.endswith("; and 6 more")


def test_a_scan_says_how_many_ports() -> None:
    traffic = Traffic()
    for port in range(6000, 6020):
        traffic.tcp(port / 1000, LAPTOP, 50000, NODE, port, SYN)
    finding = one(traffic, "unexpected-flow")
    assert (
        finding.title
        == f"undeclared host {LAPTOP} tries 20 different TCP ports of igor-node ({NODE}): not in the sheet"
    )
    assert "scan" in finding.detail


def test_a_retired_service_says_since_when() -> None:
    finding = one(Traffic().udp(0, NODE, 40000, "239.255.255.250", 1900, NOTIFY), "retired-service")
    assert finding.title == (
        f"igor-node ({NODE}) still uses UDP 1900 (UPnP) with the group 239.255.255.250: "
        "retired since igor-node 6.0.0"
    )
    assert "UPNP protocol no longer supported" in finding.detail


def test_a_dispute_names_both_sheets_and_the_document() -> None:
    finding = one(Traffic().udp(0, GATEWAY, 40000, NODE, 50202, b"\1\2"), "disputed-flow")
    assert "igor-gateway 5.0.0+ lists UDP 50202, igor-node 6.0.0+ does not" in finding.detail
    assert "Igor Gateway Software Port Requirements, Software Versions 5.0.0 and Higher" in finding.detail
    assert "Ask the vendor" in finding.advice


@pytest.mark.parametrize(
    ("code", "words", "advice"),
    [
        (3, "is refused", "nothing listens on UDP 5683"),
        (
            13,
            "is blocked on the way",
            f"Allow UDP 5683 from igor-gateway + igor-bacnet-service ({GATEWAY}) to igor-node ({NODE})",
        ),
        (1, "is not delivered: host unreachable", f"{OTHER} says so: begin there."),
        (0, "is not delivered: network unreachable", f"is igor-node ({NODE}) switched on"),
        (None, "gets no answer", "Silence does not tell a stopped service from a filter"),
    ],
)
def test_a_failure_says_how_and_advises_accordingly(code: int | None, words: str, advice: str) -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, 5683, COAP)
    if code is not None:
        traffic.unreachable(0.1, OTHER, GATEWAY, 40000, NODE, 5683, code)
    finding = one(traffic, "failing-flow")
    assert words in finding.title
    assert advice in finding.advice
    assert ("The rejection came from" in finding.advice) is (code == 13)


def test_one_prohibition_among_unreachable_hosts_is_a_filter() -> None:
    """Two attempts of one cause: a router finds nobody, then a firewall says no."""
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, 5683, COAP).udp(5, GATEWAY, 40001, NODE, 5683, COAP)
    traffic.unreachable(0.1, OTHER, GATEWAY, 40000, NODE, 5683, 1)
    traffic.unreachable(5.1, OTHER, GATEWAY, 40001, NODE, 5683, 13)
    finding = one(traffic, "failing-flow")
    assert "is blocked on the way" in finding.title
    assert "Allow UDP 5683" in finding.advice


def test_a_mismatch_shows_how_the_payload_begins() -> None:
    finding = one(Traffic().udp(0, GATEWAY, 40000, NODE, 5683, b"hello world"), "payload-mismatch")
    assert finding.title.startswith("UDP 5683 between")
    assert "does not carry coap" in finding.title
    assert "68 65 6c 6c 6f" in finding.detail


def test_an_undeclared_peer_may_be_declared() -> None:
    finding = one(
        Traffic().connect(0, LAPTOP, 50000, GATEWAY, 8080, b"GET / HTTP/1.1\r\n\r\n"), "undeclared-peer"
    )
    assert LAPTOP in finding.title
    assert "Declare the host" in finding.advice


def test_a_missing_service_names_the_roles_and_the_port() -> None:
    traffic = Traffic()
    for step in range(14):
        traffic.connect(step * 30, GATEWAY, 40000 + step, NODE, 80, b"GET / HTTP/1.1\r\n\r\n")
        traffic.connect(step * 30 + 1, GATEWAY, 41000 + step, OTHER, 80, b"GET / HTTP/1.1\r\n\r\n")
    finding = one(traffic, "missing-flow", CURRENT[:2])
    for word in ("UDP 5683", "igor-gateway", "igor-node"):
        assert word in finding.title + finding.detail + finding.advice
    assert finding.frames[0] == 1


def test_no_sentence_is_left_unfinished() -> None:
    traffic = Traffic().udp(0, NODE, 40000, GATEWAY, 50201, COAP).coap(1, GATEWAY, NODE, answered=False)
    traffic.udp(2, GATEWAY, 40000, NODE, 50202, b"\1").connect(3, LAPTOP, 50000, GATEWAY, 1901)
    for hosts in (CURRENT, LEGACY):
        for finding in judged(traffic, hosts).findings:
            words = (finding.title, finding.detail, finding.advice)
            assert all(words)
            assert not any("  " in word or "{" in word or "None" in word for word in words), words
