"""Campaigns: several nodes updated from one gateway, seen as one."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from analyzer.model import Attempt, Campaign, Outlier, Stopped, Transfer, TransferOutcome

NODES: Final = 2
"""Nodes that make a campaign."""
PEERS: Final = 4
"""Complete transfers of other nodes that make a median worth comparing with."""
SLOWER: Final = 4.0
"""A node this many times slower than the median is an outlier: links and loads differ by less."""
REPEATED: Final = 10.0
"""The same for retransmissions, and the fewest that count where the median is zero."""
REPEATED_LEAST: Final = 20
LAST_STEP: Final = ("announced", "requested", "transferring", "complete", "restarted", "came-back")


def campaigns(attempts: Sequence[Attempt], transfers: Iterable[Transfer]) -> tuple[Campaign, ...]:
    """The campaigns in order of their first attempt. A node counts once, with its last attempt."""
    known = {transfer.id: transfer for transfer in transfers}
    by_gateway: dict[str, dict[str, Attempt]] = defaultdict(dict)
    for attempt in attempts:
        by_gateway[attempt.gateway][attempt.node] = attempt
    found: list[Campaign] = []
    for gateway, latest in by_gateway.items():
        if len(latest) < NODES:
            continue
        held = list(latest.values())
        found.append(
            Campaign(
                id=f"c{len(found) + 1}",
                gateway=gateway,
                nodes=len(held),
                outcomes=dict(Counter(str(attempt.outcome) for attempt in held).most_common()),
                stopped=tuple(
                    Stopped(attempt.node, attempt.id, attempt.outcome, where(attempt, known))
                    for attempt in held
                    if attempt.outcome != "succeeded"
                ),
                outliers=tuple(_outliers(held, known)),
                attempts=tuple(attempt.id for attempt in attempts if attempt.gateway == gateway),
            )
        )
    return tuple(found)


def where(attempt: Attempt, known: Mapping[str, Transfer]) -> str:
    """Where an attempt stopped: the last step it took, and how far the transfer had come."""
    seen = {event.what for event in attempt.timeline}
    if attempt.outcome == "update-failed":
        return f"after the image arrived: {attempt.reason}"
    step = next((what for what in reversed(LAST_STEP[:4]) if what in seen), "requested")
    last = known[attempt.transfers[-1]]
    cause = f": {last.cause}" if last.cause is not None else ""
    total = f" of {last.expected_bytes}" if last.expected_bytes is not None else ""
    return f"{step}, {last.bytes}{total} bytes{cause}"


def _outliers(held: Sequence[Attempt], known: Mapping[str, Transfer]) -> Iterable[Outlier]:
    complete = [
        (attempt.node, transfer)
        for attempt in held
        for transfer in (known[name] for name in attempt.transfers)
        if transfer.outcome is TransferOutcome.COMPLETE and transfer.bytes and transfer.rate > 0
    ]
    for node, transfer in complete:
        peers = [other for name, other in complete if name != node and other.protocol == transfer.protocol]
        if len(peers) < PEERS:
            continue
        rate = statistics.median(other.rate for other in peers)
        if transfer.rate * SLOWER < rate:
            yield Outlier(node, transfer.id, "slow", round(transfer.rate, 1), round(rate, 1))
        repeats = statistics.median(other.retransmissions for other in peers)
        if transfer.retransmissions > max(REPEATED_LEAST, REPEATED * repeats):
            yield Outlier(node, transfer.id, "retransmissions", transfer.retransmissions, repeats)
