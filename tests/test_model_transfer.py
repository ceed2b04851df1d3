"""Transfers: their words, and their rate."""

from __future__ import annotations

from analyzer.model.transfer import Cause, Transfer, TransferOutcome

SECOND = 1_000_000_000


def transfer(first: int, last: int, size: int) -> Transfer:
    done = TransferOutcome.COMPLETE
    return Transfer(
        "t1", "tftp", "read", "a", "b", None, None, done, None, "", "", first, last, (1, 1), bytes=size
    )


def test_words_are_those_of_the_contract() -> None:
    assert set(TransferOutcome) == {"complete", "failed", "in-progress", "unknown"}
    assert set(Cause) == {
        *("no-response", "refused", "blocked", "error-not-found", "error-access", "error-disk-full"),
        *("error-option", "error-other", "data-path-blocked", "ack-path-blocked", "reply-from-other-address"),
        *("fragments-lost", "block-wrap", "missing-final-block", "stalled", "size-mismatch", "wrong-mode"),
        *("client-gave-up", "capture-ended", "capture-one-sided"),
    }


def test_the_rate_is_in_bytes_a_second() -> None:
    assert transfer(5 * SECOND, 9 * SECOND, 1000).rate == 250.0


def test_a_transfer_without_duration_has_no_rate() -> None:
    assert transfer(SECOND, SECOND, 1000).rate == 0.0
