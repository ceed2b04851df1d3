"""The rules in their order: what passes, what is stopped, and what is to be said about them.

Only traffic of the site's subjects is judged; what passes between others is the user's, unless the
default is ``deny``. First match decides, as in every target.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from analyzer.export.parties import ANYONE, LONGEST, SHORTEST, Parties, Party, joined, parties
from analyzer.export.permits import HIGH, Permit, Ports, allowed, expected
from analyzer.export.plain import digest
from analyzer.matrix import Matrix
from analyzer.model import Background, Site
from analyzer.protocol import Protocol

IP_PROTOCOLS = ("icmp", "icmpv6", "igmp")
"""Background without ports that hosts themselves exchange; what routers tell each other is theirs."""

INDISPENSABLE = frozenset({"icmpv6"})
"""Background that stays whatever the user chose: neighbour discovery (RFC 4861) is the ARP of IPv6."""


@dataclass(frozen=True)
class Wishes:
    """What the user chose; the command's options explain each."""

    default: Literal["none", "deny"] = "none"
    disputed: Literal["permit", "deny"] = "permit"
    peers: Literal["any", "declared"] = "any"
    infrastructure: Literal["none", "always", "client"] = "always"
    place: Literal["any", "router", "host"] = "any"
    subnets: tuple[str, ...] = ()
    tftp_ports: Ports = HIGH
    unexpected: bool = False
    role: str = ""
    mud_url: str = "https://portmatrix.invalid/mud"
    updated: str = "1970-01-01"


class Rule(NamedTuple):
    """One rule: what to do with what a permit describes. ``name`` is an identifier, the same in every run."""

    name: str
    permits: bool
    permit: Permit

    @property
    def sources(self) -> tuple[str, ...]:
        """Row with document and section, one line each, then what else is to be known."""
        lines = [f"{row.id} ({row.source.document}, {row.source.section})" for row in self.permit.rows]
        return (*lines, *([self.permit.note] if self.permit.note else []))


@dataclass(frozen=True)
class Policy:
    """Everything that an exporter needs. ``notes`` are about the hosts, ``remarks`` about the rules."""

    site: Site
    matrix: Matrix
    parties: Parties
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]
    remarks: tuple[str, ...]
    wishes: Wishes

    @property
    def versions(self) -> tuple[int, ...]:
        """IP versions that the site's hosts have."""
        return tuple(sorted({one.version for party in self.parties.hosts for one in party.spans or ()}))

    @property
    def subjects(self) -> Party:
        """Every host that a sheet speaks about, as one party."""
        spans = (one for party in self.parties.subjects for one in party.spans or ())
        return Party("subjects", joined(spans))


def build(
    site: Site,
    matrix: Matrix,
    protocols: Mapping[str, Protocol],
    background: Sequence[Background],
    today: datetime.date,
    wishes: Wishes,
) -> Policy:
    """The policy of a site. Raises ``ValueError`` for a subnet that is none."""
    found = parties(site, matrix, wishes.subnets)
    permits = expected(matrix, found, protocols, undeclared=wishes.peers == "any")
    own, late = allowed(site, found, today)
    remarks = (*_remarks(found, wishes, permits), *late)
    policy = Policy(site, matrix, found, (), tuple(_notes(matrix)), remarks, wishes)
    ordered: list[tuple[bool, Permit]] = []
    if wishes.disputed == "deny":
        ordered += [(True, permit) for permit in own]
        ordered += [(False, permit) for permit in permits if permit.why == "disputed"]
        ordered += [(True, permit) for permit in permits if permit.why != "disputed"]
    else:
        ordered += [(True, permit) for permit in (*own, *permits)]
    ordered += _rest(policy, protocols, background)
    return replace(policy, rules=tuple(_named(ordered)))


def _rest(
    policy: Policy, protocols: Mapping[str, Protocol], background: Sequence[Background]
) -> Iterator[tuple[bool, Permit]]:
    """Infrastructure, and the denials at the end."""
    wishes, subjects = policy.wishes, policy.subjects
    entries = background
    if wishes.infrastructure == "none":
        entries = [entry for entry in background if entry.protocol in INDISPENSABLE]
    yield from ((True, one) for one in _background(protocols, entries, "always", ANYONE))
    out = "traffic of equipment with a sheet that no sheet lists"
    if subjects.spans:
        yield False, Permit(ANYONE, subjects, "any", None, "expected", (), out)
        if wishes.infrastructure == "client":
            yield from ((True, one) for one in _background(protocols, background, "client", subjects))
        yield False, Permit(subjects, ANYONE, "any", None, "expected", (), out)
    if wishes.default == "deny":
        yield False, Permit(ANYONE, ANYONE, "any", None, "expected", (), "everything else")


