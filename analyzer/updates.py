"""Update attempts: the transfers and the signalling of one node, in one span, with a timeline.

"Transfer complete, update failed" is told apart from "transfer failed": the image arrived, and the node asked
for it again or was never heard again. What only the flow table tells is told only where it is plain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np

from analyzer.addresses import parse
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.model import Attempt, Event, Transfer, TransferOutcome

SECOND: Final = 1_000_000_000
SPAN: Final = 600 * SECOND
"""Transfers of one node less than this apart are one attempt: a node tries again within minutes."""
SIGNALLED: Final = 300 * SECOND
"""How long before the first request its announcement may be."""
SILENCE: Final = 10 * SECOND
"""Silence after a transfer that looks like a restart."""
NEVER: Final = 180 * SECOND
"""A node silent for this long after its image is not restarting any more."""
SIGNALLING: Final = "igor-firmware"
GATEWAY: Final = "igor-gateway"

Outcome = Literal["succeeded", "transfer-failed", "update-failed", "in-progress", "unknown"]
Roles = Callable[[Address], Iterable[str]]


def attempts(
    transfers: Sequence[Transfer], found: Sequence[Conversation], roles: Roles, end: int
) -> tuple[Attempt, ...]:
    """The attempts in order of their beginning. ``end`` is the time of the capture's last packet, ns."""
    by_pair: dict[tuple[str, str], list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        by_pair[_ends(transfer, roles)].append(transfer)
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
    talk = _by_address(found, {node for node, _, _ in groups})
    return tuple(
        _attempt(f"u{number}", node, gateway, held, talk.get(parse(node), []), end)
        for number, (node, gateway, held) in enumerate(groups, 1)
    )


def _ends(transfer: Transfer, roles: Roles) -> tuple[str, str]:
    """``(node, gateway)``: by role, else the end that receives the file is the node."""
    if GATEWAY in roles(parse(transfer.client)):
        return transfer.server, transfer.client
    if GATEWAY in roles(parse(transfer.server)) or transfer.operation == "read":
        return transfer.client, transfer.server
    return transfer.server, transfer.client


def _by_address(found: Sequence[Conversation], nodes: Iterable[str]) -> Mapping[Address, list[Conversation]]:
    found = Conversations.of(found)
    places = found.places
    return {
        address: list(found.at(np.flatnonzero((places.a == place) | (places.b == place))))
        for address in map(parse, nodes)
        if (place := places.find(address)) >= 0
    }


def _attempt(
    name: str, node: str, gateway: str, held: Sequence[Transfer], talk: Sequence[Conversation], end: int
) -> Attempt:
    first = held[0].first
    signals = [
        flow
        for flow in talk
        if flow.protocol == SIGNALLING
        and parse(gateway) in (flow.a, flow.b)
        and first - SIGNALLED <= flow.start <= held[-1].last
    ]
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
    after = _after(held[-1], talk, parse(node), end)
    timeline += after
    outcome, detail = _outcome(held, after)
    timeline.sort(key=lambda event: event.time)
    flows = dict.fromkeys((*(flow.id for flow in signals), *(flow for one in held for flow in one.flows)))
    return Attempt(
        id=name,
        node=node,
        gateway=gateway,
        outcome=outcome,
        detail=detail,
        first=timeline[0].time,
        last=max(event.time for event in timeline),
        timeline=tuple(timeline),
        transfers=tuple(transfer.id for transfer in held),
        flows=tuple(flows),
    )


def _after(last: Transfer, talk: Sequence[Conversation], node: Address, end: int) -> list[Event]:
    """What the node did after its image arrived, as far as whole flows show it."""
    if last.outcome is not TransferOutcome.COMPLETE or not last.bytes:
        return []
    latest, began = 0, []
    for flow in talk:
        side = 0 if flow.a == node else 1
        if flow.packets[side]:
            latest = max(latest, flow.last_time[side])
            if flow.first_time[side] > last.last:
                began.append((flow.first_time[side], flow.first_frame[side]))
    if latest <= last.last:
        if end - last.last < NEVER:
            return []
        return [Event(end, 0, "never-came-back", f"silent for {(end - last.last) // SECOND} s")]
    if not began:
        return []
    time, frame = min(began)
    spans = any(flow.start <= last.last and flow.end > last.last for flow in talk if last.id)
    if spans or time - last.last < SILENCE:
        return [Event(time, frame, "came-back")] if not spans else []
    return [
        Event(last.last, last.frames[1], "restarted", "likely: it fell silent"),
        Event(time, frame, "came-back", f"after {(time - last.last) / SECOND:.0f} s"),
    ]


def _outcome(held: Sequence[Transfer], after: Sequence[Event]) -> tuple[Outcome, str]:
    last = held[-1]
    if last.outcome is TransferOutcome.FAILED:
        return "transfer-failed", f"{last.cause} at block {last.blocks}"
    if last.outcome is TransferOutcome.IN_PROGRESS:
        return "in-progress", "the capture ended first"
    if last.outcome is TransferOutcome.UNKNOWN:
        return "unknown", last.detail
    arrived: dict[str, int] = defaultdict(int)
    for transfer in held:
        if transfer.outcome is TransferOutcome.COMPLETE and transfer.bytes and transfer.file:
            arrived[transfer.file] += 1
    again = [file for file, count in arrived.items() if count > 1]
    if again:
        return "update-failed", f"{again[0]} arrived {arrived[again[0]]} times: the node asked for it again"
    if any(event.what == "never-came-back" for event in after):
        return "update-failed", "the image arrived and the node was not heard again"
    return "succeeded", ""
