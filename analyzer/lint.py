"""What is odd about valid rulesets: rows that only one of two sheets lists, rows that no traffic can reach,
gaps and overlaps between versions, legend entries without a table and tables without a legend.

Nothing here makes a ruleset invalid unless its severity is ``error``: that happens to rulesets built in
code only, as :mod:`analyzer.rulefile` refuses such files.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from analyzer import versions
from analyzer.model import Direction, Edition, Ruleset

OPPOSITE: Final[dict[Direction, Direction]] = {"incoming": "outgoing", "outgoing": "incoming"}

_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Note:
    """One oddity. ``code`` is a short stable word, ``rows`` are its ``direction/transport/port``."""

    severity: Literal["error", "warning", "note"]
    ruleset: str
    code: str
    message: str
    edition: str = ""
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.ruleset} ({self.edition})" if self.edition else self.ruleset
        listed = f": {_listing(self.rows)}" if self.rows else ""
        return f"{self.severity}: {where}: {self.message}{listed}"


def lint(rulesets: Sequence[Ruleset], protocols: Collection[str] = ()) -> tuple[Note, ...]:
    """Everything odd, errors first. ``protocols`` are the known protocol names; empty: not checked."""
    found: list[Note] = []
    for ruleset in rulesets:
        found += _legend(ruleset)
        found += _versions(ruleset)
        found += _protocols(ruleset, protocols)
        found += _unreachable(ruleset)
    found += _roles(rulesets)
    found += _shared(rulesets)
    found += _strangers(rulesets)
    found += _disagreements(rulesets)
    found += _uncovered(rulesets)
    order = ("error", "warning", "note")
    return tuple(sorted(dict.fromkeys(found), key=lambda note: order.index(note.severity)))


# One sheet by itself


def _legend(ruleset: Ruleset) -> Iterator[Note]:
    used: set[int] = set()  # by number, as a legend has it: one entry may stand for both transports
    for edition in ruleset.editions:
        listed = [
            (direction, key) for direction in OPPOSITE for key in dict.fromkeys(_table(edition, direction))
        ]
        used.update(key[1] for _, key in listed)
        bare = tuple(_row(direction, key) for direction, key in listed if key not in ruleset.services)
        if bare:
            yield Note("error", ruleset.name, "no-service", "rows without a service", _name(edition), bare)
    for key, service in ruleset.services.items():
        if not service.name:
            yield Note("error", ruleset.name, "no-legend", f"{key[0]} {key[1]} has no legend text")
        if key[1] not in used:
            yield Note(
                "note", ruleset.name, "unused-service", f"the legend's {key[0]} {key[1]} is in no table"
            )


def _versions(ruleset: Ruleset) -> Iterator[Note]:
    for subject in ruleset.subjects:
        ranged = [entry for entry in ruleset.editions if entry.subject == subject and entry.versions]
        for one, other in itertools.combinations(ranged, 2):
            if versions.overlap(one.versions, other.versions):
                message = f"{one.id} and {other.id} share versions of {subject}"
                yield Note("warning", ruleset.name, "overlap", message)
        if ranged:
            for gap in versions.gaps(entry.versions for entry in ranged):
                yield Note("note", ruleset.name, "gap", f"no table for {subject} {gap}")
        modes = [entry.mode for entry in ruleset.editions if entry.subject == subject and entry.mode]
        for mode in sorted({mode for mode in modes if modes.count(mode) > 1}):
            yield Note("warning", ruleset.name, "overlap", f"several tables for {subject} in mode {mode}")


def _unreachable(ruleset: Ruleset) -> Iterator[Note]:
    """Rows that name nobody as counterpart, and rows due with a role that is no counterpart of theirs."""
    for edition in ruleset.editions:
        nobody, never = [], []
        for direction in OPPOSITE:
            for key in _table(edition, direction):
                peers = edition.peers_of(direction, *key)
                service = ruleset.services.get(key)
                due = edition.due_of(direction, service) if service is not None else frozenset()
                if peers is not None and not peers:
                    nobody.append(_row(direction, key))
                elif peers is not None and due and peers.isdisjoint(due):
                    never.append(_row(direction, key))
        if nobody:
            message = "no counterpart is named, so no traffic is ever expected"
            yield Note("warning", ruleset.name, "unreachable", message, _name(edition), tuple(nobody))
        if never:
            message = "due with a role that is no counterpart of the row"
            yield Note("warning", ruleset.name, "unreachable", message, _name(edition), tuple(never))


def _protocols(ruleset: Ruleset, known: Collection[str]) -> Iterator[Note]:
    if not known:
        return
    named = [service.protocol for service in ruleset.services.values()]
    named += [entry.protocol for entry in ruleset.background]
    for protocol in dict.fromkeys(named):
        if protocol not in known:
            yield Note("warning", ruleset.name, "unknown-protocol", f"no protocol is called {protocol!r}")


# Sheets against each other


def _roles(rulesets: Sequence[Ruleset]) -> Iterator[Note]:
    """Roles that no loaded sheet speaks about: a typing error, or a peer such as a BACnet system."""
    subjects = {subject for ruleset in rulesets for subject in ruleset.subjects}
    for ruleset in rulesets:
        named: set[str] = set()
        for edition in ruleset.editions:
            named.update(edition.works_with, *edition.peers.values(), *edition.due_with.values())
        named.update(*(service.due_with for service in ruleset.services.values()))
        for role in sorted(named - subjects):
            yield Note("note", ruleset.name, "role-without-sheet", f"no loaded sheet speaks about {role}")


def _shared(rulesets: Sequence[Ruleset]) -> Iterator[Note]:
    """Versions or modes of one role that two rulesets speak about: both apply to such a host."""
    for one, other in itertools.combinations(_sides(rulesets), 2):
        if one.ruleset is other.ruleset or one.edition.subject != other.edition.subject:
            continue
        same_mode = bool(one.edition.mode) and one.edition.mode == other.edition.mode
        ranges = one.edition.versions, other.edition.versions
        if same_mode or (all(ranges) and versions.overlap(*ranges)):
            message = (
                f"{other.ruleset.name} {other.edition.id} has a table for the same {one.edition.subject}"
            )
            yield Note("warning", one.ruleset.name, "overlap", message, _name(one.edition))


def _strangers(rulesets: Sequence[Ruleset]) -> Iterator[Note]:
    """Tables stated to work with versions of a counterpart that no table of that counterpart covers."""
    sides = _sides(rulesets)
    for side in sides:
        for role, stated in side.edition.works_with.items():
            ranges = [other.edition.versions for other in sides if other.edition.subject == role]
            if any(ranges) and not any(range_ and versions.overlap(stated, range_) for range_ in ranges):
                message = (
                    f"works with {role} {stated}, of which there is no table: its rows meet no counterpart"
                )
                yield Note("warning", side.ruleset.name, "unreachable", message, _name(side.edition))


class _Side(NamedTuple):
    ruleset: Ruleset
    edition: Edition

    def table(self, direction: Direction) -> tuple[_Key, ...]:
        return _table(self.edition, direction)

    def towards(self, direction: Direction, role: str) -> set[_Key] | None:
        """The rows that name ``role`` as a peer; None where no row of the direction names any peer."""
        named = {key: self.edition.peers_of(direction, *key) for key in self.table(direction)}
        if all(peers is None for peers in named.values()):
            return None
        return {key for key, peers in named.items() if peers is not None and role in peers}


def _disagreements(rulesets: Sequence[Ruleset]) -> Iterator[Note]:
    """What one sheet lists towards a counterpart and the counterpart's sheet does not list.

    A sheet speaks of a counterpart by naming it as a peer. The counterpart's own sheet may name no peer
    at all (the gateway's): then every row of it is held against a table that is for this peer alone.
    """
    for one, other in itertools.permutations(_sides(rulesets), 2):
        if one.edition.subject == other.edition.subject or not compatible(one.edition, other.edition):
            continue
        for direction, opposite in OPPOSITE.items():
            own = one.towards(direction, other.edition.subject)
            if own is None:
                continue
            yield from _only(one, direction, own, other)
            if other.edition.subject in one.edition.peers.get(direction, ()):
                back = other.towards(opposite, one.edition.subject)
                yield from _only(other, opposite, set(other.table(opposite)) if back is None else back, one)


def _only(side: _Side, direction: Direction, rows: set[_Key], other: _Side) -> Iterator[Note]:
    missing = rows - set(other.table(OPPOSITE[direction]))
    if missing:
        listed = tuple(_row(direction, key) for key in side.table(direction) if key in missing)
        message = f"not listed as {OPPOSITE[direction]} by {_name(other.edition)}"
        yield Note("warning", side.ruleset.name, "one-sided", message, _name(side.edition), listed)


def _uncovered(rulesets: Sequence[Ruleset]) -> Iterator[Note]:
    """Versions of a counterpart that have a table of their own and none here works with."""
    for ruleset in rulesets:
        for role in dict.fromkeys(role for edition in ruleset.editions for role in edition.works_with):
            stated = [edition.works_with[role] for edition in ruleset.editions if role in edition.works_with]
            tables = [side.edition.versions for side in _sides(rulesets) if side.edition.subject == role]
            for gap in versions.uncovered((table for table in tables if table), stated):
                message = f"no table here is stated to work with {role} {gap}"
                yield Note("note", ruleset.name, "counterpart-gap", message)


def compatible(one: Edition, other: Edition) -> bool:
    """Whether two editions of different subjects may meet on a site, as far as their sheets say."""
    if one.mode or other.mode:
        return one.mode == other.mode
    stated = [
        (first.works_with[second.subject], second.versions)
        for first, second in ((one, other), (other, one))
        if second.subject in first.works_with
    ]
    return bool(stated) and all(versions.overlap(range_, table) for range_, table in stated)


def _sides(rulesets: Iterable[Ruleset]) -> list[_Side]:
    return [_Side(ruleset, edition) for ruleset in rulesets for edition in ruleset.editions]


def _table(edition: Edition, direction: Direction) -> tuple[_Key, ...]:
    return edition.incoming if direction == "incoming" else edition.outgoing


def _name(edition: Edition) -> str:
    return f"{edition.subject} {edition.id}"


def _row(direction: Direction, key: _Key) -> str:
    return f"{direction}/{key[0]}/{key[1]}"


def _listing(rows: Iterable[str]) -> str:
    """``incoming tcp 443, 8080, udp 50202`` of row names that follow each other."""
    parts = [row.split("/") for row in rows]
    pieces: list[str] = []
    before = ["", ""]
    for direction, transport, port in parts:
        words = ([direction] if direction != before[0] else []) + (
            [transport] if [direction, transport] != before else []
        )
        pieces.append(" ".join([*words, port]))
        before = [direction, transport]
    return ", ".join(pieces)
