"""Pairs and clocks, from tables made by hand."""

from __future__ import annotations

import numpy as np

from analyzer.pairing.clock import TOLERANCE, Clock, match
from analyzer.pairing.sights import SIGHT

MS = 1_000_000
NODE, GATEWAY = 1, 2


def table(rows: list[tuple[float, int, int, bool]]) -> np.ndarray:
    """``(ms, key, ip_id, from the node)``"""
    found = np.zeros(len(rows), SIGHT)
    for place, (at, key, ident, outward) in enumerate(rows):
        found[place]["time"], found[place]["key"], found[place]["ip_id"] = round(at * MS), key, ident
        found[place]["frame"] = place + 1
        found[place]["source"], found[place]["target"] = (NODE, GATEWAY) if outward else (GATEWAY, NODE)
    return found


def paired(node: np.ndarray, gateway: np.ndarray) -> tuple[list[tuple[int, int]], Clock | None]:
    found = match(node, gateway, np.array([NODE], np.uint64), np.array([GATEWAY], np.uint64))
    rows = zip(found.pairs[0].tolist(), found.pairs[1].tolist(), strict=True)
    return sorted(rows), found.clock


def test_offset_is_the_middle_and_its_uncertainty_the_delay() -> None:
    node = table([(0, 1, 1, True), (15, 2, 1, False)])
    gateway = table([(1000 + 4, 1, 1, True), (1000 + 11, 2, 1, False)])
    pairs, clock = paired(node, gateway)
    assert pairs == [(0, 0), (1, 1)]
    assert clock is not None
    assert (clock.offset, clock.uncertainty, clock.delay) == (1000 * MS, 4 * MS, 4 * MS)
    assert not clock.swapped
    assert clock.at_node(gateway["time"]).tolist() == [4 * MS, 11 * MS]


def test_the_wrong_way_round_is_seen() -> None:
    node = table([(4, 1, 1, True), (11, 2, 1, False)])
    gateway = table([(0, 1, 1, True), (15, 2, 1, False)])
    _, clock = paired(node, gateway)
    assert clock is not None
    assert clock.swapped


def test_one_direction_leaves_the_delay_open() -> None:
    _, clock = paired(table([(0, 1, 1, True)]), table([(7, 1, 1, True)]))
    assert clock is not None
    assert (clock.offset, clock.uncertainty) == (7 * MS, None)


def test_repetitions_without_identification_are_paired_in_time() -> None:
    node = table([(0, 9, 7, True), (1000, 1, 0, True), (6000, 1, 0, True), (11000, 1, 0, True)])
    gateway = table([(502, 9, 7, True), (6502, 1, 0, True)])  # only the second one arrived
    pairs, _ = paired(node, gateway)
    assert pairs == [(0, 0), (2, 1)]


def test_repetitions_alone_do_not_tell_the_offset() -> None:
    node = table([(0, 1, 0, True), (5000, 1, 0, True), (10000, 1, 0, True)])
    gateway = table([(2, 1, 0, True), (5002, 1, 0, True)])
    pairs, clock = paired(node, gateway)
    assert (pairs, clock) == ([], None)
    assert TOLERANCE < 5000 * MS


def test_identifications_that_change_on_the_way_are_left_out() -> None:
    node = table([(at * 10.0, at, at + 1, True) for at in range(5)])
    gateway = table([(at * 10.0 + 1, at, 900 + at, True) for at in range(5)])
    assert len(paired(node, gateway)[0]) == 5


def test_nothing_in_common() -> None:
    assert paired(table([(0, 1, 1, True)]), table([(0, 2, 1, True)])) == ([], None)
    assert paired(table([]), table([])) == ([], None)
