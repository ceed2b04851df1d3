"""Transfers: their rate."""

from __future__ import annotations

from analyzer.model import Transfer, TransferOutcome

SECOND = 1_000_000_000


def transfer(first: int, last: int, size: int) -> Transfer:
    done = TransferOutcome.COMPLETE
    return Transfer(
        "t1", "tftp", "read", "a", "b", None, None, done, None, "", "", first, last, (1, 1), bytes=size
    )


def test_the_rate_is_in_bytes_a_second() -> None:
    assert transfer(5 * SECOND, 9 * SECOND, 1000).rate == 250.0


def test_a_transfer_without_duration_has_no_rate() -> None:
    assert transfer(SECOND, SECOND, 1000).rate == 0.0