def _background(
    protocols: Mapping[str, Protocol], background: Sequence[Background], when: str, source: Party
) -> Iterator[Permit]:
    for entry in background:
        protocol = protocols.get(entry.protocol)
        if entry.when != when or protocol is None:
            continue
        note = f"infrastructure: {protocol.title}, {entry.reason}"
        for transport in sorted({transport for transport, _ in protocol.ports}):
            numbers = sorted(port for kind, port in protocol.ports if kind == transport)
            ports = tuple(Ports(number, number) for number in numbers)
            yield Permit(source, ANYONE, transport, ports, "infrastructure", (), note)
        for transport in sorted(protocol.transports & set(IP_PROTOCOLS)):
            yield Permit(source, ANYONE, transport, None, "infrastructure", (), note)


def _named(ordered: Sequence[tuple[bool, Permit]]) -> Iterator[Rule]:
    """Names that stay as long as their rule does: a difference of two exports shows what changed."""
    taken: set[str] = set()
    for permits, permit in ordered:
        ends = f"{permit.source.label} {permit.target.label} {permit.source_ports} {permit.ports}"
        shown = permit.source_ports or permit.ports
        first = shown[0].low if shown else ""
        kind = (
            "answer" if permit.source_ports else permit.transport if permits else f"deny-{permit.transport}"
        )
        word = f"{kind}-{first or 'all'}-{digest(f'{ends} {permit.transport} {permits} {permit.note}')}"
        number = 1
        unique = word
        while unique in taken:
            number += 1
            unique = f"{word}-{number}"
        taken.add(unique)
        yield Rule(unique, permits, permit)


def _notes(matrix: Matrix) -> Iterator[str]:
    """What the reader has to know about the hosts before trusting what is made of them."""
    for subject in matrix.subjects:
        host = subject.host
        editions = " and ".join(edition.id for edition in subject.editions)
        if subject.unsupported:
            what = f"no edition covers {subject.role} {host.version}"
            yield f"{host.name}: {what}, so only the sheets of its peers speak"
        elif len(subject.editions) > 1:
            what = "mode" if any(edition.mode for edition in subject.editions) else "version"
            yield f"{host.name}: no {what} stated for {subject.role}, so all rows of {editions} are permitted"
        if host.reason:
            yield f"{host.name}: role {subject.role}, {host.reason}"


def _remarks(found: Parties, wishes: Wishes, permits: Sequence[Permit]) -> Iterator[str]:
    """What the user's choices made of the rules."""
    if wishes.peers == "any" and any(ANYONE in (permit.source, permit.target) for permit in permits):
        yield (
            "rows that name no peer are permitted with any host, as check expects them "
            "(--peers declared: with hosts of the site only)"
        )
    if found.guessed and any(permit.target.group for permit in permits):
        yield (
            f"no subnet stated: broadcast addresses of /{SHORTEST} to /{LONGEST} around each host are taken "
            "for those of the site (--subnet CIDR states them)"
        )
    answers = [permit for permit in permits if permit.source_ports]
    if answers:
        yield (
            "answers to searches come from hosts that were not addressed, so no state knows them: "
            "they are permitted by their source port"
        )
    if any(row.service.protocol == "ssdp" for permit in answers for row in permit.rows):
        yield "an answer to an SSDP search that comes from a port of its own, as UDA 1.1 allows, has no rule"
    if any(permit.why == "disputed" for permit in permits):
        done = "permitted" if wishes.disputed == "permit" else "denied"
        yield f"rows that only one of two sheets lists are {done} (--disputed)"
    if wishes.infrastructure == "always":
        yield "what hosts of a domain open (Kerberos, LDAP, SMB) is not permitted (--infrastructure client)"
    if 6 not in {one.version for party in found.hosts for one in party.spans or ()}:
        yield "the site states no IPv6 address: IPv6 is left alone"
    yield "ARP, LLDP, spanning tree and other traffic below IP is no matter of these rules"
