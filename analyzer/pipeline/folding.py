"""Which flows are over and of a kind, so that one may count for many while a capture is followed for days.

The first few of a kind stay as they are: findings spell them out, and rules that count to three still can.
What a transfer, an observation or a session may speak of stays too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from analyzer.conversations import Conversations
from analyzer.kinds import Array, distinct, kinds
from analyzer.model import FindingKind, Outcome, Report
from analyzer.pipeline.records import ColumnRecords
from analyzer.tables import FIN, RST, TCP

IDLE: Final = 3_600_000_000_000
"""How long ago a flow has to have ended, ns: longer than any rule here waits for anything."""
EACH: Final = 4
"""Flows of a kind that stay; the last of them counts for the rest."""
SPOKEN_OF: Final = ("bacnet", "biostar", "igor", "tftp")
"""Protocols of sessions that are told of as wholes: names that begin so."""
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


def plan(report: Report, end: int) -> Array:
    """For each flow of a report the row that may count for it at ``end``, ns: mostly its own."""
    assert isinstance(report.flows, ColumnRecords)
    found, judgements, waived = report.flows.parts()
    into: Array = found.all.copy()
    assert judgements is not None
    over = _over(found, end)
    over[_spoken_of(report, found)] = False
    rows = np.flatnonzero(over)
    if not len(rows):
        return into
    waivers = np.zeros(len(found), bool)
    waivers[list(waived)] = True
    places = found.places
    relation = [*found.oriented(places.a, places.b), found.columns["transport"], found.pair("port")[1]]
    signature = [
        *relation,
        found.forward,
        *(found.facts[name].codes for name in _FACTS),
        judgements.of,
        waivers,
        found.complaints,
        _followed_by_success(found, relation),
    ]
    _, of = kinds([column[rows] for column in signature])
    # The place of each flow among those of its kind: sorted by kind, then by row.
    order = np.argsort(of, kind="stable")
    begins = np.flatnonzero(np.concatenate(([True], of[order][1:] != of[order][:-1])))
    counts = np.diff(begins, append=len(order))
    place = np.arange(len(order)) - np.repeat(begins, counts)
    owners = rows[order[np.repeat(begins + np.minimum(EACH, counts) - 1, counts)]]
    later = place >= EACH
    into[rows[order[later]]] = owners[later]
    return into


def _over(found: Conversations, end: int) -> Array:
    """Whether a flow between two hosts has ended for good, and nobody doubts who opened it."""
    columns, places = found.columns, found.places
    flags = columns["flags_ab"] | columns["flags_ba"]
    silent = (columns["packets_ab"] == 0) | (columns["packets_ba"] == 0)
    closed = (columns["transport"] != TCP) | (flags & (FIN | RST) > 0) | silent
    over: Array = found.ported & ~found.group & (places.a != places.b) & (found.end < end - IDLE) & closed
    over &= ~found.facts["confidence"].among("guess")
    protocols = [str(name) for name in found.facts["protocol"].values if str(name).startswith(SPOKEN_OF)]
    over &= ~found.facts["protocol"].among(*protocols)
    return over


def _spoken_of(report: Report, found: Conversations) -> Array:
    """The rows that something else than their kind is said of."""
    answered = found.facts["outcome"].among(Outcome.ANSWERED)

    def rows() -> Iterator[int]:
        yield from found.parents
        yield from found.legs
        for transfer in report.transfers:
            yield from _rows(transfer.flows)
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
