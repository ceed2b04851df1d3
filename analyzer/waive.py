"""A finding → entries of the site's ``allow`` list, and those entries into the text of the site file.

An entry covers what the finding was about and no more: the same ends, transports and ports. The text grows
by the entries alone: every other character of the file, comments too, stays what it was.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import yaml

from analyzer import addresses
from analyzer.addresses import Address
from analyzer.directory import Directory, span
from analyzer.documents import Loader
from analyzer.errors import UsageError
from analyzer.model import FindingKind, Host
from analyzer.scalar import listed, mapping, scalar

PORTS: Final = 64
"""Most ports of one entry: a scan is not waived port by port."""
ENTRIES: Final = 200
"""Most entries that one finding may add: nobody reads more."""

WAIVABLE: Final = frozenset(
    {
        FindingKind.UNEXPECTED_FLOW,
        FindingKind.DISPUTED_FLOW,
        FindingKind.FAILING_FLOW,
        FindingKind.RETIRED_SERVICE,
        FindingKind.PAYLOAD_MISMATCH,
        FindingKind.TRANSFER_FAILED,
        FindingKind.PROTOCOL_ERROR,
        FindingKind.UNSTABLE_SESSION,
    }
)
"""Findings about flows: what an allow entry covers."""
_OPENS: Final[Any] = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_CLOSES: Final[Any] = (yaml.SequenceEndEvent, yaml.MappingEndEvent)
_ENDS: Final[Any] = yaml.DocumentEndEvent

INSTEAD: Final[Mapping[str, str]] = {
    FindingKind.MISSING_FLOW: "nothing was seen, so there is nothing to allow: "
    "take its activity, role or version out of the site file if it is not due",
    FindingKind.INCOMPATIBLE_VERSIONS: "it is about versions: correct them under hosts, or upgrade",
    FindingKind.UNSUPPORTED_VERSION: "it is about a version: correct it under hosts, or upgrade",
    FindingKind.DIRECT_MODE: "it is about the mode of the site: correct it under hosts",
    FindingKind.UNDECLARED_PEER: "it is a note and breaks nothing: declare the host under hosts",
    FindingKind.UPDATE_FAILED: "it is about what a node did with its image: look at the node",
    FindingKind.DUPLICATE_DEVICE: "give one of the two another number; "
    "if they are one device, enter both addresses in one host under hosts",
    FindingKind.CAPTURE_PROBLEM: "it is about the capture file: take the capture again",
    FindingKind.EXPIRED_WAIVER: "renew the entry in the site file with a new date, or remove it",
}
"""What to do where a finding is not about a flow."""


class Relation(NamedTuple):
    """Who opens what to whom. ``port`` is None for a transport without ports."""

    source: Address
    target: Address
    transport: str
    port: int | None


class Entry(NamedTuple):
    """An entry of the allow list before its reason. Without ``ports`` the transport has none."""

    source: str
    target: str
    transport: str
    ports: tuple[int, ...]

    def written(self, reason: str, owner: str, until: datetime.date | None) -> str:
        """The entry as YAML on one line."""
        fields = {
            "from": scalar(self.source),
            "to": scalar(self.target),
            "transport": scalar(self.transport),
            "port": listed(self.ports) if self.ports else "any",
            "reason": scalar(reason),
            "owner": scalar(owner),
        }
        if not self.ports:
            del fields["port"]
        if until is not None:
            fields["until"] = until.isoformat()
        return mapping(fields)


# ---------------------------------------------------------------- what is covered


def entries(relations: Iterable[Relation], hosts: Sequence[Host]) -> tuple[Entry, ...]:
    """Entries that cover just ``relations``; ends are called by the site's names where a name says the same.

    Raises :class:`UsageError` where that takes more ports or entries than anybody would read.
    """
    ports: dict[tuple[Address, Address, str], set[int]] = defaultdict(set)
    for relation in relations:
        held = ports[relation.source, relation.target, relation.transport]
        if relation.port is not None:
            held.add(relation.port)
    # Ends that share a transport and its ports, then sources that share their targets: rectangles.
    targets: dict[tuple[str, tuple[int, ...], Address], set[Address]] = defaultdict(set)
    for (source, target, transport), held in ports.items():
        if len(held) > PORTS:
            raise UsageError(
                f"it is about {len(held)} ports: write an entry with 'port: any' if all are meant"
            )
        targets[transport, tuple(sorted(held)), source].add(target)
    sources: dict[tuple[str, tuple[int, ...], frozenset[Address]], set[Address]] = defaultdict(set)
    for (transport, numbers, source), reached in targets.items():
        sources[transport, numbers, frozenset(reached)].add(source)
    called = _Names(hosts)
    found = [
        Entry(source, target, transport, numbers)
        for (transport, numbers, reached), openers in sources.items()
        for source in called.ends(openers)
        for target in called.ends(reached)
    ]
    if len(found) > ENTRIES:
        raise UsageError(
            f"it would take {len(found)} entries: write one with a role or a network if that is meant"
        )
    return tuple(sorted(found, key=lambda entry: (entry.transport, entry.ports)))


class _Names:
    """What to call addresses: a host's name where it stands for nothing else, else ranges."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        directory = Directory(hosts)
        self.known: dict[str, frozenset[Address]] = {}
        for host in hosts:
            spans = [span(network) for network in host.networks]
            if all(one.size == 1 for one in spans):
                at = frozenset(addresses.parse(str(network)) for network in host.networks)
                if all(host in directory.at(*address) for address in at):
                    self.known[host.name] = at

    def ends(self, wanted: Iterable[Address]) -> list[str]:
        """Names, addresses and ranges that stand for just the ``wanted`` addresses."""
        left = set(wanted)
        found: list[str] = []
        for name, at in self.known.items():
            if at <= left:
                found.append(name)
                left -= at
        return [*found, *_ranges(left)]


