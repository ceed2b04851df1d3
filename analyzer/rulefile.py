"""One ruleset file: YAML → :class:`analyzer.model.Ruleset`, with every mistake at once.

The format is described for editors by ``schemas/ruleset.schema.json`` and by example in ``rulesets/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, cast

from analyzer import documents, versions
from analyzer.documents import Node, Reader, quote
from analyzer.errors import RulesetError
from analyzer.model import Background, Edition, Exclusion, Interpretation, Retired, Ruleset, Service

ACTIVITIES: Final = ("operation", "firmware-update", "configuration", "discovery", "emergency", "integration")
"""When a row is due, in the order reports use."""
TRANSPORTS: Final = ("tcp", "udp")
WHENS: Final = ("always", "client", "elsewhere")
CERTAINTIES: Final = ("certain", "likely", "unknown")
MAX_PORTS: Final = 100_000
"""Most ports one ruleset may name, ranges counted whole: a few aliased ranges could stand for millions."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_EDITION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}", re.ASCII)
_RANGE: Final = re.compile(r"([0-9]{1,5})\s*-\s*([0-9]{1,5})", re.ASCII)
_ROW: Final = re.compile(r"(incoming|outgoing)(?:/(tcp|udp)/([0-9]{1,5}))?", re.ASCII)
_EMPTY_CELL: Final = "--"

_Key = tuple[str, int]


def parse(text: str, file: str) -> Ruleset:
    """The ruleset of one YAML document; ``file`` names it in messages.

    Raises :class:`RulesetError` with every mistake, in file order, and nothing else for any text.
    """
    reader = Reader(file)
    root = documents.load(text, reader)
    ruleset = _Parser(reader).ruleset(root) if root is not None else None
    if reader.mistakes or ruleset is None:
        raise RulesetError(reader.mistakes)
    return ruleset


