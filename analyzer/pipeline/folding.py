"""Which flows and transfers are over and of a kind, so that one may count for many in a capture of days.

The first few of a kind stay as they are: findings spell them out, and rules that count to three still can.
What a transfer, an observation or a session may speak of stays too. A flow and its legs (the answers to a
search, the data of a transfer) are one: they stay together or go together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from analyzer import transports
from analyzer.conversations import Conversations
from analyzer.kinds import Array, distinct, kinds
from analyzer.model import Attempt, FindingKind, Outcome, Report, Transfer, TransferOutcome
from analyzer.observation import Ends
from analyzer.pipeline.records import ColumnRecords
from analyzer.tables import FIN, RST, TCP

HOUR: Final = 3_600_000_000_000
IDLE: Final = HOUR
"""How long ago a flow has to have ended, ns: longer than any rule here waits for anything."""
OPEN: Final = 8 * HOUR
"""The same of a TCP connection whose end was not seen. One that lives is heard: a keep-alive comes after two
hours at the latest where there are any (RFC 9293 section 3.8.4)."""
EACH: Final = 4
"""Flows of a kind that stay; the last of them counts for the rest."""
BY_FLOW: Final = frozenset(
    {
        *(FindingKind.UNEXPECTED_FLOW, FindingKind.DISPUTED_FLOW, FindingKind.RETIRED_SERVICE),
        *(FindingKind.UNDECLARED_PEER, FindingKind.PAYLOAD_MISMATCH, FindingKind.MISSING_FLOW),
        *(FindingKind.UNSUPPORTED_VERSION, FindingKind.INCOMPATIBLE_VERSIONS, FindingKind.DIRECT_MODE),
        *(FindingKind.CAPTURE_PROBLEM, FindingKind.EXPIRED_WAIVER),
    }
)
"""Findings that any flow of the kind proves."""

_FACTS: Final = ("outcome", "why", "protocol", "reader", "fit", "claimed", "confidence", "basis", "asks_back")


class Plan(NamedTuple):
    """What may be folded: for each flow of a report the row that may count for it, mostly its own.

    ``kept`` are the first frames of the requests of transfers that stay; ``counted`` tells for some of them
    how many more transfers they stand for. ``before`` is when whatever is folded was over, ns.
    """

    into: Array
    kept: frozenset[int]
    counted: dict[int, int]
    before: int


class _Unit(NamedTuple):
    """Transfers that stay or go together: those of one attempt at an update, or a single one."""

    attempt: Attempt | None
    transfers: Sequence[Transfer]
    rows: list[int]


def plan(report: Report, end: int, spoken: Iterable[Ends] = (), *, transfers: bool = True) -> Plan:
    """What may be folded of a report at ``end``, ns.

    ``spoken`` are the ends of flows of which those who watch may still speak. Without ``transfers`` all
    of those stay, with their flows.
    """
    assert isinstance(report.flows, ColumnRecords)
    found, judgements, waived = report.flows.parts()
    into: Array = found.all.copy()
    assert judgements is not None
    over = _over(found, end)
    waivers = np.zeros(len(found), bool)
    waivers[list(waived)] = True
    places = found.places
    relation = [*found.oriented(places.a, places.b), found.columns["transport"], _port(found)]
    signature = [
        *relation,
        found.forward,
        *(found.facts[name].codes for name in _FACTS),
        judgements.of,
        waivers,
        found.complaints,
        _followed_by_success(found, relation),
    ]
    kind = kinds(signature).of if len(found) else into
    units = list(_units(report))
    gone, counted = _folded_transfers(units if transfers else (), found, kind, over, end, into)
    over[_spoken_of(report, found)] = False
    over[_between(found, spoken)] = False
    families = _families(found, over)
    _fold(kind, over, families, into)
    kept = frozenset(
        frame
        for unit in units
        for transfer in unit.transfers
        if transfer.id not in gone
        for frame in transfer.parts
    )
    return Plan(into, kept, counted, end - IDLE)


def _fold(kind: Array, over: Array, families: dict[int, list[int]], into: Array) -> None:
    """Count what is ``over`` in the first few of its kind."""
    heads, of = _of_family(kind, over, families)
    if not len(heads):
        return
    # The place of each flow among those of its kind: sorted by kind, then by row.
    order = np.argsort(of, kind="stable")
    begins = np.flatnonzero(np.concatenate(([True], of[order][1:] != of[order][:-1])))
    counts = np.diff(begins, append=len(order))
    place = np.arange(len(order)) - np.repeat(begins, counts)
    owners = heads[order[np.repeat(begins + np.minimum(EACH, counts) - 1, counts)]]
    later = place >= EACH
    into[heads[order[later]]] = owners[later]
    for head, legs in families.items():
        owner = int(into[head])
        if over[head] and owner != head:
            into[_alike(kind, legs)] = _alike(kind, families[owner])


def _units(report: Report) -> Iterator[_Unit]:
    by_name = {transfer.id: transfer for transfer in report.transfers}
    for attempt in report.attempts:
        held = [by_name.pop(name) for name in attempt.transfers if name in by_name]
        if held:
            yield _Unit(attempt, held, _rows_of(held))
    for transfer in by_name.values():
        yield _Unit(None, [transfer], _rows_of([transfer]))


def _rows_of(transfers: Iterable[Transfer]) -> list[int]:
    return sorted({row for transfer in transfers for row in _rows(transfer.flows)})


def _folded_transfers(
    units: Sequence[_Unit], found: Conversations, kind: Array, over: Array, end: int, into: Array
) -> tuple[set[str], dict[int, int]]:
    """The ids of transfers that go, and for how many more some that stay stand. Their flows go ``into`` those
    of their like where nobody else uses them."""
    users = Counter(row for unit in units for row in unit.rows)
    groups: dict[tuple[object, ...], list[_Unit]] = defaultdict(list)
    gone: set[str] = set()
    counted: dict[int, int] = {}
    latest = {_pair(unit): unit for unit in sorted(units, key=lambda unit: unit.transfers[-1].last)}
    for unit in sorted(units, key=lambda unit: unit.transfers[0].frames[0]):
        # What follows the last transfer of a node is told of, and what does not.
        if not _finished(unit, end - IDLE) or latest[_pair(unit)] is unit:
            continue
        own = [row for row in unit.rows if users[row] == 1]
        whole = len(own) == len(unit.rows) and bool(over[own].all()) and _closed(found, own)
        told = (*_told(unit), whole, tuple(np.sort(kind[own]).tolist()) if whole else None)
        held = groups[told]
        if len(held) < EACH:
            held.append(unit)
            continue
        owner = held[-1]
        for transfer, other in zip(unit.transfers, owner.transfers, strict=True):
            gone.add(transfer.id)
            counted[other.parts[0]] = counted.get(other.parts[0], 0) + transfer.counts
        if whole:
            into[_alike(kind, own)] = _alike(kind, owner.rows)
    return gone, counted


def _pair(unit: _Unit) -> frozenset[str]:
    return frozenset((unit.transfers[-1].client, unit.transfers[-1].server))


def _finished(unit: _Unit, before: int) -> bool:
    """Whether all of it was over ``before``, ns."""
    last = max(transfer.last for transfer in unit.transfers)
    running = any(transfer.outcome is TransferOutcome.IN_PROGRESS for transfer in unit.transfers)
    return not running and max(last, unit.attempt.last if unit.attempt is not None else last) < before


def _closed(found: Conversations, rows: Sequence[int]) -> bool:
    """Whether no flow of ``rows`` has a leg or a parent outside."""
    there = set(rows)
    return all(
        {leg.row for leg in found.legs.get(row, ())} <= there
        and (row not in found.parents or found.parents[row].row in there)
        for row in rows
    )


def _told(unit: _Unit) -> tuple[object, ...]:
    """What is said of transfers, whichever they are."""
    attempt = unit.attempt
    update = None if attempt is None else (attempt.outcome, attempt.reason, attempt.came_back)
    return (
        update,
        *(
            (
                *(one.protocol, one.operation, one.client, one.server, one.file, one.mode),
                *(tuple(one.requested.items()), tuple(one.accepted.items()), one.outcome, one.cause),
                one.bytes if one.outcome is TransferOutcome.COMPLETE else None,
            )
            for one in unit.transfers
        ),
    )


def _over(found: Conversations, end: int) -> Array:
    """Whether a flow between two hosts has ended for good."""
    columns, places = found.columns, found.places
    flags = columns["flags_ab"] | columns["flags_ba"]
    silent = (columns["packets_ab"] == 0) | (columns["packets_ba"] == 0)
    closed = (columns["transport"] != TCP) | (flags & (FIN | RST) > 0) | silent
    patience = np.where(closed, IDLE, OPEN)
    over: Array = found.ported & (places.a != places.b) & (found.end < end - patience)
    return over


def _port(found: Conversations) -> Array:
    """The port of each responder; -1 of a leg that has its own, which is another one each time."""
    port: Array = found.pair("port")[1].astype(np.int64)
    for row, parent in found.parents.items():
        if port[row] != port[parent.row]:
            port[row] = -1
    return port


def _families(found: Conversations, over: Array) -> dict[int, list[int]]:
    """The legs of each flow that has some. What is not ``over`` as a whole is not in any part."""
    families = {row: sorted({leg.row for leg in legs}) for row, legs in found.legs.items()}
    for head, legs in families.items():
        if head in found.parents or not over[[head, *legs]].all():
            over[[head, *legs]] = False
    return families


def _of_family(kind: Array, over: Array, families: dict[int, list[int]]) -> tuple[Array, Array]:
    """The rows that are over and nobody's leg, and for each the kind of itself and its legs."""
    alone = over.copy()
    of = kind.copy()
    known: dict[tuple[int, ...], int] = {}
    for head, legs in families.items():
        alone[legs] = False
        told = (int(kind[head]), *np.sort(kind[legs]).tolist())
        of[head] = known.setdefault(told, len(kind) + len(known))
    heads = np.flatnonzero(alone)
    return heads, of[heads]