def _ranges(wanted: Iterable[Address]) -> list[str]:
    """Addresses that follow each other as ``a-b``."""
    runs: list[tuple[Address, Address]] = []
    for address in sorted(wanted):
        if runs and _number(address) == _number(runs[-1][1]) + 1 and address[0] == runs[-1][1][0]:
            runs[-1] = (runs[-1][0], address)
        else:
            runs.append((address, address))
    return [
        addresses.text(*first) if first == last else f"{addresses.text(*first)}-{addresses.text(*last)}"
        for first, last in runs
    ]


def _number(address: Address) -> int:
    return address[1] << 64 | address[2]


# ---------------------------------------------------------------- into the text


def insert(text: str, items: Sequence[str]) -> tuple[str, int]:
    """``text`` of a valid site file with ``items`` at the end of its allow list, and the line of the first.

    Raises :class:`UsageError` where the file is written in a way that has no room for them: one mapping in
    braces, or an allow list behind an alias.
    """
    place = _Place(text.removeprefix("\ufeff"))
    shift = len(text) - len(text.removeprefix("\ufeff"))
    at, added = place.addition(items)
    at += shift
    line = text.count("\n", 0, at) + added[: added.find(items[0])].count("\n") + 1
    return text[:at] + added + text[at:], line


class _Place:
    """Where the allow list of a document is: read from the parser's events, which know every position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.braces = False
        """The whole document is a mapping in braces."""
        self.column = 0
        self.end = len(text)
        """Where the document ends: before an explicit end marker."""
        self.value: Literal["absent", "nothing", "lines", "brackets", "other"] = "absent"
        self.opened = 0
        """Where the value of ``allow`` has begun: behind its bracket, or behind the colon."""
        self.first = self.last = -1
        """Where the first item begins, and where the last one has ended."""
        self._read()

    def _read(self) -> None:
        depth, key, wants_key = 0, "", True
        inside = False
        events: Iterable[Any] = yaml.parse(self.text, Loader=Loader)
        for event in events:
            opens, closes = isinstance(event, _OPENS), isinstance(event, _CLOSES)
            if opens and depth == 0:
                self.braces, self.column = bool(event.flow_style), event.start_mark.column
            elif isinstance(event, _ENDS) and event.explicit:
                self.end = event.start_mark.index
            elif closes and depth == 2:
                inside = False
            elif depth == 1 and not closes:
                if wants_key:
                    key = getattr(event, "value", "")
                elif key == "allow":
                    self._value(event)
                    inside = opens
                wants_key = not wants_key
            elif inside:
                self._item(event, depth, opens, closes)
            depth += opens - closes

    def _value(self, event: Any) -> None:
        self.opened = event.end_mark.index
        if isinstance(event, yaml.SequenceStartEvent):
            self.value = "brackets" if event.flow_style else "lines"
        else:
            self.value = "nothing" if event.start_mark.index == event.end_mark.index else "other"

    def _item(self, event: Any, depth: int, opens: bool, closes: bool) -> None:
        if depth == 2 and self.first < 0:
            self.first = event.start_mark.index
        written = self.text[event.start_mark.index : event.end_mark.index]
        if not opens and (not closes or written in ("]", "}")):  # a block's end lies behind what follows it
            self.last = event.end_mark.index

    def addition(self, items: Sequence[str]) -> tuple[int, str]:
        """Where to insert what."""
        if self.braces:
            raise UsageError("it is one mapping in braces: add the entry by hand")
        if self.value == "other":
            raise UsageError("its allow list is no list of its own: add the entry by hand")
        indent = " " * self.column
        if self.value == "absent":
            at, lead = self.end, f"{indent}  - "
            return at, self._line(at) + f"{indent}allow:{self.newline}" + self._lines(items, lead)
        if self.value == "brackets":
            if self.first < 0:
                return self.opened, ", ".join(items)
            return self.last, "".join(f", {item}" for item in items)
        at = self._next_line(self.opened if self.value == "nothing" else self.last)
        lead = f"{indent}  - " if self.value == "nothing" else self._lead()
        return at, self._line(at) + self._lines(items, lead)

    def _lead(self) -> str:
        """What stands before an item of the list."""
        dash = self.text.rfind("-", 0, self.first)
        if self.text[dash + 1 : self.first].strip():
            raise UsageError("its allow list begins in an unusual way: add the entry by hand")
        return " " * (dash - self.text.rfind("\n", 0, dash) - 1) + "- "

    def _lines(self, items: Sequence[str], lead: str) -> str:
        return "".join(f"{lead}{item}{self.newline}" for item in items)

    def _next_line(self, at: int) -> int:
        """Where the line after the one that holds ``at`` begins; ``at`` itself if it begins one."""
        if at and self.text[at - 1] == "\n":
            return at
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _line(self, at: int) -> str:
        """What ends the line before ``at``, if nothing does."""
        return self.newline if at and self.text[at - 1] != "\n" else ""
