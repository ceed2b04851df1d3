"""Sifts: what one gives of a batch is found once, before or when it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from everywhere import captures

from analyzer.observations import observers
from analyzer.picking import Together, Want, claims, sifted
from analyzer.picking.sifts import Sift
from analyzer.tables import PACKETS, QUOTES, Packets
from analyzer.transfers import Collector


def batch(count: int) -> Packets:
    return Packets(PACKETS.empty(count), QUOTES.empty(), b"")


class Sifter:
    """Counts the packets of each batch, and how often it did."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, packets: Packets) -> int:
        self.calls += 1
        return len(packets.columns["frame"])


class Watcher:
    """Asks for what some sifts give."""

    def __init__(self, *sifts: Sift) -> None:
        self.sifts = sifts
        self.seen: list[list[Any]] = []

    @staticmethod
    def wants(_: Packets) -> Want:
        return Want(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def add(self, packets: Packets) -> None:
        self.seen.append([sifted(packets, sift) for sift in self.sifts])


@pytest.mark.parametrize("before", [False, True])
def test_a_batch_is_sifted_once_for_all_who_watch(before: bool) -> None:
    count, nothing = Sifter(), Sifter()
    one, other = Watcher(count), Watcher(nothing, count)
    together = Together([one, other])
    batches = [batch(3), batch(0), batch(0)]
    if before:
        batches = [together.sift(packets) for packets in batches]
        assert (count.calls, one.seen) == (3, [])
    for packets in batches:
        together.add(packets)
    assert one.seen == [[3], [0], [0]]
    assert other.seen == [[3, 3], [0, 0], [0, 0]]
    assert (count.calls, nothing.calls) == (3, 3)


def test_what_nobody_sifted_is_sifted_when_it_is_asked_for() -> None:
    count = Sifter()
    assert [sifted(batch(5), count), sifted(batch(5), count)] == [5, 5]
    assert count.calls == 2


def test_watchers_that_came_later_ask_for_more() -> None:
    count, other = Sifter(), Sifter()
    watcher = Watcher(count, other)
    Together([watcher]).add(Together([Watcher(count)]).sift(batch(2)))
    assert (watcher.seen, other.calls) == ([[2, 2]], 1)


def plain(found: Any) -> list[Any]:
    """The arrays of what a sift gave, which are all that counts."""
    return [part.tolist() for part in found if isinstance(part, np.ndarray)]


def test_what_comes_before_a_batch_is_nothing_to_a_sift() -> None:
    """Asked last batch first, of a batch that was sorted and of one that was not."""
    watchers = [Collector(), *observers()]
    sifts = [sift for one in watchers for sift in one.sifts]
    assert len(sifts) == 3, "CoAP, TFTP, BACnet"
    asked = [claim for one in watchers for claim in one.claims]
    seen = [0] * len(sifts)
    for name, batches in captures("SIFTS"):
        held = list(batches)
        forth = [[plain(sift(packets)) for sift in sifts] for packets in held]
        back = [[plain(sift(claims.sorted_out(packets, asked))) for sift in sifts] for packets in held[::-1]]
        assert forth == back[::-1], name
        for found in forth:
            for place, arrays in enumerate(found):
                seen[place] += len(arrays[0])
    assert min(seen) > 50
