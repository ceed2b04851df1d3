"""Hosts that want one place of the compiled part's table, and times at both ends of what a number holds."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.activity.stretches import joined, of_rows, within
from analyzer.tables import PACKETS, QUOTES, Kind, Packets

fast = pytest.importorskip("analyzer.activity.fast", reason="the compiled part was not built (no C compiler)")

FACTOR = 0xD6E8FEB86659FD93
"""Of ``fast.pyx``: what an address is multiplied by to find its place."""


def of_hosts(hosts: list[int], times: list[int]) -> Packets:
    columns = PACKETS.empty(len(hosts))
    columns["kind"][:], columns["version"][:] = Kind.TRANSPORT, 4
    columns["frame"] = np.arange(1, len(hosts) + 1)
    columns["src_lo"][:], columns["time"][:] = hosts, times
    return Packets(columns, QUOTES.empty(), b"")


def test_hosts_that_share_a_place_are_told_apart() -> None:
    inverse = pow(FACTOR, -1, 1 << 64)
    crowd = [(place * inverse % (1 << 64)) ^ 4 for place in range(100)]
    assert len({((host ^ 4) * FACTOR % (1 << 64)) >> 40 for host in crowd}) == 1
    part = of_hosts(crowd * 3, [*range(100), *range(100), *range(100)])
    firsts, lasts = within(part, 1000)
    assert len(firsts) > 100  # some found no place, and are joined later
    made = joined(of_rows(part, firsts, lasts), 1000)
    assert sorted(made["lo"].tolist()) == sorted(crowd)
    assert (made["begin"] == made["end"]).all()
    assert (made["end_frame"] - made["begin_frame"] == 200).all()


def test_times_as_far_apart_as_can_be() -> None:
    lowest, highest = -(1 << 63), (1 << 63) - 1
    firsts, lasts = within(of_hosts([1] * 4, [lowest, highest, lowest + 1, 0]), 8)
    assert firsts.tolist() == [0, 1, 2, 3]
    assert lasts.tolist() == [0, 1, 2, 3]
