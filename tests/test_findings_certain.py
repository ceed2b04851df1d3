"""Which findings may be told while the capture still grows."""

from __future__ import annotations

import pytest
from judging import BMS, GATEWAY, LAPTOP, NODE, judged
from traffic import START, Traffic

from analyzer.findings.certain import PATIENCE, SECOND, SETTLE, certain
from analyzer.model import Report

OLD = (f"igor-gateway={GATEWAY}@4.9.0",)


def after(traffic: Traffic, seconds: float) -> Report:
    """The report on a capture that goes on for ``seconds`` with traffic that every sheet lists."""
    for at in range(0, int(seconds), 2):
        traffic.coap(at, NODE, GATEWAY, sport=41000, mid=at + 1)
    traffic.coap(seconds, NODE, GATEWAY, sport=41000, mid=60000)
    return judged(traffic)


def told(report: Report) -> dict[str, int | None]:
    return {finding.kind.value: since for finding, since in certain(report)}


def kinds(report: Report) -> set[str]:
    return {finding.kind.value for finding in report.findings}


@pytest.mark.parametrize(("seconds", "known"), [(SETTLE / SECOND, False), (SETTLE / SECOND + 1, True)])
def test_an_unexpected_flow_is_told_once_it_has_settled(seconds, known) -> None:
    report = after(Traffic().connect(0.5, NODE, 40000, GATEWAY, 22, b"SSH-2.0-x\r\n"), seconds)
    assert kinds(report) == {"unexpected-flow"}
    since = START * SECOND + SECOND // 2
    assert told(report) == ({"unexpected-flow": since} if known else {})


def test_a_refusal_states_itself_and_a_silence_has_to_last() -> None:
    asked = Traffic().coap(0.5, GATEWAY, NODE, answered=False)
    stated = after(asked.unreachable(0.6, NODE, GATEWAY, 40000, NODE, 5683, 3), SETTLE / SECOND + 2)
    assert set(told(stated)) == {"failing-flow"}
    silent = Traffic().coap(0.5, GATEWAY, NODE, answered=False)
    assert kinds(after(silent, 60)) == {"failing-flow"}
    assert told(after(Traffic().coap(0.5, GATEWAY, NODE, answered=False), 60)) == {}
    report = after(Traffic().coap(0.5, GATEWAY, NODE, answered=False), PATIENCE / SECOND + 1)
    assert told(report) == {"failing-flow": START * SECOND + SECOND // 2}


def test_a_transfer_that_was_ended_by_an_error_and_one_that_fell_silent() -> None:
    request = b"\0\1node.bin\0octet\0"
    error = Traffic().udp(0.5, NODE, 2000, GATEWAY, 69, request)
    error.udp(0.6, GATEWAY, 50123, NODE, 2000, b"\0\5\0\1File not found\0")
    assert set(told(after(error, 20))) == {"transfer-failed"}
    silent = Traffic().udp(0.5, NODE, 2000, GATEWAY, 69, request).udp(5.5, NODE, 2000, GATEWAY, 69, request)
    report = after(silent, 60)
    assert "transfer-failed" in kinds(report)
    assert told(report) == {}
    again = Traffic().udp(0.5, NODE, 2000, GATEWAY, 69, request).udp(5.5, NODE, 2000, GATEWAY, 69, request)
    assert "transfer-failed" in told(after(again, PATIENCE / SECOND + 7))


def test_an_absence_is_never_certain() -> None:
    traffic = Traffic()
    for at in range(0, 400, 4):
        traffic.connect(at, NODE, 40000, GATEWAY, 443, b"\x16\x03\x01")
    report = judged(traffic)
    assert "missing-flow" in kinds(report)
    assert "missing-flow" not in told(report)


def test_what_the_site_says_is_told_at_once() -> None:
    report = judged(Traffic().coap(0, NODE, GATEWAY), OLD)
    assert "unsupported-version" in kinds(report)
    assert "unsupported-version" not in told(report)  # its flow has not settled
    quiet = judged(Traffic().arp(0, LAPTOP, BMS), OLD)
    assert told(quiet) == {"unsupported-version": None}
