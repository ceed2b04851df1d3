"""Repeated errors, and peers that stop answering: found once, never graver than the capture allows."""

from __future__ import annotations

import pytest
from coapwire import ACK, CONTENT, NOT_FOUND, Coap, message, push
from judging import CURRENT, judged
from tftpwire import SERVER

from analyzer.model import Report
from analyzer.transfers.coap.faults import REPEATED


def kinds(report: Report) -> list[tuple[str, str]]:
    return [(finding.kind.value, finding.severity.value) for finding in report.findings]


def talk(count: int, code: int = CONTENT, name: str = "/light") -> Coap:
    wire = Coap()
    for number in range(count):
        wire.get(number, number, name=name)
        wire.s(number + 0.1, message(ACK, code, number, number.to_bytes(2, "big")))
    return wire


def stopped(wire: Coap, at: float) -> Coap:
    for delay in (0, 2.5, 7.5, 17.5, 37.5):
        wire.get(at + delay, 900, name="/light")
    return wire


@pytest.mark.parametrize(
    ("count", "found"), [(REPEATED - 1, []), (REPEATED, [("protocol-error", "warning")])]
)
def test_errors_are_told_once_repeated(count: int, found: list[tuple[str, str]]) -> None:
    report = judged(talk(count, NOT_FOUND))
    assert kinds(report) == found
    assert report.compliant
    if found:
        (finding,) = report.findings
        assert finding.title == f"{SERVER} answers CoAP requests of 10.20.1.21 with 4.04 Not Found"
        assert "GET /light" in finding.detail
        assert (finding.frames, finding.flows) == ((2, 4, 6), ("f1",))
        assert "igor-gateway/5.0.0+/incoming/udp/5683" in finding.rows


def test_many_clients_with_one_error_are_one_finding() -> None:
    wire = Coap()
    for node in range(5):
        one = talk(REPEATED, NOT_FOUND)
        one.port += node
        for number in range(REPEATED):
            token = number.to_bytes(2, "big")
            wire.udp(
                number, f"10.20.1.{node + 30}", 40000, SERVER, 5683, message(0, 1, number, token, (11, b"x"))
            )
            wire.udp(
                number + 0.1, SERVER, 5683, f"10.20.1.{node + 30}", 40000, message(ACK, 0xA0, number, token)
            )
    (finding,) = judged(wire).findings
    assert finding.title == f"{SERVER} answers CoAP requests of 5 hosts with 5.00 Internal Server Error"
    assert len(finding.flows) == 5


@pytest.mark.parametrize(
    ("wire", "found"),
    [
        (stopped(talk(3), 10).idle(100), [("failing-flow", "violation")]),
        (
            stopped(talk(3), 10).get(90, 901, name="/light").s(91, message(ACK, CONTENT, 901, b"\3\x85")),
            [("failing-flow", "warning")],
        ),
        (stopped(Coap(), 10).idle(100), [("failing-flow", "violation")]),  # told as the unanswered flow it is
        (talk(3).idle(100), []),
    ],
    ids=["gone", "back", "never there", "healthy"],
)
def test_a_peer_that_stops_answering(wire: Coap, found: list[tuple[str, str]]) -> None:
    report = judged(wire)
    assert kinds(report) == found
    if found and len(report.flows) and report.flows[0].outcome == "answered":
        assert "stops answering" in report.findings[0].title
        assert report.findings[0].frames == (7, 8, 9, 10, 11)


def test_a_transfer_speaks_for_its_own_messages() -> None:
    wire = push(Coap(), 0, 1000, upto=5)
    for delay in (0, 2.5, 7.5, 17.5, 37.5):
        wire.put(1 + delay, 900, 5, True)
    report = judged(wire.idle(100))
    assert kinds(report) == [("transfer-failed", "violation")]


def test_without_a_site_it_is_a_warning_at_most() -> None:
    assert judged(stopped(talk(3), 10).idle(100), ()).compliant


def test_between_strangers_it_is_nothing() -> None:
    wire = Coap()
    wire.frames = stopped(talk(REPEATED, NOT_FOUND), 10).idle(100).frames
    site = ("igor-gateway=10.99.0.1@5.1.0",)
    assert [kind for kind, _ in kinds(judged(wire, site)) if kind in ("protocol-error", "failing-flow")] == []
    assert kinds(judged(wire, CURRENT)) != []
