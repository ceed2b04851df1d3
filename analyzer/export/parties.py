"""Who a rule is about: hosts of the site that the sheets treat alike, a group of receivers, or anyone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from analyzer.directory import Directory, Span, span
from analyzer.export.plain import plain
from analyzer.matrix import Matrix, Subject
from analyzer.model import Host, Site
from analyzer.protocol import Protocol

LONGEST, SHORTEST = 24, 16
"""Prefix lengths of building networks: where nobody stated a mask, each of them gives a broadcast address."""
LIMITED: Final = span("255.255.255.254-255.255.255.254")._replace(first=0xFFFF_FFFF, last=0xFFFF_FFFF)
"""255.255.255.255, which no host has and every host listens to."""


class Party(NamedTuple):
    """One end of a rule. ``spans`` is None for anyone; ``group`` marks multicast and broadcast addresses.

    ``label`` is a short plain word for names of rules, ``subjects`` and ``roles`` are what the hosts are.
    """

    label: str
    spans: tuple[Span, ...] | None
    subjects: tuple[Subject, ...] = ()
    roles: tuple[str, ...] = ()
    hosts: tuple[Host, ...] = ()
    group: bool = False

    @property
    def single(self) -> bool:
        """Exactly one address, so that nothing it sends to itself is on a wire."""
        return self.spans is not None and len(self.spans) == 1 and self.spans[0].size == 1

    def of(self, version: int) -> tuple[Span, ...] | None:
        """The addresses of IP ``version``; None for anyone."""
        return None if self.spans is None else tuple(one for one in self.spans if one.version == version)


ANYONE: Final = Party("any", None)


@dataclass(frozen=True, slots=True)
class Parties:
    """The hosts of a site, and where a message to everyone goes."""

    hosts: tuple[Party, ...]
    pieces: tuple[tuple[Span, tuple[Host, ...]], ...]
    """The site's addresses in order, with the host entries at each."""
    broadcast: tuple[Span, ...]
    guessed: bool
    """No subnet was stated: ``broadcast`` holds every address that may be one."""

    @property
    def subjects(self) -> tuple[Party, ...]:
        """Those that a sheet speaks about."""
        return tuple(party for party in self.hosts if party.subjects)

    def group(self, protocol: Protocol) -> Party | None:
        """Where searches of a protocol go; None where it has none."""
        spans = [_one(address) for address in sorted(protocol.groups)]
        if protocol.broadcasts:
            spans += self.broadcast
        ordered = tuple(sorted(spans))
        return Party(f"{protocol.name}-group", ordered, group=True) if ordered else None


def _one(address: str) -> Span:
    number = ipaddress.ip_address(address)
    return Span(number.version, int(number), int(number))


def parties(site: Site, matrix: Matrix, subnets: Sequence[str] = ()) -> Parties:
    """The parties of a site. Hosts of equal roles and editions are one, whatever their number.

    ``subnets`` are the site's networks as CIDR; without them their broadcast addresses are guessed.
    Raises ``ValueError`` for a subnet that is none.
    """
    members: dict[tuple[object, ...], tuple[list[Span], dict[int, Host]]] = {}
    pieces = tuple(Directory(site.hosts).pieces())
    for piece, hosts in pieces:
        key = _alike(matrix, hosts)
        spans, known = members.setdefault(key, ([], {}))
        spans.append(piece)
        known.update((id(host), host) for host in hosts)
    found: list[Party] = []
    taken: set[str] = set()
    order = {id(host): number for number, host in enumerate(site.hosts)}
    for spans, known in sorted(members.values(), key=lambda item: min(order[one] for one in item[1])):
        held = tuple(sorted(known.values(), key=lambda host: order[id(host)]))
        subjects = _distinct(matrix, held)
        roles = tuple(dict.fromkeys(role for host in held for role in host.roles))
        label = _label(roles, subjects, taken)
        found.append(Party(label, joined(spans), subjects, roles, held))
    return Parties(tuple(found), pieces, _broadcast(site, subnets), guessed=not subnets)


def _alike(matrix: Matrix, hosts: Sequence[Host]) -> tuple[object, ...]:
    """What the sheets see of the hosts at an address."""
    subjects = frozenset(
        (subject.ruleset.name, subject.role, tuple(edition.id for edition in subject.editions))
        for host in hosts
        for subject in matrix.of_host(host)
    )
    return frozenset(role for host in hosts for role in host.roles), subjects


def _distinct(matrix: Matrix, hosts: Sequence[Host]) -> tuple[Subject, ...]:
    found: dict[tuple[object, ...], Subject] = {}
    for host in hosts:
        for subject in matrix.of_host(host):
            found.setdefault((subject.ruleset.name, subject.role), subject)
    return tuple(found.values())


def _label(roles: Sequence[str], subjects: Sequence[Subject], taken: set[str]) -> str:
    """The roles, with the edition where two parties have the same; unique, and plain."""
    words = plain("+".join(roles) or "host", 60)
    editions = "+".join(dict.fromkeys(edition.id for one in subjects for edition in one.editions))
    candidates = [
        words,
        f"{words} {plain(editions, 40)}",
        *(f"{words} {number}" for number in range(2, 10000)),
    ]
    label = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(label)
    return label


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch as one."""
    found: list[Span] = []
    for one in sorted(spans):
        last = found[-1] if found else None
        if last is not None and last.version == one.version and last.last + 1 == one.first:
            found[-1] = last._replace(last=one.last)
        else:
            found.append(one)
    return tuple(found)


def _broadcast(site: Site, subnets: Sequence[str]) -> tuple[Span, ...]:
    """255.255.255.255 and the last address of each IPv4 subnet, stated or possible (RFC 919 section 7)."""
    found = {LIMITED}
    for subnet in subnets:
        network = ipaddress.ip_network(subnet)
        if isinstance(network, ipaddress.IPv4Network) and network.prefixlen < 31:
            found.add(_one(str(network.broadcast_address)))
    if not subnets:
        for network_text in dict.fromkeys(text for host in site.hosts for text in host.networks):
            piece = span(network_text)
            if piece.version != 4:
                continue
            if piece.size > 2 and "/" in network_text:
                found.add(Span(4, piece.last, piece.last))
            for length in range(SHORTEST, LONGEST + 1):
                last = piece.first | (1 << 32 - length) - 1
                if last >= piece.last:
                    found.add(Span(4, last, last))
    return tuple(sorted(found))


def networks(spans: Iterable[Span]) -> list[str]:
    """The spans as CIDR networks, in order."""
    written: list[str] = []
    for one in spans:
        kind = ipaddress.IPv4Address if one.version == 4 else ipaddress.IPv6Address
        written += [
            str(network) for network in ipaddress.summarize_address_range(kind(one.first), kind(one.last))
        ]
    return written
