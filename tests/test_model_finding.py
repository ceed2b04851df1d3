"""Findings: what need not be said."""

from __future__ import annotations

from analyzer.model import Finding, FindingKind, Severity


def test_what_a_finding_does_not_say_is_empty() -> None:
    finding = Finding("x", FindingKind.MISSING_FLOW, Severity.VIOLATION, "TCP 1480", "never attempted")
    assert (finding.near_miss, finding.advice, finding.wireshark_filter, finding.waived) == ("",) * 4
    assert (finding.flows, finding.rows, finding.frames) == ((),) * 3
