"""Findings about transfers: one a cause, in step with ``firmware``, never twice."""

from __future__ import annotations

import pytest
from judging import CURRENT, GATEWAY, LAPTOP, NODE, OTHER, judged
from test_transfers_tftp_endings import CASES
from tftpwire import Wire, ack, data, error, finish_read, rrq
from traffic import Traffic

from analyzer.findings.transfers import WORDS
from analyzer.model import Cause, Report, TransferOutcome


def failed(report: Report) -> list[object]:
    return [finding for finding in report.findings if finding.kind == "transfer-failed"]


def test_every_cause_has_its_words() -> None:
    assert set(WORDS) == set(Cause)


@pytest.mark.parametrize("name", CASES)
def test_check_says_what_the_transfer_says(name: str) -> None:
    wire, outcome, cause, _, _ = CASES[name]
    report = judged(wire)
    (transfer,) = report.transfers
    if transfer.cause is not Cause.CAPTURE_ONE_SIDED:  # the whole capture may tell more than the transfer
        assert (transfer.outcome, transfer.cause) == (outcome, cause)
    findings = failed(report)
    assert len(findings) == (transfer.outcome is TransferOutcome.FAILED)
    assert not [finding for finding in report.findings if finding.kind == "failing-flow"]
    if outcome is TransferOutcome.FAILED:
        (finding,) = [finding for finding in report.findings if finding.kind == "transfer-failed"]
        assert finding.severity == "violation"
        assert "igor-gateway/5.0.0+/incoming/udp/69" in finding.rows
        assert finding.frames
        assert set(transfer.flows) <= set(finding.flows)
        assert not report.compliant
        assert "igor-gateway/5.0.0+/incoming/udp/69 is " in finding.detail


def test_one_cause_of_forty_nodes_is_one_finding() -> None:
    traffic = Traffic()
    for number in range(40):
        node = f"10.20.1.{number + 10}"
        traffic.udp(number, node, 2000, GATEWAY, 69, rrq())
        traffic.udp(number + 0.01, GATEWAY, 50000 + number, node, 2000, error(1, "File not found"))
    report = judged(traffic)
    assert len(report.transfers) == 40
    (finding,) = report.findings
    assert finding.kind == "transfer-failed"
    assert finding.title.startswith("40 clients fetch node.bin from 10.20.0.10")
    assert len(finding.flows) == 80
    assert "And 37 more" in finding.detail


def test_without_a_site_it_is_a_warning() -> None:
    report = judged(CASES["not found"][0], ())
    assert report.compliant
    assert report.transfers[0].outcome is TransferOutcome.FAILED


def test_between_strangers_it_is_a_note() -> None:
    traffic = Traffic().udp(0, LAPTOP, 2000, "10.20.0.98", 69, rrq())
    traffic.udp(0.1, "10.20.0.98", 50000, LAPTOP, 2000, error(1))
    report = judged(traffic, CURRENT)
    assert [(str(f.kind), str(f.severity)) for f in report.findings] == [("transfer-failed", "note")]


def test_a_retry_that_worked_leaves_no_finding() -> None:
    wire = Wire().c(0, rrq(), 69, port=3000).c(5, rrq(), 69, port=3001)
    report = judged(finish_read(wire.c(10, rrq(), 69), 10.1, 3).idle(60))
    assert report.transfers[0].outcome is TransferOutcome.COMPLETE
    assert not [finding for finding in report.findings if finding.severity == "violation"]


def test_the_windows_gateway_gets_its_candidates_in_order() -> None:
    wire = Wire().c(0, rrq(), 69).c(5, rrq(), 69).idle(60)
    (finding,) = [finding for finding in judged(wire).findings if finding.kind == "transfer-failed"]
    order = [
        "Get-Service",
        "exclusions --version 5.1.0",
        "Get-NetUDPEndpoint",
        "excludedportrange",
        "capture on",
    ]
    places = [finding.advice.index(word) for word in order]
    assert places == sorted(places)
    push = Traffic()
    for at in (0, 5):
        push.udp(at, GATEWAY, 2000, NODE, 69, b"\0\2" + rrq()[2:])
    push.udp(50, NODE, 5683, OTHER, 5683)
    (other,) = [finding for finding in judged(push).findings if finding.kind == "transfer-failed"]
    assert "Get-Service" not in other.advice


def test_flows_of_another_transfer_are_not_cited() -> None:
    wire = Wire().c(0, rrq("a"), 69, port=3000).s(0.1, error(1), port=3000)
    wire.c(1, rrq("b"), 69, port=3001).s(1.1, data(1, 5), 50001, port=3001).c(1.2, ack(1), 50001, port=3001)
    report = judged(wire)
    (finding,) = [finding for finding in report.findings if finding.kind == "transfer-failed"]
    good = next(transfer for transfer in report.transfers if transfer.file == "b")
    assert not set(good.flows) & set(finding.flows)
