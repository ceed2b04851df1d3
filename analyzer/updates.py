"""Update attempts: the transfers and the signalling of one node, in one span, with a timeline.

"Transfer complete, update failed" is told apart from "transfer failed": the image arrived, and the node asked
for it again or was never heard again. What only the flow table tells is told only where it is plain.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np

from analyzer.addresses import parse
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.kinds import Array, members, ordered
from analyzer.model import Attempt, Event, Transfer, TransferOutcome
from analyzer.protocols.igor_firmware import PROTOCOL as SIGNALLING

SECOND: Final = 1_000_000_000
SPAN: Final = 600 * SECOND
"""Transfers of one node less than this apart are one attempt: a node tries again within minutes."""
SIGNALLED: Final = 300 * SECOND
"""How long before the first request its announcement may be."""
SILENCE: Final = 10 * SECOND
"""Silence after a transfer that looks like a restart."""
RESTARTS_WITHIN: Final = 300 * SECOND
"""How long after its image a node that restarts because of it falls silent."""
NEVER: Final = 180 * SECOND
"""A node silent for this long after its image is not restarting any more."""
LONGER: Final = 2
"""A silence tells something only if it is this many times as long as any before the update."""
GATEWAY: Final = "igor-gateway"

Outcome = Literal["succeeded", "transfer-failed", "update-failed", "in-progress", "unknown"]
Reason = Literal["", "asked-again", "never-came-back"]
Roles = Callable[[Address], Iterable[str]]


class Silence(Protocol):
    """A host sent nothing from after ``begin`` until ``end``, ns."""

    @property
    def begin(self) -> int:
        """Time of its packet before."""

    @property
    def end(self) -> int:
        """Time of its packet after, or the end of the capture."""

    @property
    def frame_before(self) -> int:
        """Frame of its packet before."""

    @property
    def frame_after(self) -> int:
        """Frame of its packet after, 0 where there is none."""


Silences = Callable[[Collection[Address], int], Mapping[Address, Sequence[Silence]]]
"""The silences of each of some hosts that lasted at least so many ns, in order."""


def attempts(
    transfers: Sequence[Transfer],
    found: Sequence[Conversation],
    roles: Roles,
    end: int,
    silences: Silences = lambda _hosts, _least: {},
) -> tuple[Attempt, ...]:
    """The attempts in order of their beginning. ``end`` is the time of the capture's last packet, ns."""
    by_pair: dict[tuple[str, str], list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        by_pair[ends(transfer, roles)].append(transfer)
    groups: list[tuple[str, str, list[Transfer]]] = []
    for (node, gateway), held in by_pair.items():
        latest = 0
        for transfer in held:
            if not groups or groups[-1][:2] != (node, gateway) or transfer.first - latest > SPAN:
                groups.append((node, gateway, []))
                latest = 0
            groups[-1][2].append(transfer)
            latest = max(latest, transfer.last)
    groups.sort(key=lambda group: group[2][0].first)
    found = Conversations.of(found)
    nodes = {node: parse(node) for node, _, _ in groups}
    talks, gaps = talks_of(found, set(nodes.values())), silences(set(nodes.values()), SILENCE)
    unseen = Talk(found.all[:0])
    return tuple(
        _attempt(
            f"u{number}",
            node,
            gateway,
            held,
            found,
            talks.get(nodes[node], unseen),
            gaps.get(nodes[node], ()),
            end,
        )
        for number, (node, gateway, held) in enumerate(groups, 1)
    )


def ends(transfer: Transfer, roles: Roles) -> tuple[str, str]:
    """``(node, gateway)``: by role, else the end that receives the file is the node."""
    if GATEWAY in roles(parse(transfer.client)):
        return transfer.server, transfer.client
    if GATEWAY in roles(parse(transfer.server)) or transfer.operation == "read":
        return transfer.client, transfer.server
    return transfer.server, transfer.client


class Talk(NamedTuple):
    """The flows of one node, to be asked what it said beside its update.

    ``signals`` are the rows of update signalling. ``rows`` are those in which it sent, in order of its first
    packet: ``firsts`` and ``frames`` are time, ns, and frame of that. ``lasts`` are the times of its last
    packets, in order, and ``last_rows`` their rows.
    """

    signals: Array
    rows: Sequence[int] = ()
    firsts: Sequence[int] = ()
    frames: Sequence[int] = ()
    lasts: Sequence[int] = ()
    last_rows: Sequence[int] = ()

    def began(self, own: Collection[int], after: float = -math.inf) -> tuple[int, int] | None:
        """Time and frame of the first packet with which it began a flow after a time, ``own`` rows aside."""
        for at in range(bisect_right(self.firsts, after), len(self.rows)):
            if self.rows[at] not in own:
                return self.firsts[at], self.frames[at]
        return None

    def latest(self, own: Collection[int]) -> int | None:
        """When it spoke last, ``own`` rows aside; None if it did not."""
        spoken = zip(reversed(self.lasts), reversed(self.last_rows), strict=True)
        return next((time for time, row in spoken if row not in own), None)


def talks_of(found: Conversations, nodes: Iterable[Address]) -> Mapping[Address, Talk]:
    """The talk of each of ``nodes`` that is at any end."""
    places, columns = found.places, found.columns
    at = {address: place for address in nodes if (place := places.find(address)) >= 0}
    number = np.full(len(places), -1)
    number[list(at.values())] = np.arange(len(at))
    ends = np.stack((number[places.a], np.where(places.a == places.b, -1, number[places.b])), 1).ravel()
    told = np.flatnonzero(ends >= 0)
    node, rows, from_b = ends[told], told >> 1, (told & 1) > 0

    def sent(name: str) -> Array:
        one: Array = np.where(from_b, columns[f"{name}_ba"][rows], columns[f"{name}_ab"][rows])
        return one

    signalling = found.facts["protocol"].among(SIGNALLING.name, rows=rows)
    signals = [rows[signalling][some] for some in members(node[signalling], len(at))]
    spoken = sent("packets") > 0
    first, frame, last = (sent(name)[spoken] for name in ("first_time", "first_frame", "last_time"))
    node, rows = node[spoken], rows[spoken]
    by_first, by_last = (
        order[ordered(node[order], len(at))]
        for order in (np.lexsort((frame, first)), np.argsort(last, kind="stable"))
    )
    columns_of = [column[by_first].data for column in (rows, first, frame)]
    columns_of += [column[by_last].data for column in (last, rows)]
    bounds = pairwise([0, *np.cumsum(np.bincount(node, minlength=len(at))).tolist()])
    return {
        address: Talk(own, *(column[begin:end] for column in columns_of))
        for address, own, (begin, end) in zip(at, signals, bounds, strict=True)
    }


def _attempt(
    name: str,
    node: str,
    gateway: str,
    held: Sequence[Transfer],
    found: Conversations,
    talk: Talk,
    gaps: Sequence[Silence],
    end: int,
) -> Attempt:
    signals = list(found.at(_signals(found, talk.signals, parse(gateway), held)))
    timeline: list[Event] = []
    if signals:
        opening = min(signals, key=lambda flow: flow.start)
        frame = min(number for number in opening.first_frame if number)
        ports = sorted({flow.port for flow in signals})
        timeline.append(Event(opening.start, frame, "announced", f"UDP {', '.join(map(str, ports))}"))
    for transfer in held:
        timeline.append(Event(transfer.first, transfer.frames[0], "requested", transfer.file or ""))
        if transfer.answered is not None and transfer.blocks:
            timeline.append(Event(transfer.answered, transfer.answered_frame, "transferring"))
        if transfer.outcome is TransferOutcome.COMPLETE:
            timeline.append(Event(transfer.last, transfer.frames[1], "complete", f"{transfer.bytes} bytes"))
        elif transfer.outcome is TransferOutcome.FAILED:
            timeline.append(Event(transfer.last, transfer.frames[1], "failed", str(transfer.cause)))
    flows = dict.fromkeys((*(flow.id for flow in signals), *(flow for one in held for flow in one.flows)))
    after = _After()
    if held[-1].outcome is TransferOutcome.COMPLETE and held[-1].bytes:
        # Only what the node talks about besides its update can tell whether it lives.
        own = frozenset(found.rows(flows).tolist())
        after = _after(held, talk, own, gaps, end)
    timeline += after.events
    outcome, reason, detail = _outcome(held, after)
    timeline.sort(key=lambda event: event.time)
    return Attempt(
        id=name,
        node=node,
        gateway=gateway,
        outcome=outcome,
        reason=reason,
        detail=detail,
        came_back=after.came_back,
        first=timeline[0].time,
        last=max(event.time for event in timeline),
        timeline=tuple(timeline),
        transfers=tuple(transfer.id for transfer in held),
        flows=tuple(flows),
    )


def _signals(found: Conversations, told: Array, gateway: Address, held: Sequence[Transfer]) -> Array:
    """Those of ``told``, a node's signalling, that announce the update: with its gateway, near in time."""
    if not len(told):
        return told
    place, start = found.places.find(gateway), found.start[told]
    near = (held[0].first - SIGNALLED <= start) & (start <= held[-1].last)
    signals: Array = told[near & ((found.places.a[told] == place) | (found.places.b[told] == place))]
    return signals


@dataclass(slots=True)
class _After:
    """What the node did after its image arrived. ``came_back`` is None where the capture does not tell."""

    events: list[Event] = field(default_factory=list)
    came_back: bool | None = None
    why: str = ""


def _after(
    held: Sequence[Transfer], talk: Talk, own: Collection[int], gaps: Sequence[Silence], end: int
) -> _After:
    last = held[-1]
    first_time = min(one.first for one in held)
    usual = max((gap.end - gap.begin for gap in gaps if gap.end <= first_time), default=0)
    for gap in gaps:
        length = gap.end - gap.begin
        if not last.last <= gap.begin <= last.last + RESTARTS_WITHIN or length < LONGER * usual:
            continue
        fell = Event(gap.begin, gap.frame_before, "restarted", "likely: it fell silent")
        if gap.frame_after:
            return _After([fell, Event(gap.end, gap.frame_after, "came-back", f"after {_s(length)}")], True)
        began = talk.began(own)
        if length >= NEVER and began is not None and began[0] < last.last:
            return _After([Event(gap.end, 0, "never-came-back", f"silent for {_s(length)}")], False)
    latest = talk.latest(own)
    if latest is None or latest <= last.last:
        short = "" if end - last.last >= NEVER else f"the capture ended {_s(end - last.last)} after the image"
        return _After(why=short or "nothing but the update of this node is in the capture")
    began = talk.began(own, last.last)
    if began is not None and began[0] - last.last < SILENCE and not gaps:
        return _After([Event(*began, "came-back")], True)
    return _After(came_back=True)


def _s(length: int) -> str:
    return f"{length / SECOND:.0f} s"


def _outcome(held: Sequence[Transfer], after: _After) -> tuple[Outcome, Reason, str]:
    last = held[-1]
    if last.outcome is TransferOutcome.FAILED:
        return "transfer-failed", "", f"{last.cause} at block {last.blocks}"
    again = _asked_again(held)
    if again:
        return "update-failed", "asked-again", again
    if last.outcome is TransferOutcome.IN_PROGRESS:
        return "in-progress", "", "the capture ended first"
    if last.outcome is TransferOutcome.UNKNOWN:
        return "unknown", "", last.detail
    if after.came_back is False:
        return "update-failed", "never-came-back", "the image arrived and the node was not heard again"
    if after.came_back is None and last.bytes:
        return "succeeded", "", f"whether the node came back is not told: {after.why}"
    return "succeeded", "", ""


def _asked_again(held: Sequence[Transfer]) -> str:
    """A file that arrived and was asked for again afterwards; questions for its size do not count."""
    arrived: dict[tuple[str, str], int] = {}
    for transfer in held:
        moved = transfer.bytes or transfer.outcome is TransferOutcome.IN_PROGRESS
        if not transfer.file or transfer.file_cut or not moved:
            continue
        what = (transfer.operation, transfer.file)
        if transfer.first >= arrived.get(what, transfer.first + 1):
            later = _s(transfer.first - arrived[what])
            return f"{transfer.file} arrived, and the node asked for it again {later} later"
        if transfer.outcome is TransferOutcome.COMPLETE:
            arrived[what] = transfer.last
    return ""
