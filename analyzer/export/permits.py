"""What the sheets and the site expect to pass: one permit for two parties, a transport and a port.

The reading is that of ``check``: a conversation is expected where every subject at either end lists it, and
disputed where one lists it and the other does not. Here no traffic is needed: every pair of parties and
every port of a sheet is asked.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from analyzer.directory import span
from analyzer.export.parties import ANYONE, Parties, Party, joined
from analyzer.matrix import Matrix
from analyzer.model import Allow, Direction, Row, Site
from analyzer.protocol import Protocol

Why = Literal["expected", "disputed", "allow", "answer", "infrastructure"]
TFTP: Final = "tftp"
TRANSPORTS: Final = frozenset({"any", "tcp", "udp", "icmp", "icmpv6", "igmp"})
"""What every target can tell apart."""


class Ports(NamedTuple):
    """Port numbers from ``low`` to ``high``."""

    low: int
    high: int


HIGH: Final = Ports(1024, 65535)
"""Ports that a client takes for itself: of every system's ephemeral range the lowest number."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Who may open what to whom.

    ``ports`` are the destination's, None for every one; ``transport`` may be ``any``.

    ``rows`` are the lines of the sheets behind it, ``note`` says what else is to be known. ``source_ports``
    is set for answers that come as a conversation of their own. ``helper`` names a protocol whose
    further packets go between other ports.
    """

    source: Party
    target: Party
    transport: str
    ports: tuple[Ports, ...] | None
    why: Why
    rows: tuple[Row, ...] = ()
    note: str = ""
    source_ports: tuple[Ports, ...] | None = None
    helper: str = ""


_Key = tuple[str, int]


class _Pairs:
    """Asks the sheets about pairs of parties."""

    def __init__(self, matrix: Matrix, protocols: Mapping[str, Protocol]) -> None:
        self.matrix, self.protocols = matrix, protocols

    def rows(self, party: Party, direction: Direction, other: Party, key: _Key) -> tuple[Row, ...]:
        """The rows of the subjects of ``party`` that list ``key`` towards ``other``."""
        found: list[Row] = []
        for subject in party.subjects:
            for row in self.matrix.find(subject, direction, *key):
                named = row.peers is None or other.group or any(role in row.peers for role in other.roles)
                if named:
                    found.append(row)
        return tuple(dict.fromkeys(found))

    def keys(self, party: Party, direction: Direction) -> Iterator[_Key]:
        for subject in party.subjects:
            for edition in subject.editions:
                yield from edition.incoming if direction == "incoming" else edition.outgoing

    def between(self, source: Party, target: Party) -> Iterator[Permit]:
        """What ``source`` may open to ``target``."""
        for key in sorted({*self.keys(source, "outgoing"), *self.keys(target, "incoming")}):
            out = self.rows(source, "outgoing", target, key)
            into = self.rows(target, "incoming", source, key)
            permit = self._judged(source, target, key, out, into)
            if permit is not None:
                yield permit

    def _judged(
        self, source: Party, target: Party, key: _Key, out: tuple[Row, ...], into: tuple[Row, ...]
    ) -> Permit | None:
        if not out and not into:
            return None
        silent = [
            subject
            for party, rows in ((source, out), (target, into))
            if not rows and any(subject.editions for subject in party.subjects) and not party.group
            for subject in party.subjects
        ]
        rows = tuple(dict.fromkeys((*out, *into)))
        protocol = rows[0].service.protocol
        note = ""
        if silent:
            sheets = dict.fromkeys(
                f"{subject.ruleset.name} {' or '.join(edition.id for edition in subject.editions)}"
                for subject in silent
            )
            note = f"disputed: not listed by {' and '.join(sheets)}"
        return Permit(
            source,
            target,
            key[0],
            (Ports(key[1], key[1]),),
            "disputed" if silent else "expected",
            rows,
            note,
            helper=TFTP if protocol == TFTP else "",
        )

    def answers(self, party: Party, search: Permit) -> bool:
        """Whether ``party`` speaks what was searched for, with whoever searched."""
        spoken = {row.service.protocol for row in search.rows}
        return any(
            row.service.protocol in spoken
            for key in self.keys(party, "incoming")
            for row in self.rows(party, "incoming", search.source, key)
        )

    def to_group(
        self, source: Party, group: Party, protocol: str, others: Sequence[Party]
    ) -> Iterator[Permit]:
        """What ``source`` may send to everyone: its own rows of a protocol, and those of the others."""
        keys = {
            *self.keys(source, "outgoing"),
            *(key for other in others for key in self.keys(other, "incoming")),
        }
        for key in sorted(keys):
            if key[0] != "udp":
                continue
            out = self.rows(source, "outgoing", group, key)
            into = tuple(row for other in others for row in self.rows(other, "incoming", source, key))
            if not any(row.service.protocol == protocol for row in (*out, *into)):
                continue
            permit = self._judged(source, group, key, out, tuple(dict.fromkeys(into)))
            if permit is not None:
                yield permit


def expected(
    matrix: Matrix,
    parties: Parties,
    protocols: Mapping[str, Protocol],
    *,
    undeclared: bool = True,
) -> tuple[Permit, ...]:
    """The permits that the sheets give, those of unicast first.

    ``undeclared``: a row that names no peer permits any host; else the hosts of the site only.
    """
    asked = _Pairs(matrix, protocols)
    elsewhere = [ANYONE] if undeclared else []
    found: list[Permit] = []
    for source in (*parties.hosts, *elsewhere):
        for target in (*parties.hosts, *elsewhere):
            if source is target and (source.single or source is ANYONE):
                continue
            found += asked.between(source, target)
    found = list(_folded(found))
    searches = list(_searches(asked, parties, protocols, elsewhere))
    return (*found, *_folded(searches), *_answers(asked, searches, parties))


def _searches(
    asked: _Pairs, parties: Parties, protocols: Mapping[str, Protocol], elsewhere: Sequence[Party]
) -> Iterator[Permit]:
    listed = {row.service.protocol for row in asked.matrix.rows if row.transport == "udp"}
    for name in sorted(listed & set(protocols)):
        group = parties.group(protocols[name])
        if group is None:
            continue
        for source in (*parties.hosts, *elsewhere):
            others = [party for party in parties.subjects if party is not source or not party.single]
            yield from asked.to_group(source, group, name, others)


def _answers(asked: _Pairs, searches: Iterable[Permit], parties: Parties) -> Iterator[Permit]:
    """Unicast answers to searches: they come from a host that was not addressed, so no state knows them."""
    found: dict[tuple[str, str, object], Permit] = {}
    for search in searches:
        for party in parties.subjects if search.source is not ANYONE else ():
            if (party is search.source and party.single) or not asked.answers(party, search):
                continue
            permit = Permit(
                party,
                search.source,
                "udp",
                (HIGH,),
                "answer" if search.why == "expected" else search.why,
                search.rows,
                "answers to searches sent to a group, which no connection state knows"
                + (f"; {search.note}" if search.note else ""),
                source_ports=search.ports,
            )
            found.setdefault((party.label, search.source.label, search.ports), permit)
    yield from found.values()


def _folded(permits: Sequence[Permit]) -> Iterator[Permit]:
    """A permit for anyone takes in those for single parties: one rule, all rows behind it."""
    wide: dict[tuple[str, str, str, object], list[Permit]] = {}
    for permit in permits:
        if ANYONE in (permit.source, permit.target):
            wide[permit.source.label, permit.target.label, permit.transport, permit.ports] = [permit]
    kept: list[Permit] = []
    for permit in permits:
        if ANYONE in (permit.source, permit.target):
            continue
        over = wide.get((permit.source.label, ANYONE.label, permit.transport, permit.ports)) or wide.get(
            (ANYONE.label, permit.target.label, permit.transport, permit.ports)
        )
        if over is None or permit.why == "disputed":
            kept.append(permit)
        else:
            over.append(permit)
    yield from kept
    for first, *more in wide.values():
        rows = (row for permit in more for row in permit.rows)
        yield replace(first, rows=tuple(dict.fromkeys((*first.rows, *rows))))


# ---------------------------------------------------------------- the site's own rows


def allowed(site: Site, parties: Parties, today: datetime.date) -> tuple[tuple[Permit, ...], tuple[str, ...]]:
    """Permits of the ``allow`` entries in force on ``today``, and what is to be said of the others."""
    found: list[Permit] = []
    said: list[str] = []
    for entry in site.allow:
        what = f"allow entry in line {entry.line} of the site file"
        if entry.until is not None and entry.until < today:
            said.append(f"{what} expired on {entry.until}: not exported")
            continue
        found += _entry(entry, parties, what, said)
    return tuple(found), tuple(said)


def _entry(entry: Allow, parties: Parties, what: str, said: list[str]) -> Iterator[Permit]:
    source, target = _end(entry.source, parties), _end(entry.target, parties)
    note = f"allow: {entry.reason}" + (f", owner {entry.owner}" if entry.owner else "")
    note += f", until {entry.until}" if entry.until is not None else ""
    if source.spans == () or target.spans == ():
        said.append(f"{what}: no host has that name or role, not exported")
        return
    if entry.transport not in TRANSPORTS:
        said.append(f"{what}: not every target knows the transport {entry.transport}, not exported")
        return
    transports = [entry.transport]
    if entry.transport == "any" and entry.port is not None:
        transports = ["tcp", "udp"]
    for transport in transports:
        ports = None if entry.port is None else (Ports(entry.port, entry.port),)
        yield Permit(source, target, transport, ports, "allow", (), note)


def _end(written: str, parties: Parties) -> Party:
    """A host's name, a role, a network or ``any``; where hosts overlap, the most specific one counts."""
    if written == ANYONE.label:
        return ANYONE
    named = tuple(one for one, hosts in parties.pieces if any(host.name == written for host in hosts))
    held = tuple(one for one, hosts in parties.pieces if any(written in host.roles for host in hosts))
    if named or held:
        return Party(written, joined(named or held))
    try:
        return Party(written, (span(written),))
    except ValueError:
        return Party(written, ())
