"""The words of reports are those of the contract."""

from __future__ import annotations

from analyzer.model.words import Cause, FindingKind, Severity, Status, TransferOutcome


def test_words_of_findings() -> None:
    assert set(Severity) == {"violation", "warning", "note"}
    assert set(FindingKind) == {
        *("unexpected-flow", "disputed-flow", "missing-flow", "failing-flow", "payload-mismatch"),
        *("retired-service", "incompatible-versions", "unsupported-version", "direct-mode"),
        *("undeclared-peer", "transfer-failed", "update-failed", "capture-problem", "expired-waiver"),
        *("protocol-error", "duplicate-device", "unstable-session"),
    }


def test_words_of_rows() -> None:
    assert set(Status) == {
        *("working", "one-way", "failing", "missing", "not-exercised", "not-observable", "not-applicable"),
    }


def test_words_of_transfers() -> None:
    assert set(TransferOutcome) == {"complete", "failed", "in-progress", "unknown"}
    assert set(Cause) == {
        *("no-response", "refused", "blocked", "error-not-found", "error-access", "error-disk-full"),
        *("error-option", "error-other", "data-path-blocked", "ack-path-blocked", "reply-from-other-address"),
        *("fragments-lost", "block-wrap", "missing-final-block", "stalled", "size-mismatch", "wrong-mode"),
        *("client-gave-up", "capture-ended", "capture-one-sided"),
    }
