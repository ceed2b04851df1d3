"""Copies of a mirror, told from packets that were sent twice."""

from __future__ import annotations

import pytest

from analyzer.transfers import copies
from analyzer.transfers.copies import Copies

MS = 1_000_000


@pytest.mark.parametrize(
    ("ip_id", "later", "interface", "copy"),
    [
        (7, 19, 0, True),  # a mirror's copy has the identification of its original
        (7, 21, 0, False),
        (0, 1, 0, True),
        (0, 2, 0, False),  # without one the sender may have said it again
        (7, 49, 1, True),  # on its way through a bridge
        (7, 51, 1, False),
    ],
)
def test_how_late_a_copy_may_come(ip_id: int, later: int, interface: int, copy: bool) -> None:
    seen = Copies()
    assert not seen.has(1, 100, ip_id, 0, 0)
    assert seen.has(1, 100, ip_id, later * MS, interface) is copy


def test_other_packets_are_no_copies() -> None:
    seen = Copies()
    seen.has(1, 100, 7, 0, 0)
    assert not seen.has(2, 100, 7, 0, 0)
    assert not seen.has(1, 101, 7, 0, 0)
    assert not seen.has(1, 100, 8, 0, 0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "SIGHTS", 20)
    seen = Copies()
    for number in range(1000):
        seen.has(number, 1, 1, number, 0)
    assert len(seen) <= 20
