"""A scan's probes of listed ports are no failing rows; a client that fails beside a scan is one."""

from __future__ import annotations

import random

import pytest
from judging import GATEWAY, LAPTOP, NODE, judged, status
from traffic import ACK, RST, SYN, Traffic

from analyzer.compliance.scans import BESIDE, MANY_PORTS
from analyzer.model import Finding, Report

LISTED = {"tcp": (80, 443, 8080, 8081), "udp": (69, 1050, 5683, 50196, 50202)}
RETIRED = 1901
UNLISTED = tuple(range(6000, 6000 + MANY_PORTS + 18))
AT = 100.0


def scan(
    transport: str, how: str, *, ports: tuple[int, ...] = UNLISTED, listed: tuple[int, ...] | None = None
) -> Traffic:
    """A scan like those of real scanners: one source port, all ports shuffled, silence met with a second
    try."""
    traffic = Traffic().arp(0, NODE, GATEWAY).arp(AT + 400, NODE, GATEWAY)
    tried = [*ports, *(LISTED[transport] if listed is None else listed), *([RETIRED] * (transport == "tcp"))]
    random.Random(7).shuffle(tried)
    for number, port in enumerate(tried):
        at = AT + number / 50
        if transport == "tcp":
            for again in (0, 1) if how == "silence" else (0,):
                traffic.tcp(at + again, LAPTOP, 50000 + again, GATEWAY, port, SYN)
            if how == "refusal":
                traffic.tcp(at + 0.001, GATEWAY, port, LAPTOP, 50000, RST | ACK)
        else:
            asks = {69: b"\0\1r7tftp.txt\0octet\0", 5683: b"\x40\x01\x7d\x70\xbb.well-known\x04core"}
            traffic.udp(at, LAPTOP, 50000, GATEWAY, port, asks.get(port, b""))
            if how == "refusal":
                traffic.unreachable(at + 0.001, GATEWAY, LAPTOP, 50000, GATEWAY, port, 3)
    for number in range(20):
        traffic.coap(20 * number, NODE, GATEWAY, sport=41000 + number, mid=number)
    return traffic


def of_kind(report: Report, kind: str) -> list[Finding]:
    return [finding for finding in report.findings if str(finding.kind) == kind]


def violations(report: Report) -> list[str]:
    return [str(one.kind) for one in report.findings if str(one.severity) == "violation"]


HOSTS = (f"igor-gateway={GATEWAY}@5.1.0", "igor-node=10.20.1.0/24@6.0.2")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("how", ["refusal", "silence"])
def test_a_scan_is_one_finding_and_no_row_fails(transport: str, how: str) -> None:
    report = judged(scan(transport, how), HOSTS)
    assert violations(report) == ["unexpected-flow"]
    (finding,) = of_kind(report, "unexpected-flow")
    assert len({flow.responder.port for flow in report.flows if flow.id in finding.flows}) == len(UNLISTED)
    assert "Listed ports were tried as well, in vain" in finding.detail
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/5683") == "working"
    assert status(report, "igor-gateway/5.0.0+/incoming/tcp/8080") == "not-exercised"


def test_a_client_that_fails_at_another_time_as_well_is_not_swallowed() -> None:
    traffic = scan("tcp", "silence")
    for attempt in range(3):
        for again in range(4):
            traffic.tcp(AT + 200 + 20 * attempt + 2**again, LAPTOP, 51000 + attempt, GATEWAY, 8080, SYN)
    report = judged(traffic, HOSTS)
    (failing,) = of_kind(report, "failing-flow")
    assert "8080" in failing.title
    assert status(report, "igor-gateway/5.0.0+/incoming/tcp/8080") == "failing"
    assert len(of_kind(report, "unexpected-flow")) == 1


def test_a_client_that_tries_more_often_than_the_scan_is_not_swallowed() -> None:
    traffic = scan("tcp", "silence")
    for again in range(5):
        traffic.tcp(AT + 0.2 * again, LAPTOP, 51000, GATEWAY, 8080, SYN)
    (failing,) = of_kind(judged(traffic, HOSTS), "failing-flow")
    assert "8080" in failing.title


def test_another_hosts_failure_during_the_scan_is_not_swallowed() -> None:
    traffic = scan("tcp", "silence")
    for again in range(4):
        traffic.tcp(AT + 2**again, "10.20.0.98", 51000, GATEWAY, 8080, SYN)
    (failing,) = of_kind(judged(traffic, HOSTS), "failing-flow")
    assert "10.20.0.98" in failing.title


@pytest.mark.parametrize(("ports", "failing"), [(MANY_PORTS, 1), (MANY_PORTS + 1, 0)])
def test_only_who_tries_many_ports_scans(ports: int, failing: int) -> None:
    report = judged(scan("tcp", "refusal", ports=UNLISTED[:ports], listed=(80,)), HOSTS)
    assert len(of_kind(report, "failing-flow")) == failing
    assert len(of_kind(report, "retired-service")) == failing


def test_a_service_with_changing_ports_that_answers_is_no_scan() -> None:
    traffic = Traffic().arp(0, NODE, GATEWAY)
    for number, port in enumerate(UNLISTED):
        traffic.connect(AT + number, LAPTOP, 52000 + number, GATEWAY, port)
    traffic.tcp(AT + 5, LAPTOP, 51000, GATEWAY, 8080, SYN)
    traffic.arp(AT + 60, NODE, GATEWAY)
    assert len(of_kind(judged(traffic, HOSTS), "failing-flow")) == 1


@pytest.mark.parametrize(("beside", "failing"), [(BESIDE / 1e9 - 1, 0), (BESIDE / 1e9 + 1, 1)])
def test_how_long_beside_the_scan(beside: float, failing: int) -> None:
    traffic = scan("tcp", "refusal", listed=())
    first = min(at for at, frame in traffic.frames if frame[12:14] == b"\x08\0" and at >= AT)
    traffic.tcp(first - beside, LAPTOP, 50000, GATEWAY, 8080, SYN)
    traffic.tcp(first - beside + 0.01, GATEWAY, 8080, LAPTOP, 50000, RST | ACK)
    assert len(of_kind(judged(traffic, HOSTS), "failing-flow")) == failing