def _alike(kind: Array, legs: list[int]) -> list[int]:
    """Legs in an order in which those of a family of the same kind correspond."""
    return sorted(legs, key=lambda row: (int(kind[row]), row))


def _between(found: Conversations, spoken: Iterable[Ends]) -> list[int]:
    """The rows of some pairs of ends."""
    return [
        row
        for transport, one, other in spoken
        if (row := found.between(transports.number(transport), one, other)) >= 0
    ]


def _spoken_of(report: Report, found: Conversations) -> Array:
    """The rows that something else than their kind is said of."""
    answered = found.facts["outcome"].among(Outcome.ANSWERED)

    def rows() -> Iterator[int]:
        for transfer in report.transfers:
            yield from _rows(transfer.flows)
        for attempt in report.attempts:
            yield from _rows(attempt.flows)
        for finding in report.findings:
            if finding.kind is FindingKind.FAILING_FLOW:
                # It answered, and stopped: that is told of one flow.
                yield from (row for row in _rows(finding.flows) if answered[row])
            elif finding.kind not in BY_FLOW:
                yield from _rows(finding.flows)

    return distinct(np.fromiter(rows(), np.int64))


def _rows(flows: Iterable[str]) -> Iterator[int]:
    return (int(name[1:]) - 1 for name in flows)


def _followed_by_success(found: Conversations, relation: list[Array]) -> Array:
    """Whether the same was answered later, so that a failure had passed."""
    _, of = kinds(relation)
    answered = found.facts["outcome"].among(Outcome.ANSWERED)
    last = np.full(int(of.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, of[answered], found.end[answered])
    result: Array = (last[of] > found.end) & ~answered
    return result
