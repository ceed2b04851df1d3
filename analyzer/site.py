"""What the user tells about the building: site file, ``--host``, ``--activity``.

:func:`load` reads the file with all its mistakes at once, :func:`combine` lays the options over it,
and a :class:`analyzer.directory.Directory` answers who is at an address.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from analyzer import documents
from analyzer.directory import Directory, Span, span
from analyzer.documents import Node, Reader, quote
from analyzer.errors import SiteError, UsageError
from analyzer.model import Allow, Host, Site

__all__ = ["ACTIVITIES", "Directory", "combine", "load", "parse", "parse_host"]

ACTIVITIES: Final = (
    *("operation", "firmware-update", "configuration", "discovery", "emergency", "integration"),
    "all",
)
"""What a user may say took place; ``all`` stands for every activity."""
Modes = Mapping[str, frozenset[str]]
"""Mode → the roles that have it."""
_BIOSTAR: Final = frozenset({"biostar-server", "biostar-client", "biostar-device"})
MODES: Final[Modes] = MappingProxyType({"server": _BIOSTAR, "direct": _BIOSTAR})
"""Modes known without a ruleset: those of BioStar."""
ANY: Final = "any"
HOST_EXAMPLE: Final = {"name": "gateway", "address": "10.20.0.10", "role": "igor-gateway"}
ALLOW_EXAMPLE: Final = {
    "from": "10.20.0.99",
    "to": "gateway",
    "transport": "tcp",
    "port": "22",
    "reason": "maintenance laptop",
}

_TRANSPORT: Final = r"[a-z][a-z0-9-]{0,31}"
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


# The site file


def load(path: str, roles: Collection[str], modes: Modes = MODES) -> Site:
    """The site that a file declares; ``roles`` and ``modes`` are those the loaded rulesets know.

    Raises :class:`SiteError` with every mistake in file order, :class:`PortmatrixError` for a file
    that cannot be read.
    """
    return parse(documents.read(path), path, roles, modes)


def parse(text: str, file: str, roles: Collection[str], modes: Modes = MODES) -> Site:
    """The site of one YAML document. Raises :class:`SiteError` with every mistake, and nothing else."""
    reader = Reader(file)
    root = documents.load(text, reader)
    site = _Parser(reader, roles, modes).site(root) if root is not None else None
    if reader.mistakes or site is None:
        raise SiteError(reader.mistakes)
    return site


class _Parser:
    """Nodes → Site; what is wrong goes to the reader."""

    def __init__(self, reader: Reader, roles: Collection[str], modes: Modes) -> None:
        self.reader, self.roles, self.modes = reader, roles, modes
        self.named: dict[str, int] = {}  # host name → line
        self.stated: dict[tuple[Span, str], tuple[Host, int]] = {}

    def site(self, root: Node) -> Site:
        fields = self.reader.fields(
            root, "a site", (), ("site", "hosts", "activities", "allow", "observe_minutes")
        )
        hosts = tuple(self.host(item) for item in self.reader.items(fields.get("hosts"), "hosts"))
        activities = {
            self.reader.choice(item, "activity", ACTIVITIES, "operation")
            for item in self.reader.some(fields.get("activities"))
        }
        allow = [
            entry for item in self.reader.items(fields.get("allow"), "allow") for entry in self.allow(item)
        ]
        return Site(
            name=self.reader.text(fields.get("site"), "site"),
            hosts=hosts,
            activities=frozenset({"operation", *activities}),
            allow=tuple(allow),
            observe_minutes=self.reader.number(fields.get("observe_minutes"), "observe_minutes", 0.1, 10080),
        )

    def host(self, item: Node) -> Host:
        fields = self.reader.fields(
            item, "a host", ("address",), ("name", "role", "version", "mode"), HOST_EXAMPLE
        )
        networks, spans = self.networks(fields.get("address"))
        named = tuple(
            self.reader.choice(place, "role", self.roles) for place in self.reader.some(fields.get("role"))
        )
        version = self.reader.text(fields.get("version"), "version")
        if version:
            from analyzer import versions  # noqa: PLC0415 - many sites state none

            try:
                versions.parse(version)
            except ValueError as error:
                self.reader.note(fields["version"], str(error))
        host = Host(
            name=self.reader.text(fields.get("name"), "name") or (networks[0] if networks else ""),
            networks=tuple(networks),
            roles=tuple(dict.fromkeys(role for role in named if role)),
            version=version,
            mode=self.reader.choice(fields.get("mode"), "mode", self.modes),
        )
        place = fields.get("name", item)
        if host.name == ANY:
            self.reader.note(place, f"a host cannot be called {ANY!r}", "that word stands for every address")
        if host.name in self.named:
            line = self.named[host.name]
            self.reader.note(place, f"host name {quote(host.name)} appears twice", f"first in line {line}")
        elif host.name:
            self.named[host.name] = item.line
        for found in spans:
            self.contradiction(item, fields, found, host)
        if host.mode and all(named) and not _has(host, self.modes):
            of = " and ".join(host.roles) or "a host without a role"
            hint = modes_of(host.roles, self.modes)
            self.reader.note(fields["mode"], f"{of} has no mode {host.mode}", hint)
        return host

    def networks(self, node: Node | None) -> tuple[list[str], list[Span]]:
        """The addresses of a host, as written and as numbers."""
        networks: list[str] = []
        spans: list[Span] = []
        for place in self.reader.some(node):
            network = self.reader.text(place, "address")
            found = self.span(place, network)
            if found is not None:
                networks.append(network)
                spans.append(found)
        if node is not None and node.value == []:
            self.reader.note(node, "the list of addresses is empty", "for example 10.20.0.10")
        return networks, spans

    def contradiction(self, item: Node, fields: dict[str, Node], found: Span, host: Host) -> None:
        """Two entries for the same addresses and role cannot state two versions or modes."""
        for role in host.roles:
            other, line = self.stated.setdefault((found, role), (host, item.line))
            for what, one, two in (
                ("version", other.version, host.version),
                ("mode", other.mode, host.mode),
            ):
                if one and two and one != two:
                    self.reader.note(
                        fields[what],
                        f"{role} at {host.networks[0]} has {what} {two} here and {one} in line {line}",
                        "keep one",
                    )

    def allow(self, item: Node) -> list[Allow]:
        fields = self.reader.fields(
            item,
            "an allow entry",
            ("from", "to", "transport", "reason"),
            ("port", "owner", "until"),
            ALLOW_EXAMPLE,
        )
        transport = self.reader.text(fields.get("transport"), "transport")
        if transport and re.fullmatch(_TRANSPORT, transport, re.ASCII) is None:
            small = transport.lower()
            hint = (
                f"write {small}"
                if re.fullmatch(_TRANSPORT, small, re.ASCII)
                else "one of tcp, udp, icmp, … or any"
            )
            self.reader.note(fields["transport"], f"transport {quote(transport)} is not known", hint)
        ports: list[int | None] = []
        for place in self.reader.some(fields.get("port")):
            if place.text == ANY:
                ports.append(None)
            elif place.value is not None and not isinstance(place.value, int):
                hint = "0 to 65535, several as [22, 23], or any"
                self.reader.note(place, f"port must be a number, not {place.kind}", hint)
            elif (port := self.reader.integer(place, "port", 0, 65535)) is not None:
                ports.append(port)
        if "port" in fields and transport in ("icmp", "icmpv6", "igmp", "arp") and ports != [None]:
            self.reader.note(fields["port"], f"{transport} has no ports", "leave the port out")
        source, target = self.end(fields.get("from"), "from"), self.end(fields.get("to"), "to")
        return [
            Allow(
                source=source,
                target=target,
                transport=transport,
                port=port,
                reason=self.reader.text(fields.get("reason"), "reason"),
                owner=self.reader.text(fields.get("owner"), "owner"),
                until=self.date(fields.get("until")),
                line=item.line,
            )
            for port in (ports or [None])
        ]

    def end(self, node: Node | None, what: str) -> str:
        """A host's name, a role, a network or ``any``."""
        text = self.reader.text(node, what)
        if not text or node is None or text == ANY or text in self.named or text in self.roles:
            return text
        try:
            span(text, groups=True)
        except ValueError as error:
            known = {*self.named, *self.roles, ANY}
            digits = text[0].isdigit() or ":" in text
            hint = str(error) if digits else documents.nearest(text, known)
            self.reader.note(node, f"{what}: {quote(text)} is no host name, role, address or network", hint)
        return text

    def span(self, node: Node, network: str) -> Span | None:
        if not network:
            return None
        try:
            return span(network)
        except ValueError as error:
            self.reader.note(node, f"address {quote(network)} cannot be used", str(error))
            return None

    def date(self, node: Node | None) -> datetime.date | None:
        text = self.reader.text(node, "until")
        if not text or node is None:
            return None
        try:
            if re.fullmatch(_DATE, text, re.ASCII):
                return datetime.date.fromisoformat(text)
        except ValueError:
            pass
        hint = "no such day" if re.fullmatch(_DATE, text, re.ASCII) else "write it as 2027-01-31"
        self.reader.note(node, f"until {quote(text)} is no date", hint)
        return None


