"""Where packets died, from trips made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_report_ladder import BAD, GOOD

from analyzer.model import Cause, Transfer
from analyzer.pairing import Trip, judge

NAMES = {"node": "n", "gateway": "g"}
FAILED = replace(BAD, cause=Cause.STALLED)


def made(rows: list[tuple[int, bool, bool, bool]], judged: bool = True) -> Trip:
    """``(key, to the gateway, at the node's point, at the gateway's point)`` in order."""
    count = np.arange(1, len(rows) + 1)
    here = np.array([row[2] for row in rows])
    there = np.array([row[3] for row in rows])
    return Trip(
        time=count * 1000,
        key=np.array([row[0] for row in rows], np.uint64),
        to_gateway=np.array([row[1] for row in rows]),
        node_frame=count * here,
        gateway_frame=(100 + count) * there,
        arrived=here & there,
        judged=np.full(len(rows), judged),
    )


ASK, DATA, ACK = (1, True, True, True), (2, False, True, True), (3, True, True, True)


@pytest.mark.parametrize(
    ("rows", "transfer", "place", "direction", "words"),
    [
        ([ASK, (2, False, False, True), (2, False, False, True)], FAILED, "between", "to-node", "2 times"),
        ([ASK, DATA, (3, True, True, False), DATA], FAILED, "between", "to-gateway", "lost between"),
        ([ASK, ASK], FAILED, "after", "to-gateway", "the gateway is silent"),
        ([ASK, DATA, ACK, DATA, ACK], FAILED, "after", "to-gateway", "only repeats"),
        ([ASK, DATA, DATA], FAILED, "after", "to-node", "it fell silent"),
        ([ASK, DATA], replace(FAILED, cause=Cause.ERROR_ACCESS), "none", None, "not to blame"),
        ([ASK, (2, False, False, True), DATA, ACK], GOOD, "none", None, "complete"),
        ([(9, True, False, True)] * 4, FAILED, "unknown", None, "the node's side lacks 4"),
    ],
)
def test_places(
    rows: list[tuple[int, bool, bool, bool]],
    transfer: Transfer,
    place: str,
    direction: str | None,
    words: str,
) -> None:
    path = judge(made(rows), transfer, NAMES)
    assert (path.place, path.direction) == (place, direction)
    assert words in path.detail


def test_counts_and_frames_of_each_direction() -> None:
    path = judge(made([ASK, (2, False, False, True), DATA]), FAILED, NAMES)
    assert (path.to_node.sent, path.to_node.arrived, path.to_node.lost) == (2, 1, 1)
    assert (path.to_node.lost_frames, path.to_node.arrived_frames) == ((102,), (3,))
    assert (path.to_gateway.sent, path.to_gateway.arrived_frames) == (1, (101,))


def test_outside_the_common_time_nothing_is_said() -> None:
    path = judge(made([(1, True, True, False)], judged=False), FAILED, NAMES)
    assert (path.place, path.to_gateway.lost) == ("unknown", 0)
