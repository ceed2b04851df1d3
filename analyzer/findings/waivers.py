"""The site's own rows: which flows they cover, and which of them have expired."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from analyzer.conversation import Address, Conversation
from analyzer.directory import Directory
from analyzer.findings.case import Case
from analyzer.model import Allow, FindingKind, Host, Severity, Site

ANY = "any"


class Waivers:
    """The allow entries of a site on a given day."""

    def __init__(self, site: Site, today: datetime.date) -> None:
        self.directory = Directory(site.hosts)
        self.valid: list[_Entry] = []
        self.old: list[_Entry] = []
        for allow in site.allow:
            entry = _Entry(allow, site.hosts)
            (self.old if allow.until is not None and allow.until < today else self.valid).append(entry)
        self.late: dict[int, list[Conversation]] = {}

    def covers(self, conversation: Conversation) -> str:
        """The reason of the first valid entry that covers the flow, empty if none does."""
        for entry in self.valid:
            if self._matches(entry, conversation):
                owner = f" ({entry.allow.owner})" if entry.allow.owner else ""
                return f"{entry.allow.reason}{owner}"
        for number, entry in enumerate(self.old):
            if self._matches(entry, conversation):
                self.late.setdefault(number, []).append(conversation)
        return ""

    def _matches(self, entry: _Entry, conversation: Conversation) -> bool:
        allow = entry.allow
        if allow.transport not in (ANY, conversation.transport):
            return False
        if allow.port is not None and allow.port != conversation.port:
            return False
        return entry.source.holds(conversation.originator, self.directory) and entry.target.holds(
            conversation.responder, self.directory
        )

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


class _Entry:
    """An allow entry with its two ends resolved."""

    def __init__(self, allow: Allow, hosts: Sequence[Host]) -> None:
        self.allow = allow
        self.source, self.target = _Where(allow.source, hosts), _Where(allow.target, hosts)


class _Where:
    """An end of an allow entry: ``any``, a host's name, a role, or a network."""

    def __init__(self, written: str, hosts: Sequence[Host]) -> None:
        self.written = written
        named = tuple(host for host in hosts if host.name == written)
        self.hosts = named or tuple(host for host in hosts if written in host.roles)
        self.networks: Directory | None = None
        if written != ANY and not self.hosts:
            self.networks = Directory([Host(written, (written,), ())])

    def holds(self, address: Address, directory: Directory) -> bool:
        """Whether ``address`` lies at this end."""
        if self.written == ANY:
            return True
        if address[0] not in (4, 6):
            return False
        if self.networks is not None:
            return bool(self.networks.at(*address))
        return any(host in self.hosts for host in directory.at(*address))
