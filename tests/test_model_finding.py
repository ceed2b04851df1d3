"""Findings: their words."""

from __future__ import annotations

from analyzer.model.finding import FindingKind, Severity


def test_words_are_those_of_the_contract() -> None:
    assert set(Severity) == {"violation", "warning", "note"}
    assert set(FindingKind) == {
        *("unexpected-flow", "disputed-flow", "missing-flow", "failing-flow", "payload-mismatch"),
        *("retired-service", "incompatible-versions", "unsupported-version", "direct-mode"),
        *("undeclared-peer", "transfer-failed", "update-failed", "capture-problem", "expired-waiver"),
        *("protocol-error", "duplicate-device", "unstable-session"),
    }
