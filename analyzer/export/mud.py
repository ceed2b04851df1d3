"""Manufacturer Usage Descriptions, RFC 8520: what a role's sheet says of a device, one file a role.

The file speaks of a kind of device and not of a site: counterparts are classes (``controller``), and a
row that names no peer is for any host, or for the local networks where only declared peers are wanted.
Access lists are those of RFC 8519, which keep no state: every row stands there and back.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from analyzer import protocols
from analyzer.errors import UsageError
from analyzer.export import Target, Written
from analyzer.export.permits import TFTP, Ports
from analyzer.export.plain import digest, plain
from analyzer.export.rules import Policy
from analyzer.matrix import Subject
from analyzer.model import Direction, Row
from analyzer.mudfile import ROLE_BASE

VERSION: Final = 1
"""``mud-version`` of RFC 8520 section 3.1."""
CACHE_HOURS: Final = 48
"""``cache-validity``: the default of section 3.5."""
ACE_NAME, SYSTEMINFO = 64, 60
"""Lengths of RFC 8519 (``type string length 1..64``) and of RFC 8520 section 3.7."""
NUMBER: Final = {"tcp": 6, "udp": 17}
FAMILIES: Final = {4: ("ipv4", "ipv4-acl-type", 32), 6: ("ipv6", "ipv6-acl-type", 128)}
WAYS: Final = ("from", "to")
BROADCAST: Final = "255.255.255.255"

Ace = dict[str, Any]


def write(policy: Policy) -> Written:
    """A file for each role and edition of the site, or for the role that the user named.

    Raises :class:`UsageError` for a role that is not on the site.
    """
    subjects: dict[str, Subject] = {}
    for subject in policy.matrix.subjects:
        if subject.editions:
            subjects.setdefault(_file(subject), subject)
    wanted = policy.wishes.role
    chosen = {file: one for file, one in subjects.items() if not wanted or one.role == wanted}
    if not chosen:
        there = ", ".join(dict.fromkeys(subject.role for subject in subjects.values())) or "none"
        raise UsageError(f"--role {wanted}: no role of the site with a sheet, there are {there}")
    files: dict[str, str] = {}
    notes: dict[str, None] = {}
    for file, subject in chosen.items():
        rows = policy.matrix.of(subject)
        files[file] = json.dumps(document(policy, subject, rows), indent=2) + "\n"
        notes.update(dict.fromkeys(_notes(policy, rows)))
    if policy.site.allow:
        notes[
            "the rows of the site (allow) are not written: a MUD file speaks of a device, not of a site"
        ] = None
    return Written(files, tuple(notes))


def _file(subject: Subject) -> str:
    """``igor-node-6.0.0-up.json``: without the plus sign, which means something in a URL."""
    editions = "-or-".join(edition.id for edition in subject.editions).replace("+", "-up")
    return f"{subject.role}-{editions}.json"


def _notes(policy: Policy, rows: Sequence[Row]) -> Iterator[str]:
    if any(row.service.protocol == TFTP for row in rows):
        low, high = policy.wishes.tftp_ports
        yield f"MUD knows no helper: TFTP data goes by UDP {low} to {high} at both ends (--tftp-ports)"
    if any(_groups(row) for row in rows):
        yield "MUD knows broadcast as 255.255.255.255 only: broadcasts to a subnet are not written"
    yield "versions, activities and whether a reply is due have no place in MUD"


def document(policy: Policy, subject: Subject, rows: Sequence[Row]) -> dict[str, Any]:
    """The MUD file of a subject as plain values."""
    lists: list[dict[str, Any]] = []
    held: dict[str, list[dict[str, str]]] = {way: [] for way in WAYS}
    for version, (family, kind, _) in FAMILIES.items():
        for way in WAYS:
            aces = list(_aces(policy, rows, version, way))
            if aces:
                acl = f"{subject.role[:50]}-{way}-{family}"
                lists.append({"name": acl, "type": kind, "aces": {"ace": aces}})
                held[way].append({"name": acl})
    edition = " or ".join(edition.id for edition in subject.editions)
    ruleset = subject.ruleset
    mud: dict[str, Any] = {
        "mud-version": VERSION,
        "mud-url": f"{policy.wishes.mud_url.rstrip('/')}/{_file(subject)}",
        "last-update": f"{policy.wishes.updated}T00:00:00+00:00",
        "cache-validity": CACHE_HOURS,
        "is-supported": True,
        "systeminfo": plain(f"{subject.role} {edition}, {ruleset.title}", SYSTEMINFO),
        "mfg-name": plain(ruleset.vendor, SYSTEMINFO) or "unknown",
        "model-name": plain(subject.role, SYSTEMINFO),
    }
    for way in WAYS:
        if held[way]:
            mud[f"{way}-device-policy"] = {"access-lists": {"access-list": held[way]}}
    return {"ietf-mud:mud": mud, "ietf-access-control-list:acls": {"acl": lists}}


def _aces(policy: Policy, rows: Sequence[Row], version: int, way: str) -> Iterator[Ace]:
    """The entries of one list: rows that the device opens go ``from`` it, their answers ``to`` it."""
    taken: set[str] = set()
    for row in rows:
        opens = (row.direction == "outgoing") == (way == "from")
        port = Ports(row.port, row.port)
        for peer, match in _peers(policy, row):
            ports = {"destination-port" if opens else "source-port": port}
            label = f"{row.id}{'' if opens else ' answer'}{peer}"
            yield _ace(label, taken, version, row, ports, match)
            if row.service.protocol == TFTP:
                both = {"source-port": policy.wishes.tftp_ports, "destination-port": policy.wishes.tftp_ports}
                # A wide range is for hosts of the local networks, whoever may ask.
                near = match or {"local-networks": [None]}
                yield _ace(f"{label} data", taken, version, row, both, near)
        for group in _groups(row) if opens and row.direction == "outgoing" else ():
            if ipaddress.ip_address(group).version == version:
                ports = {"destination-port": port}
                yield _ace(f"{row.id} {group}", taken, version, row, ports, {}, group)


def _peers(policy: Policy, row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    """The classes that may be at the other end, each with its match of RFC 8520 sections 3.14 and 3.15."""
    if row.peers is None:
        yield "", {"local-networks": [None]} if policy.wishes.peers == "declared" else {}
        return
    for role in sorted(row.peers):
        yield (f" {role}" if len(row.peers) > 1 else ""), {"controller": f"{ROLE_BASE}{role}"}


def _groups(row: Row) -> list[str]:
    """Where searches of a row go: the protocol's groups, and broadcast where it uses that."""
    protocol = protocols.load().get(row.service.protocol)
    if protocol is None or row.transport != "udp":
        return []
    return [*sorted(protocol.groups), *([BROADCAST] if protocol.broadcasts else [])]


