"""Two tables laid over each other: what a firewall has to open and to close between them.

Tables are paired by the role they speak about: where each side has one table for a role these two, else those
of equal id. A table without a counterpart is all to open, or all to close.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from analyzer import rulesets
from analyzer.errors import UsageError
from analyzer.matrix import DIRECTIONS
from analyzer.model import Direction, Edition, Ruleset

What = Literal["open", "close", "peers"]


@dataclass(frozen=True, slots=True)
class Table:
    """One edition of a ruleset."""

    ruleset: Ruleset
    edition: Edition

    @property
    def title(self) -> str:
        """``igor-gateway 5.0.0+``; with the role where the ruleset has several."""
        name = self.ruleset.name
        role = f" {self.edition.subject}" if self.edition.subject != name else ""
        return f"{name}{role} {self.edition.id}"

    def rows(self, direction: Direction) -> tuple[tuple[str, int], ...]:
        """The table's half of one direction."""
        return self.edition.incoming if direction == "incoming" else self.edition.outgoing

    def service(self, transport: str, port: int) -> str:
        """The legend's words for a port."""
        found = self.ruleset.services.get((transport, port))
        return found.name if found is not None else ""


@dataclass(frozen=True, slots=True)
class Change:
    """One row that comes, goes, or is for other counterparts (None: for any) than before."""

    what: What
    direction: Direction
    transport: str
    port: int
    service: str
    before: frozenset[str] | None = None
    after: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From one table to the other, of one role; None where a side has none. ``same`` rows stay."""

    subject: str
    old: Table | None
    new: Table | None
    changes: tuple[Change, ...]
    same: int


def tables(reference: str, loaded: Sequence[Ruleset]) -> tuple[Table, ...]:
    """The tables that ``NAME``, ``NAME/EDITION``, ``NAME@VERSION`` or a ruleset's file mean.

    Raises :class:`UsageError` that lists what there is, and for a file what :func:`rulesets.load` does.
    """
    known = {ruleset.name: ruleset for ruleset in loaded}
    name, slash, edition = reference.partition("/")
    at, _, version = reference.partition("@")
    if reference in known:
        return _all(known[reference])
    if slash and name in known:
        found = tuple(table for table in _all(known[name]) if table.edition.id == edition)
        if found:
            return found
        raise UsageError(f"{reference}: {name} has no such edition, there are {_ids(known[name])}")
    if version and at in known:
        found = tuple(table for table in _all(known[at]) if _covers(table, version, reference))
        if found:
            return found
        raise UsageError(f"{reference}: no edition covers it, there are {_ids(known[at])}")
    if not any(mark in reference for mark in "/\\."):
        raise UsageError(f"{reference}: no such ruleset or file, there are {', '.join(known)}")
    return tuple(table for ruleset in rulesets.own((reference,)) for table in _all(ruleset))


def _covers(table: Table, version: str, reference: str) -> bool:
    edition = table.edition
    try:
        return edition.mode == version or rulesets.select(edition, version)
    except ValueError as error:
        raise UsageError(f"{reference}: {error}") from error


def _all(ruleset: Ruleset) -> tuple[Table, ...]:
    return tuple(Table(ruleset, edition) for edition in ruleset.editions)


def _ids(ruleset: Ruleset) -> str:
    return ", ".join(dict.fromkeys(edition.id for edition in ruleset.editions)) or "none"


def compare(old: Sequence[Table], new: Sequence[Table]) -> tuple[Step, ...]:
    """The steps from one set of tables to the other, in the order of the tables."""
    return tuple(_step(subject, one, other) for subject, one, other in _pairs(old, new))


def _pairs(old: Sequence[Table], new: Sequence[Table]) -> Iterator[tuple[str, Table | None, Table | None]]:
    for subject in dict.fromkeys(table.edition.subject for table in (*old, *new)):
        ours = [table for table in old if table.edition.subject == subject]
        theirs = [table for table in new if table.edition.subject == subject]
        if len(ours) == len(theirs) == 1:
            yield subject, ours[0], theirs[0]
            continue
        by_id = {table.edition.id: table for table in theirs}
        for table in ours:
            yield subject, table, by_id.pop(table.edition.id, None)
        for table in by_id.values():
            yield subject, None, table


def _step(subject: str, old: Table | None, new: Table | None) -> Step:
    changes: list[Change] = []
    same = 0
    for direction in DIRECTIONS:
        before = old.rows(direction) if old is not None else ()
        after = new.rows(direction) if new is not None else ()
        for transport, port in sorted({*before, *after}):
            key = transport, port
            had = old.edition.peers_of(direction, *key) if old is not None and key in before else None
            has = new.edition.peers_of(direction, *key) if new is not None and key in after else None
            table, what = (new, "open") if key not in before else (old, "close")
            if key in before and key in after:
                if had == has:
                    same += 1
                    continue
                table, what = new, "peers"
            assert table is not None
            changes.append(Change(what, direction, *key, table.service(*key), had, has))  # type: ignore[arg-type]
    return Step(subject, old, new, tuple(changes), same)


def grouped(step: Step, what: What) -> Iterator[tuple[Direction, str, list[Change]]]:
    """The changes of a kind by direction and transport."""
    for direction in DIRECTIONS:
        for transport in dict.fromkeys(change.transport for change in step.changes):
            found = [
                change
                for change in step.changes
                if (change.what, change.direction, change.transport) == (what, direction, transport)
            ]
            if found:
                yield direction, transport, found


def peers(named: Iterable[str] | None) -> str:
    """Who may be at the other end, in words."""
    return "any host" if named is None else " or ".join(sorted(named)) or "nobody"


TITLES: Final[dict[What, str]] = {"open": "To open", "close": "To close", "peers": "Other counterparts"}
"""What each kind of change asks of a firewall."""
__all__ = ["TITLES", "Change", "Step", "Table", "compare", "grouped", "peers", "tables"]