def modes_of(roles: Collection[str], modes: Modes) -> str:
    """What somebody should write who gave ``roles`` a mode that they do not have."""
    known = sorted(mode for mode, having in modes.items() if not having.isdisjoint(roles))
    if known:
        return f"mode: {' or '.join(known)}"
    have = sorted({role for having in modes.values() for role in having})
    return f"leave the mode out; only {', '.join(have)} {'has' if len(have) == 1 else 'have'} one"


def _has(host: Host, modes: Modes) -> bool:
    return not modes.get(host.mode, frozenset()).isdisjoint(host.roles)


# Options


def parse_host(option: str, roles: Collection[str] | None = None, modes: Modes = MODES) -> Host:
    """The host of ``ROLE=ADDRESS[@VERSION]``, or ``ROLE=ADDRESS@MODE`` for a role that has modes.

    ``ROLE`` and ``ADDRESS`` may be several, with commas. Raises :class:`UsageError`; an unknown role is
    one only where ``roles`` is given.
    """
    shown = quote(option)
    left, equals, right = option.partition("=")
    address, at, stated = right.partition("@")
    stated = stated.strip()
    if not equals or not left.strip() or not address.strip() or (at and not stated):
        raise UsageError(f"--host {shown}: write ROLE=ADDRESS or ROLE=ADDRESS@VERSION")
    named = tuple(dict.fromkeys(role.strip() for role in left.split(",")))
    for role in named:
        if roles is not None and role not in roles:
            hint = documents.nearest(role, roles)
            raise UsageError(f"--host {shown}: unknown role {quote(role)}" + (f" ({hint})" if hint else ""))
    networks = tuple(dict.fromkeys(part.strip() for part in address.split(",")))
    for network in networks:
        try:
            span(network)
        except ValueError as error:
            raise UsageError(f"--host {shown}: address {quote(network)} cannot be used ({error})") from error
    mode = stated if stated in modes else ""
    if stated and not mode:
        from analyzer import versions  # noqa: PLC0415 - many hosts are named without one

        try:
            versions.parse(stated)
        except ValueError as error:
            raise UsageError(f"--host {shown}: {error}") from error
    host = Host(
        name=address.strip(), networks=networks, roles=named, version="" if mode else stated, mode=mode
    )
    if mode and roles is not None and not _has(host, modes):
        raise UsageError(
            f"--host {shown}: {' and '.join(named)} has no mode {mode} ({modes_of(named, modes)})"
        )
    return host


def combine(site: Site | None, hosts: Sequence[Host], activities: Sequence[str]) -> Site:
    """The site file, or none, with the options laid over it.

    A ``--host`` for addresses that already have an entry joins it. Without a file and without hosts the
    site is not declared. Raises :class:`UsageError` for a contradiction or an unknown activity.
    """
    for activity in activities:
        if activity not in ACTIVITIES:
            hint = documents.nearest(activity, ACTIVITIES)
            raise UsageError(f"--activity {quote(activity)}: unknown" + (f" ({hint})" if hint else ""))
    base = site if site is not None else Site(declared=bool(hosts))
    merged = _Merged(base.hosts)
    for host in hosts:
        merged.add(host)
    return dataclasses.replace(
        base,
        hosts=tuple(merged.hosts),
        activities=frozenset({"operation", *base.activities, *activities}),
        declared=base.declared or bool(hosts),
    )


class _Merged:
    """Hosts that are added one by one, each found by its addresses: there may be thousands."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self.hosts: list[Host] = []
        self._at: dict[Span, list[int]] = {}
        """Which hosts have a span of addresses among theirs, in order."""
        self._names: set[str] = set()
        for host in hosts:
            self._append(host)

    def add(self, host: Host) -> None:
        """Add a host, into the entry of the same addresses where nothing contradicts that.

        Raises :class:`UsageError` for one that states another version or mode for the same addresses and
        role.
        """
        spans = {span(network) for network in host.networks}
        there = sorted({index for found in spans for index in self._at.get(found, ())})
        for index in there:
            _refuse_contradiction(self.hosts[index], host)
        for index in there:
            other = self.hosts[index]
            if spans != {span(network) for network in other.networks} or _differ(other, host):
                continue
            self.hosts[index] = dataclasses.replace(
                other,
                roles=tuple(dict.fromkeys((*other.roles, *host.roles))),
                version=other.version or host.version,
                mode=other.mode or host.mode,
            )
            return
        if host.name in self._names:  # one address with two versions for two roles
            host = dataclasses.replace(host, name=f"{host.name} ({', '.join(host.roles)})")
        self._append(host)

    def _append(self, host: Host) -> None:
        for found in {span(network) for network in host.networks}:
            self._at.setdefault(found, []).append(len(self.hosts))
        self._names.add(host.name)
        self.hosts.append(host)


def _differ(one: Host, other: Host) -> bool:
    """Whether two hosts state different versions or modes."""
    return bool(
        (one.version and other.version and one.version != other.version)
        or (one.mode and other.mode and one.mode != other.mode)
    )


def _refuse_contradiction(other: Host, host: Host) -> None:
    shared = sorted(set(host.roles) & set(other.roles))
    for what, one, two in (("version", other.version, host.version), ("mode", other.mode, host.mode)):
        if shared and one and two and one != two:
            raise UsageError(
                f"--host {shared[0]}={host.name}@{two}: contradicts {what} {one} of {quote(other.name)}"
            )
