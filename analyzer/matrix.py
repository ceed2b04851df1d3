"""Rulesets and a site become the expected matrix: rows, and which of them apply to which host.

A row belongs to a subject's edition. Which editions apply to a host follows from its version or mode; a
host whose version no edition covers has none, and nothing is guessed for it. A host whose version nobody
stated keeps every edition of its sheet as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from analyzer.model import Direction, Edition, Host, Row, Ruleset, Service, Source

DIRECTIONS: Final[tuple[Direction, Direction]] = ("incoming", "outgoing")


@dataclass(frozen=True, slots=True)
class Subject:
    """A role of a host as a sheet sees it: the editions that apply, and whether that is certain.

    ``editions`` is empty where the sheet covers no such version (``unsupported``). ``certain`` is False
    where the role is inferred, or the version or mode is not known and more than one edition is possible.
    """

    host: Host
    role: str
    ruleset: Ruleset
    editions: tuple[Edition, ...]
    certain: bool
    unsupported: bool = False


@dataclass(frozen=True)
class Matrix:
    """The rows of every sheet whose subject is on the site, and the hosts they are about."""

    rows: tuple[Row, ...]
    subjects: tuple[Subject, ...]
    rulesets: tuple[Ruleset, ...]
    lookup: Mapping[tuple[str, str, str, str, int], Row]
    """``(ruleset, subject/edition, direction, transport, port)`` → row."""
    by_host: Mapping[int, tuple[Subject, ...]]
    """``id`` of a host entry → the subjects it is; the subjects keep the entries alive."""

    def of_host(self, host: Host) -> tuple[Subject, ...]:
        """The subjects that a host entry is."""
        return self.by_host.get(id(host), ())

    @cached_property
    def ports(self) -> frozenset[tuple[str, int]]:
        """The ``(transport, port)`` of which some sheet speaks: it lists them, or has retired them."""
        listed = {(transport, port) for *_, transport, port in self.lookup}
        retired = (
            (entry.transport, entry.port)
            for ruleset in self.rulesets
            for edition in ruleset.editions
            for entry in edition.retired
        )
        return frozenset(listed.union(retired))

    def of(self, subject: Subject) -> tuple[Row, ...]:
        """The rows of a subject's applicable editions, in the sheets' order."""
        editions = {edition.id for edition in subject.editions}
        return tuple(
            row
            for row in self.rows
            if row.ruleset == subject.ruleset.name and row.subject == subject.role and row.edition in editions
        )

    def find(self, subject: Subject, direction: Direction, transport: str, port: int) -> tuple[Row, ...]:
        """The rows of a subject's applicable editions for one port."""
        found = []
        for edition in subject.editions:
            row = self.lookup.get((subject.ruleset.name, _key(edition), direction, transport, port))
            if row is not None:
                found.append(row)
        return tuple(found)


def build(rulesets: Sequence[Ruleset], hosts: Iterable[Host]) -> Matrix:
    """The matrix of a site's ``hosts`` under ``rulesets``."""
    subjects = tuple(_subjects(rulesets, hosts))
    roles = {subject.role for subject in subjects}
    applicable = {
        (subject.ruleset.name, _key(edition)) for subject in subjects for edition in subject.editions
    }
    rows: list[Row] = []
    lookup: dict[tuple[str, str, str, str, int], Row] = {}
    for ruleset in rulesets:
        for edition in ruleset.editions:
            if edition.subject not in roles:
                continue
            for row in _rows(ruleset, edition, (ruleset.name, _key(edition)) in applicable):
                rows.append(row)
                lookup[ruleset.name, _key(edition), row.direction, row.transport, row.port] = row
    by_host: dict[int, tuple[Subject, ...]] = {}
    for subject in subjects:
        by_host[id(subject.host)] = (*by_host.get(id(subject.host), ()), subject)
    return Matrix(tuple(rows), subjects, tuple(rulesets), lookup, by_host)


def _key(edition: Edition) -> str:
    return f"{edition.subject}/{edition.id}"


def _subjects(rulesets: Sequence[Ruleset], hosts: Iterable[Host]) -> Iterable[Subject]:
    for host in hosts:
        for role in host.roles:
            for ruleset in rulesets:
                editions = [edition for edition in ruleset.editions if edition.subject == role]
                if editions:
                    yield _subject(host, role, ruleset, editions)


def _subject(host: Host, role: str, ruleset: Ruleset, editions: Sequence[Edition]) -> Subject:
    declared = host.basis == "declared"
    by_version = [edition for edition in editions if edition.versions]
    by_mode = [edition for edition in editions if edition.mode]
    if by_version and host.version:
        from analyzer import versions  # noqa: PLC0415 - most small commands have no version to compare

        fitting = tuple(edition for edition in by_version if versions.matches(host.version, edition.versions))
        return Subject(host, role, ruleset, fitting, declared, unsupported=not fitting)
    if by_mode and host.mode:
        fitting = tuple(edition for edition in by_mode if edition.mode == host.mode)
        if fitting:
            return Subject(host, role, ruleset, fitting, declared and not host.edition)
    spoken = tuple(edition for edition in editions if edition.id == host.edition)
    return Subject(host, role, ruleset, spoken or tuple(editions), declared and len(editions) == 1)


def _rows(ruleset: Ruleset, edition: Edition, applicable: bool) -> Iterable[Row]:
    several = len(ruleset.subjects) > 1
    prefix = f"{ruleset.name}/{edition.subject}" if several else ruleset.name
    for direction in DIRECTIONS:
        for transport, port in edition.incoming if direction == "incoming" else edition.outgoing:
            service = ruleset.services.get((transport, port)) or Service(transport, port, "", "")
            yield Row(
                id=f"{prefix}/{edition.id}/{direction}/{transport}/{port}",
                ruleset=ruleset.name,
                edition=edition.id,
                subject=edition.subject,
                direction=direction,
                transport=transport,
                port=port,
                service=service,
                source=Source(ruleset.document, edition.section),
                peers=edition.peers_of(direction, transport, port),
                due_with=edition.due_of(direction, service),
                applicable=applicable,
            )
