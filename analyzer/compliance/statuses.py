"""What the capture says of each row: working, failing, missing … with the reason.

Absence is not proof. A row is missing only if it applies, was due, and this capture would have shown it;
these questions are asked in turn and the first "no" is the status.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from analyzer import model, outcomes
from analyzer.compliance.judgement import Judgement, Judgements
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.directory import Directory
from analyzer.kinds import Array, members
from analyzer.matrix import Matrix
from analyzer.model import Outcome, Row, Site, Status
from analyzer.visibility import Visibility

OBSERVE_MINUTES: Final = 5.0
"""How long a subject has to be seen sending and receiving before a silence of its rows means anything;
a sheet or a site file may state another."""
MINUTE: Final = 60_000_000_000
LISTABLE: Final = 256
"""A site entry with more addresses than this is a range in which hosts may exist, not a list of hosts."""
FAILURES: Final = (Outcome.BLOCKED, Outcome.REFUSED, Outcome.UNANSWERED)
OPERATION: Final = "operation"
EVERYTHING: Final = "all"


def statuses(
    matrix: Matrix,
    site: Site,
    found: Sequence[Conversation],
    judgements: Mapping[int, Judgement],
    seen: Visibility,
    directory: Directory,
    filtered: str = "",
    probes: Array | None = None,
) -> tuple[model.RowResult, ...]:
    """The result of every row of the matrix, in the matrix's order.

    ``filtered`` is the filter that the capture was taken with, where it may have kept rows out; ``probes``
    are the conversations of a scan, which exercise nothing.
    """
    found = Conversations.of(found)
    judgements = Judgements.on(found, judgements)
    heads = found.heads
    if probes is not None and len(probes):
        heads = np.setdiff1d(heads, probes, assume_unique=True)
    exercised: dict[str, list[Array]] = defaultdict(list)
    for judgement, flows in zip(
        judgements.kinds, members(judgements.of[heads], len(judgements.kinds)), strict=True
    ):
        # A row that both ends have, two nodes for example, is listed twice and exercised once.
        for row in dict.fromkeys(row.id for row in judgement.rows) if len(flows) else ():
            exercised[row].append(heads[flows])
    question = _Question(matrix, site, seen, directory, frozenset(exercised), filtered)
    return tuple(
        _exercised(row, found, np.sort(np.concatenate(exercised[row.id])))
        if row.applicable and row.id in exercised
        else _unexercised(row, question)
        for row in matrix.rows
    )


def _unexercised(row: Row, question: _Question) -> model.RowResult:
    if not row.applicable:
        return model.RowResult(row, Status.NOT_APPLICABLE, "another edition or mode is in use here")
    due = question.due(row)
    if not due:
        if not question.subject_seen(row):
            return model.RowResult(row, Status.NOT_OBSERVABLE, f"no {row.subject} was seen in this capture")
        return model.RowResult(
            row,
            Status.NOT_EXERCISED,
            f"not used in this capture, and not due (activity: {row.service.activity})",
        )
    twin = question.satisfied_by(row)
    if twin:
        return model.RowResult(row, Status.NOT_EXERCISED, f"counts as exercised with {twin}")
    doubt = question.doubt(row)
    if doubt:
        return model.RowResult(row, Status.NOT_OBSERVABLE, doubt)
    return model.RowResult(
        row, Status.MISSING, f"due ({due}), and never attempted while the subject was seen"
    )


def _exercised(row: Row, found: Conversations, flows: Array) -> model.RowResult:
    ids = found.ids(flows)
    of, results = outcomes.of_sessions(found, flows)
    answered = sum(
        int(count)
        for (outcome, _), count in zip(results, np.bincount(of), strict=True)
        if outcome is Outcome.ANSWERED
    )
    if answered:
        return model.RowResult(row, Status.WORKING, f"{answered} of {len(flows)} flows answered", None, ids)
    failed = [(FAILURES.index(outcome), outcome, why) for outcome, why in results if outcome in FAILURES]
    if failed:
        _, outcome, why = min(failed, key=lambda item: item[0])
        return model.RowResult(row, Status.FAILING, f"attempted and never answered: {why}", outcome, ids)
    why = next((why for _, why in results if why), "no reply seen, and none is known to be due")
    return model.RowResult(row, Status.ONE_WAY, why, None, ids)


class _Question:
    """Due, observable, satisfied: what has to be asked before an absence means anything."""

    def __init__(
        self,
        matrix: Matrix,
        site: Site,
        seen: Visibility,
        directory: Directory,
        exercised: frozenset[str],
        filtered: str,
    ) -> None:
        self.site, self.seen, self.filtered = site, seen, filtered
        self.rows = matrix.rows
        self.exercised = exercised
        self.roles = {role for host in site.hosts for role in host.roles}
        self.named = site.activities - {OPERATION}
        self.minutes = {ruleset.name: ruleset.observe_minutes for ruleset in matrix.rulesets}
        self.places = self._seen(matrix, directory)
        self.partners = self._partners(matrix)

    def _seen(self, matrix: Matrix, directory: Directory) -> Mapping[tuple[str, str], Array]:
        """The places seen of each subject under each of its editions, host by host, as they were met."""
        places, met = self.seen.places, self.seen.met
        numbers, owners = directory.owners(places.version, places.hi, places.lo)
        turns: dict[int, list[Array]] = defaultdict(list)
        for hosts, some in zip(owners, members(numbers[met], len(owners)), strict=True):
            for host in hosts if len(some) else ():
                turns[id(host)].append(some)
        held: dict[tuple[str, str], list[Array]] = defaultdict(list)
        for subject in matrix.subjects:
            if id(subject.host) in turns:
                own = met[np.sort(np.concatenate(turns[id(subject.host)]))]
                for edition in subject.editions:
                    held[subject.role, edition.id].append(own)
        return {key: np.concatenate(some) for key, some in held.items()}

    def _partners(self, matrix: Matrix) -> dict[str, list[Row]]:
        """Rows that count as one when due: the ports of a pool, and the two directions of a pair."""
        groups: dict[tuple[str, str, str, str, str], list[Row]] = defaultdict(list)
        for row in matrix.rows:
            groups[_family(row)].append(row)
        return {row.id: groups[_family(row)] for row in matrix.rows}

    def due(self, row: Row) -> str:
        """Why the row is due, empty if it is not."""
        if EVERYTHING in self.named:
            return "every row was called for"
        if row.service.activity in self.named:
            return f"the activity {row.service.activity} took place"
        present = sorted(row.due_with & self.roles)
        return f"part of normal operation with {present[0]} on the site" if present else ""

    def satisfied_by(self, row: Row) -> str:
        """The row whose exercise also exercised this one, empty if none."""
        return next((other.id for other in self.partners[row.id] if other.id in self.exercised), "")

    def subject_seen(self, row: Row) -> bool:
        """Whether any host of the row's subject took part in unicast traffic."""
        return (row.subject, row.edition) in self.places

    def doubt(self, row: Row) -> str:
        """Why this capture could not have shown the row, empty if it would have."""
        if self.filtered:
            return f"the capture was taken with the filter {self.filtered}, which may have kept it out"
        if not self.subject_seen(row):
            return f"no {row.subject} was seen in this capture"
        places, seen = self.places[row.subject, row.edition], self.seen
        minutes = self.site.observe_minutes or self.minutes.get(row.ruleset) or OBSERVE_MINUTES
        shown = seen.shows_pairs(self._counterparts(row) if seen.points else None)
        asked = (
            (seen.directions == 2, f"{row.subject} was seen in one direction only"),
            (seen.both_ways >= minutes * MINUTE, f"{row.subject} was seen for less than {minutes:g} minutes"),
            (shown, "the capture was taken at another host and does not show all of this row's traffic"),
            (
                np.full(len(seen.places), seen.only_port in (0, row.port)),
                f"the capture holds UDP {seen.only_port} and nothing else, no ARP either: "
                "taken with a filter of this port, it could not show others",
            ),
        )
        held = np.array([holds[places] for holds, _ in asked])
        if held.all(axis=0).any():
            return ""
        return next(why for holds, (_, why) in zip(held[:, -1], asked, strict=True) if not holds)

    def _counterparts(self, row: Row) -> list[Address] | None:
        """Addresses that could be at the other end; None where they cannot be listed."""
        roles = (row.peers or frozenset()) | row.due_with
        found: list[Address] = []
        for host in self.site.hosts:
            if roles & set(host.roles):
                for network in host.networks:
                    listed = _addresses(network)
                    if listed is None:
                        return None
                    found += listed
        return found or None


def _family(row: Row) -> tuple[str, str, str, str, str]:
    service = row.service
    member = f"pool {service.pool}" if service.pool else f"{row.transport} {row.port}"
    return row.ruleset, row.subject, row.edition, "both" if service.paired else row.direction, member


def _addresses(network: str) -> list[Address] | None:
    """The addresses of a site entry, None where it is a range in which hosts may or may not exist."""
    try:
        if "-" in network:
            low, high = (ipaddress.ip_address(part.strip()) for part in network.split("-"))
            if int(high) - int(low) >= LISTABLE:
                return None
            kind = type(low)
            return [_halves(kind(number)) for number in range(int(low), int(high) + 1)]
        net = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None
    return [_halves(net[0])] if net.num_addresses == 1 else None


def _halves(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Address:
    number = int(address)
    return address.version, number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF
