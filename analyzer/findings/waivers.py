"""The site's own rows: which flows they cover, and which of them have expired."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analyzer.conversation import Address, Conversation
from analyzer.directory import Directory, Span, span
from analyzer.findings.case import Case
from analyzer.model import Allow, FindingKind, Host, Severity, Site

ANY = "any"


class Waivers:
    """The allow entries of a site on a given day."""

    def __init__(self, site: Site, today: datetime.date) -> None:
        self.directory = Directory(site.hosts)
        written = {end for allow in site.allow for end in (allow.source, allow.target)}
        ends = {end: _Where(end, site.hosts) for end in written}
        entries = [_Entry(allow, ends[allow.source], ends[allow.target]) for allow in site.allow]
        self.old = [entry for entry in entries if _past(entry.allow, today)]
        self._valid = _by_service([entry for entry in entries if not _past(entry.allow, today)])
        self._expired = _by_service(self.old)
        self.late: dict[int, list[Conversation]] = {}

    def covers(self, conversation: Conversation) -> str:
        """The reason of the first valid entry that covers the flow, empty if none does."""
        ends = conversation.originator, conversation.responder
        allow = self.allowing(*ends, conversation.transport, conversation.port)
        if allow is not None:
            owner = f" ({allow.owner})" if allow.owner else ""
            return f"{allow.reason}{owner}"
        for number, entry in _numbered(self._expired, conversation.transport, conversation.port):
            if self._matches(entry, *ends):
                self.late.setdefault(number, []).append(conversation)
        return ""

    def allowing(self, source: Address, target: Address, transport: str, port: int) -> Allow | None:
        """The first valid entry for flows from ``source`` to ``target``; port 0 where there are none."""
        for _, entry in _numbered(self._valid, transport, port):
            if self._matches(entry, source, target):
                return entry.allow
        return None

    def _matches(self, entry: _Entry, source: Address, target: Address) -> bool:
        return entry.source.holds(source, self.directory) and entry.target.holds(target, self.directory)

    def expired(self) -> Iterable[Case]:
        """One case for each entry whose day has passed."""
        for number, entry in enumerate(self.old):
            allow = entry.allow
            port = "any port" if allow.port is None else str(allow.port)
            what = f"{allow.source} to {allow.target}, {allow.transport} {port}"
            case = Case(
                FindingKind.EXPIRED_WAIVER,
                Severity.WARNING,
                (allow.source, allow.target, allow.transport, port),
            )
            flows = self.late.get(number, [])
            case.title = f"The waiver for {what} expired on {allow.until}"
            owner = f" Owner: {allow.owner}." if allow.owner else ""
            case.detail = (
                f"Its reason was: {allow.reason}.{owner} {len(flows)} flows of it are in the capture."
            )
            case.advice = "Renew it in the site file with a new date, or remove it and close the traffic."
            case.flows = flows
            yield case


_Services = Mapping[tuple[str, int | None], Sequence[tuple[int, "_Entry"]]]
"""Transport (or ``any``) and port (None: any) → its entries, numbered. A site may have thousands of them."""


def _past(allow: Allow, today: datetime.date) -> bool:
    return allow.until is not None and allow.until < today


def _by_service(entries: Iterable[_Entry]) -> _Services:
    services: dict[tuple[str, int | None], list[tuple[int, _Entry]]] = defaultdict(list)
    for number, entry in enumerate(entries):
        services[entry.allow.transport, entry.allow.port].append((number, entry))
    return services


def _numbered(services: _Services, transport: str, port: int) -> list[tuple[int, _Entry]]:
    """The entries whose transport and port are a flow's, in the order of the site file."""
    keys = [(carrier, number) for carrier in (ANY, transport) for number in (None, port)]
    return sorted((item for key in keys for item in services.get(key, ())), key=lambda item: item[0])


class _Entry(NamedTuple):
    """An allow entry with its two ends resolved."""

    allow: Allow
    source: _Where
    target: _Where


class _Where:
    """An end of an allow entry: ``any``, a host's name, a role, or a network."""

    def __init__(self, written: str, hosts: Sequence[Host]) -> None:
        self.written = written
        named = tuple(host for host in hosts if host.name == written)
        # A set: a role may stand for thousands of hosts, and every flow asks.
        self.hosts = frozenset(named or (host for host in hosts if written in host.roles))
        self.span: Span | None = None
        if written != ANY and not self.hosts:
            self.span = span(written, groups=True)

    def holds(self, address: Address, directory: Directory) -> bool:
        """Whether ``address`` lies at this end."""
        if self.written == ANY:
            return True
        if address[0] not in (4, 6):
            return False
        if self.span is not None:
            version, hi, lo = address
            return version == self.span.version and self.span.first <= hi << 64 | lo <= self.span.last
        return not self.hosts.isdisjoint(directory.at(*address))
