"""Where the packets of one transfer died: between the two capture points, or behind one of them.

What was sent last and was new decides: if it reached the far point, what is behind that point did not take it
up; if it did not, it was lost between. Everything is counted on the node's clock, in the time both captures
share.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from analyzer.model import Cause, Path, Transfer, TransferOutcome, Way
from analyzer.pairing.clock import Matched

EDGE: Final = 50_000_000
"""Packets so close, ns, to an end of the shared time may be on their way: nothing is said of them."""
UNSEEN: Final = 0.2
"""Part of a direction's packets in the far capture only, from which on the near one lacks too many."""
UNSEEN_FEW: Final = 3
FRAMES: Final = 6
"""Frames of each capture that a direction cites."""
SILENT: Final = frozenset(
    {
        Cause.NO_RESPONSE,
        Cause.DATA_PATH_BLOCKED,
        Cause.ACK_PATH_BLOCKED,
        Cause.STALLED,
        Cause.FRAGMENTS_LOST,
    }
)
"""Causes that mean: something was not heeded. The others were said by one of the ends or by the network."""

Array = np.ndarray[Any, Any]
Direction = Literal["to-gateway", "to-node"]


class Span(NamedTuple):
    """The time both captures cover, ns of the node's clock."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Trip:
    """The packets of one transfer, in time order: each once, with its frame at each point, 0 where unseen.

    ``arrived`` says whether all of it reached the far point.
    """

    time: Array
    key: Array
    to_gateway: Array
    node_frame: Array
    gateway_frame: Array
    arrived: Array
    judged: Array
    """Whether it was inside the shared time: what one point lacks, it should have seen."""


def trip(
    matched: Matched, flows: Collection[int], nodes: Collection[int], begin: int, end: int, span: Span
) -> Trip:
    """The packets of ``flows`` between ``begin`` and ``end``, ns by the node's clock, in order of time.

    ``flows`` and ``nodes``, the hosts at the node's side, are numbers as in SIGHT; ``span`` is the time that
    both captures cover.
    """
    assert matched.clock is not None
    wanted = np.array(list(flows), np.uint64)
    near = np.array(list(nodes), np.uint64)
    left, right = matched.pairs
    far_time = matched.clock.at_node(matched.gateway["time"])
    alone_left, alone_right = np.ones(len(matched.node), bool), np.ones(len(matched.gateway), bool)
    alone_left[left], alone_right[right] = False, False
    only_left, only_right = np.flatnonzero(alone_left), np.flatnonzero(alone_right)
    parts = [
        (matched.node[left], matched.node["time"][left], matched.node["frame"][left],
         matched.gateway["frame"][right], matched.node["pieces"][left], matched.gateway["pieces"][right]),
        (matched.node[only_left], matched.node["time"][only_left], matched.node["frame"][only_left],
         np.zeros(len(only_left), np.int64), matched.node["pieces"][only_left],
         matched.node["pieces"][only_left]),
        (matched.gateway[only_right], far_time[only_right], np.zeros(len(only_right), np.int64),
         matched.gateway["frame"][only_right], matched.gateway["pieces"][only_right],
         matched.gateway["pieces"][only_right]),
    ]  # fmt: skip
    sights, times, here, there, pieces_here, pieces_there = (
        np.concatenate([part[column] for part in parts]) for column in range(6)
    )
    chosen = np.flatnonzero(np.isin(sights["flow"], wanted) & (times >= begin) & (times <= end))
    chosen = chosen[np.lexsort((here[chosen], times[chosen]))]
    sights, times, here, there = sights[chosen], times[chosen], here[chosen], there[chosen]
    outward = np.isin(sights["source"], near)
    missing = np.where(
        outward,
        pieces_there[chosen] < pieces_here[chosen],
        pieces_here[chosen] < pieces_there[chosen],
    )
    margin = EDGE + (matched.clock.uncertainty or 0)
    inside = (times >= span.begin + margin) & (times <= span.end - margin)
    both = (here > 0) & (there > 0)
    return Trip(times, sights["key"], outward, here, there, both & ~missing, both | inside)


def _way(found: Trip, outward: bool) -> Way:
    chosen = (found.to_gateway == outward) & found.judged
    first, second = (
        (found.node_frame, found.gateway_frame) if outward else (found.gateway_frame, found.node_frame)
    )
    sent = chosen & (first > 0)
    lost = sent & ~found.arrived
    unseen = chosen & (first == 0)
    return Way(
        sent=int(sent.sum()),
        arrived=int((sent & found.arrived).sum()),
        lost=int(lost.sum()),
        unseen=int(unseen.sum()),
        lost_frames=tuple(sorted(int(frame) for frame in first[lost][-FRAMES:])),
        arrived_frames=tuple(sorted(int(frame) for frame in second[sent & found.arrived][-FRAMES:])),
    )


def judge(found: Trip, transfer: Transfer, names: Mapping[str, str]) -> Path:
    """Where the packets of ``transfer`` died. ``names`` are those of ``node`` and ``gateway``."""
    ways: dict[Direction, Way] = {"to-gateway": _way(found, True), "to-node": _way(found, False)}
    place, direction, detail = _place(found, transfer, names, ways)
    counts = ", ".join(
        f"{way.arrived} of {way.sent} packets {toward.replace('-', ' the ')}" for toward, way in ways.items()
    )
    return Path(
        place, direction, f"{detail}; from point to point got {counts}", ways["to-gateway"], ways["to-node"]
    )


Verdict = tuple[Literal["none", "between", "after", "unknown"], Direction | None, str]


def _place(
    found: Trip, transfer: Transfer, names: Mapping[str, str], ways: Mapping[Direction, Way]
) -> Verdict:
    if not found.judged.any():
        return "unknown", None, "none of its packets is in the time that both captures cover"
    for toward, way in ways.items():
        if way.unseen > max(UNSEEN_FEW, UNSEEN * (way.arrived + way.unseen)):
            return "unknown", None, (
                f"the capture at the {_ends(toward)[0]}'s side lacks {way.unseen} packets that the other one "
                "has: it lost frames, sees one direction only, or the packets took another way"
            )  # fmt: skip
    if transfer.outcome is TransferOutcome.COMPLETE:
        return "none", None, "it is complete"
    if transfer.outcome is not TransferOutcome.FAILED:
        return "unknown", None, "it has not failed"
    last = _last_new(found)
    outward = bool(found.to_gateway[last])
    direction: Direction = "to-gateway" if outward else "to-node"
    copies = (found.key == found.key[last]) & (found.to_gateway == outward)
    if found.arrived[copies].any():
        return _behind(transfer, direction, found, last, names)
    near = found.node_frame if outward else found.gateway_frame
    tries = copies & found.judged & (near > 0)
    if not tries.any():
        return "unknown", None, "its last packets are outside the time that both captures cover"
    sender, target = _ends(direction)
    many = int(tries.sum())
    times = f" {many} times" if many > 1 else ""
    part = " whole" if (found.node_frame[tries] * found.gateway_frame[tries]).any() else ""
    return "between", direction, (
        f"{names[sender]} sent its last packet{times}; it passed the {sender}'s point and never{part} "
        f"reached the {target}'s: lost between the points"
    )  # fmt: skip


def _behind(
    transfer: Transfer, direction: Direction, found: Trip, last: int, names: Mapping[str, str]
) -> Verdict:
    """The last new packet reached the far point: what is behind that did not take it up, or said why."""
    if transfer.cause not in SILENT:
        return "none", None, "the points agree, so the path is not to blame"
    _, target = _ends(direction)
    back = (found.to_gateway != found.to_gateway[last]) & found.judged
    if (back & (found.time > found.time[last])).any():
        does = f"{names[target]} only repeats what it sent before: it does not take up what arrives there"
    elif back.any():
        does = f"no further answer left {names[target]}: it fell silent"
    else:
        does = f"no answer left {names[target]}: the {target} is silent"
    return "after", direction, (
        f"both points saw the last packet {direction.replace('-', ' the ')}, and {does}; look at the "
        f"{target} itself and at what is between it and its capture point"
    )  # fmt: skip


def _ends(direction: Direction) -> tuple[str, str]:
    return ("node", "gateway") if direction == "to-gateway" else ("gateway", "node")


def _last_new(found: Trip) -> int:
    """The last packet whose contents had not been seen before."""
    _, firsts = np.unique(found.key, return_index=True)
    return int(firsts.max())