def _ace(
    label: str,
    taken: set[str],
    version: int,
    row: Row,
    ports: dict[str, Ports],
    match: dict[str, Any],
    group: str = "",
) -> Ace:
    family, _, length = FAMILIES[version]
    direction: dict[Direction, str] = {"outgoing": "from-device", "incoming": "to-device"}
    network: dict[str, Any] = {"protocol": NUMBER[row.transport]}
    if group:
        network[f"destination-{family}-network"] = f"{group}/{length}"
    transport: dict[str, Any] = {}
    if row.transport == "tcp":
        transport["ietf-mud:direction-initiated"] = direction[row.direction]
    for side, one in ports.items():
        transport[side] = (
            {"operator": "eq", "port": one.low}
            if one.low == one.high
            else {"lower-port": one.low, "upper-port": one.high}
        )
    matches: dict[str, Any] = {family: network, row.transport: transport}
    if match:
        matches["ietf-mud:mud"] = match
    return {"name": _unique(label, taken), "matches": matches, "actions": {"forwarding": "accept"}}


def _unique(label: str, taken: set[str]) -> str:
    """A name within the length of RFC 8519 that no other entry of the list has."""
    words = label if len(label) <= ACE_NAME else f"{label[: ACE_NAME - 7]}-{digest(label)}"
    number = 1
    unique = words
    while unique in taken:
        number += 1
        unique = f"{words[: ACE_NAME - 5]}-{number}"
    taken.add(unique)
    return unique


TARGET = Target("mud", "Manufacturer Usage Description (RFC 8520)", write, rules=False)