class _Parser:
    """Nodes → Ruleset; what is wrong goes to the reader."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.named = 0  # ports so far, against MAX_PORTS

    def ruleset(self, root: Node) -> Ruleset | None:
        fields = self.reader.fields(
            root,
            "a ruleset",
            ("ruleset", "title"),
            (
                *("vendor", "product", "document", "subject", "notes", "observe_minutes", "temporary_modes"),
                *("services", "editions", "exclusions", "background"),
            ),
        )
        if not fields:
            return None
        name = self.name(fields.get("ruleset"), "ruleset name")
        subject = self.name(fields.get("subject"), "role")
        services = self.services(fields.get("services"))
        editions = self.editions(fields.get("editions"), subject, services)
        background = self.background(fields.get("background"))
        if not editions and not background and "editions" not in fields and "background" not in fields:
            self.reader.note(root, "a ruleset needs editions (or, for infrastructure, background)")
        if "editions" in fields:
            for key in ("vendor", "document"):
                if key not in fields:
                    self.reader.note(root, f"a ruleset needs the field {key!r}")
        return Ruleset(
            name=name,
            title=self.reader.text(fields.get("title"), "title"),
            vendor=self.reader.text(fields.get("vendor"), "vendor"),
            document=self.reader.text(fields.get("document"), "document"),
            file=self.reader.file,
            services=services,
            editions=editions,
            exclusions=self.exclusions(fields.get("exclusions")),
            background=background,
            notes=self.reader.texts(fields.get("notes"), "a note"),
            product=self.reader.text(fields.get("product"), "product"),
            observe_minutes=self.reader.number(fields.get("observe_minutes"), "observe_minutes", 0.1, 10080),
            temporary_modes=self.temporary(fields.get("temporary_modes"), editions),
        )

    # Parts

    def services(self, node: Node | None) -> dict[_Key, Service]:
        found: dict[_Key, Service] = {}
        for item in self.reader.items(node, "services"):
            fields = self.reader.fields(
                item,
                "a service",
                ("port", "transport", "name", "protocol"),
                ("activity", "reply", "due_with", "pool", "paired", "mode", "interpretation"),
            )
            for transport in self.transports(fields.get("transport")):
                for port, place in self.ports(fields.get("port"), "port"):
                    if (transport, port) in found:
                        self.reader.note(place, f"service {transport} {port} appears twice")
                        continue
                    found[transport, port] = Service(
                        transport=transport,
                        port=port,
                        name=self.reader.text(fields.get("name"), "name"),
                        protocol=self.name(fields.get("protocol"), "protocol"),
                        activity=self.reader.choice(
                            fields.get("activity"), "activity", ACTIVITIES, "operation"
                        ),
                        reply=self.reader.flag(fields.get("reply"), "reply"),
                        due_with=self.roles(fields.get("due_with")),
                        pool=self.name(fields.get("pool"), "pool"),
                        paired=bool(self.reader.flag(fields.get("paired"), "paired")),
                        mode=self.name(fields.get("mode"), "mode"),
                        interpretations=self.interpretations(fields.get("interpretation")),
                    )
        return found

    def editions(
        self, node: Node | None, subject: str, services: Mapping[_Key, Service]
    ) -> tuple[Edition, ...]:
        found: list[Edition] = []
        for item in self.reader.items(node, "editions"):
            edition = self.edition(item, subject, services)
            if any(other.id == edition.id and other.subject == edition.subject for other in found):
                self.reader.note(item, f"edition {quote(edition.id)} of {edition.subject} appears twice")
            found.append(edition)
        if node is not None and isinstance(node.value, list) and not found:
            self.reader.note(node, "editions must not be empty")
        return tuple(found)

    def edition(self, item: Node, subject: str, services: Mapping[_Key, Service]) -> Edition:
        fields = self.reader.fields(
            item,
            "an edition",
            ("id", "section"),
            (
                *("subject", "versions", "mode", "notes", "works_with", "peers", "due_with", "incoming"),
                *("outgoing", "retired", "interpretation"),
            ),
        )
        identity = self.reader.text(fields.get("id"), "edition id")
        if identity and _EDITION.fullmatch(identity) is None:
            self.reader.note(
                fields["id"], f"edition id {quote(identity)} may hold letters, digits and . + - _"
            )
        if ("versions" in fields) == ("mode" in fields) and fields:
            self.reader.note(item, "an edition needs either 'versions' or 'mode'")
        if not ("incoming" in fields or "outgoing" in fields) and fields:
            self.reader.note(item, "an edition needs 'incoming' or 'outgoing' ports")
        own = self.name(fields.get("subject"), "role")
        if not own and not subject and fields and "subject" not in fields:
            self.reader.note(
                item, "an edition needs the field 'subject'", "or give one for the whole ruleset"
            )
        incoming = self.cells(fields.get("incoming"), "incoming", services)
        outgoing = self.cells(fields.get("outgoing"), "outgoing", services)
        tables = {"incoming": incoming, "outgoing": outgoing}
        return Edition(
            id=identity,
            subject=own or subject,
            section=self.reader.text(fields.get("section"), "section"),
            incoming=incoming,
            outgoing=outgoing,
            versions=self.specifier(fields.get("versions")),
            mode=self.name(fields.get("mode"), "mode"),
            notes=self.reader.texts(fields.get("notes"), "a note"),
            works_with={
                self.key(role, place): self.specifier(place)
                for role, place in self.reader.mapping(fields.get("works_with"), "works_with").items()
            },
            retired=self.retired(fields.get("retired"), services, (*incoming, *outgoing)),
            peers=self.by_row(fields.get("peers"), "peers", tables),
            interpretations=self.interpretations(fields.get("interpretation")),
            due_with=self.by_row(fields.get("due_with"), "due_with", tables),
            columns={**self.columns(fields, "incoming"), **self.columns(fields, "outgoing")},
        )

    def cells(self, node: Node | None, direction: str, services: Mapping[_Key, Service]) -> tuple[_Key, ...]:
        """One half of the sheet's table, TCP column then UDP column, each in its own order."""
        found: dict[_Key, None] = {}
        fields = self.reader.fields(node, direction, (), TRANSPORTS)
        for transport in TRANSPORTS:
            for item in self.reader.some(fields.get(transport)):
                if item.text == _EMPTY_CELL:  # the sheet's mark for an empty cell
                    continue
                for port, place in self.ports(item, f"{direction} {transport} port"):
                    if (transport, port) in found:
                        self.reader.note(place, f"{direction} {transport} {port} appears twice")
                    elif (transport, port) not in services:
                        hint = _service_hint(transport, port, services)
                        self.reader.note(place, f"no service describes {transport} {port}", hint)
                    found[transport, port] = None
        return tuple(found)

    def columns(self, fields: Mapping[str, Node], direction: str) -> dict[str, tuple[int | None, ...]]:
        """The columns of one half of the table line by line. Mistakes in them were noted by ``cells``."""
        half = Reader(self.reader.file).fields(fields.get(direction), direction, (), TRANSPORTS)
        quiet = _Parser(Reader(self.reader.file))
        found: dict[str, tuple[int | None, ...]] = {}
        for transport, column in half.items():
            lines: list[int | None] = []
            for item in quiet.reader.some(column):
                empty = item.text == _EMPTY_CELL
                lines += [None] if empty else [port for port, _ in quiet.ports(item, "port")]
            found[f"{direction}/{transport}"] = tuple(lines)
        return found

    def by_row(
        self, node: Node | None, what: str, tables: Mapping[str, tuple[_Key, ...]]
    ) -> dict[str, frozenset[str]]:
        """Roles by ``incoming``, ``outgoing`` or a row such as ``incoming/tcp/1480``."""
        found: dict[str, frozenset[str]] = {}
        for key, value in self.reader.mapping(node, what).items():
            line, column = ((node.keys if node else None) or {}).get(key, (value.line, value.column))
            match = _ROW.fullmatch(key)
            if match is None:
                hint = "write incoming, outgoing, or a row such as incoming/tcp/80"
                self.reader.note_at(line, column, f"{what} cannot be given for {quote(key)}", hint)
                continue
            if match[2] and (match[2], int(match[3])) not in tables[match[1]]:
                self.reader.note_at(line, column, f"{what}: {key} is not in this edition's table")
            found[key] = self.roles(value)
        return found

    def retired(
        self, node: Node | None, services: Mapping[_Key, Service], table: Iterable[_Key]
    ) -> tuple[Retired, ...]:
        found: list[Retired] = []
        listed = set(table)
        for item in self.reader.items(node, "retired"):
            fields = self.reader.fields(
                item, "a retired service", ("port", "transport", "since", "reason"), ("name",)
            )
            since = self.reader.text(fields.get("since"), "since")
            self.version(fields.get("since"), since)
            for transport in self.transports(fields.get("transport")):
                for port, place in self.ports(fields.get("port"), "port"):
                    if (transport, port) in listed:
                        self.reader.note(place, f"{transport} {port} is retired and in the table")
                    known = services.get((transport, port))
                    name = self.reader.text(fields.get("name"), "name") or (known.name if known else "")
                    if not name:
                        self.reader.note(item, f"retired {transport} {port} needs the field 'name'")
                    reason = self.reader.text(fields.get("reason"), "reason")
                    found.append(Retired(transport, port, name, since, reason))
        return tuple(found)

    def exclusions(self, node: Node | None) -> tuple[Exclusion, ...]:
        found: list[Exclusion] = []
        for item in self.reader.items(node, "exclusions"):
            fields = self.reader.fields(item, "an exclusion", ("versions", "section"), ("paths", "processes"))
            processes: list[str] = []
            conditional: dict[str, str] = {}
            for entry in self.reader.some(fields.get("processes")):
                if not isinstance(entry.value, dict):
                    processes.append(self.reader.text(entry, "a process"))
                    continue
                parts = self.reader.fields(entry, "a process", ("process", "only_with"))
                processes.append(self.reader.text(parts.get("process"), "process"))
                conditional[processes[-1]] = self.name(parts.get("only_with"), "role")
            found.append(
                Exclusion(
                    versions=self.specifier(fields.get("versions")),
                    section=self.reader.text(fields.get("section"), "section"),
                    paths=self.reader.texts(fields.get("paths"), "a path"),
                    processes=tuple(processes),
                    conditional=conditional,
                )
            )
        return tuple(found)

    def background(self, node: Node | None) -> tuple[Background, ...]:
        found: dict[str, Background] = {}
        for item in self.reader.items(node, "background"):
            fields = self.reader.fields(item, "a background entry", ("protocol", "when", "reason"))
            when = self.reader.choice(fields.get("when"), "when", WHENS, "always")
            reason = self.reader.text(fields.get("reason"), "reason")
            for place in self.reader.some(fields.get("protocol")):
                protocol = self.name(place, "protocol")
                if protocol in found:
                    self.reader.note(place, f"background {quote(protocol)} appears twice")
                known_when = cast('Literal["always", "client", "elsewhere"]', when)
                found[protocol] = Background(protocol, known_when, reason)
        return tuple(found.values())

    def temporary(self, node: Node | None, editions: Iterable[Edition]) -> dict[str, str]:
        known = {edition.mode for edition in editions if edition.mode}
        found: dict[str, str] = {}
        for mode, value in self.reader.mapping(node, "temporary_modes").items():
            if mode not in known:
                hint = documents.nearest(mode, known)
                self.reader.note(value, f"no edition has the mode {quote(mode)}", hint)
            found[mode] = self.reader.text(value, "the sheet's words")
        return found

    def interpretations(self, node: Node | None) -> tuple[Interpretation, ...]:
        found: list[Interpretation] = []
        for item in self.reader.some(node):
            fields = self.reader.fields(item, "an interpretation", ("what", "reason"), ("certainty",))
            certainty = self.reader.choice(fields.get("certainty"), "certainty", CERTAINTIES, "likely")
            found.append(
                Interpretation(
                    self.reader.text(fields.get("what"), "what"),
                    self.reader.text(fields.get("reason"), "reason"),
                    cast('Literal["certain", "likely", "unknown"]', certainty),
                )
            )
        return tuple(found)

    # Values

    def name(self, node: Node | None, what: str) -> str:
        text = self.reader.text(node, what)
        return self.key(text, node, what) if text and node is not None else ""

    def key(self, text: str, node: Node, what: str = "role") -> str:
        if _NAME.fullmatch(text) is None:
            self.reader.note(node, f"{what} {quote(text)} may hold small letters, digits and -")
        return text

    def roles(self, node: Node | None) -> frozenset[str]:
        return frozenset(self.name(item, "role") for item in self.reader.some(node))

    def transports(self, node: Node | None) -> list[str]:
        found = [self.reader.choice(item, "transport", TRANSPORTS) for item in self.reader.some(node)]
        return list(dict.fromkeys(transport for transport in found if transport))

    def ports(self, node: Node | None, what: str) -> list[tuple[int, Node]]:
        """Ports of a number, a range ``a-b`` or a list of those, each with its place."""
        found: list[tuple[int, Node]] = []
        for item in self.reader.some(node):
            match = _RANGE.fullmatch(item.text.strip()) if isinstance(item.value, str) else None
            if match is None:
                port = self.reader.integer(item, what, 1, 65535)
                found.extend([(port, item)] if port is not None else [])
                continue
            low, high = int(match[1]), int(match[2])
            if not 1 <= low <= high <= 65535:
                self.reader.note(item, f"{what} {quote(item.text)} is no range", "low-high, 1 to 65535")
                continue
            self.named += high - low
            if self.named > MAX_PORTS:
                self.reader.note(item, f"more than {MAX_PORTS} ports in one ruleset")
                return found
            found.extend((port, item) for port in range(low, high + 1))
        return found

    def specifier(self, node: Node | None) -> str:
        text = self.reader.text(node, "version range")
        if text and node is not None:
            try:
                versions.bounds(text)
            except ValueError as error:
                self.reader.note(node, str(error))
                return ""
        return text

    def version(self, node: Node | None, text: str) -> None:
        if node is None or not text:
            return
        try:
            versions.parse(text)
        except ValueError as error:
            self.reader.note(node, str(error))


def _service_hint(transport: str, port: int, services: Mapping[_Key, Service]) -> str:
    """What the author probably meant: the other transport, a mistyped port, or a new service."""
    other = "udp" if transport == "tcp" else "tcp"
    if (other, port) in services:
        return f"services has {other} {port}: add transport {transport}"
    near = documents.nearest(str(port), (str(number) for kind, number in services if kind == transport))
    return near if near.startswith("did you mean") else "add it under services"
