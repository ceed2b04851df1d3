"""A report as comparing sees it: findings, rows, and who talks to whom.

It is read from the report's JSON document, saved or fresh, so that both kinds of side pass the same way.
A document may come from anywhere: every value is checked before it is used.
"""

from __future__ import annotations

import datetime
import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple, TypeVar

from analyzer.model import (
    GRAVITY,
    SPOKEN,
    Fault,
    FindingKind,
    Outcome,
    Severity,
    Side,
    Status,
    Traffic,
    Verdict,
)

SCHEMA: Final = "portmatrix.report/1"
BACKGROUND: Final = frozenset({Verdict.INFRASTRUCTURE, Verdict.OUT_OF_SCOPE})
BEST: Final = (Outcome.ANSWERED, Outcome.ONE_WAY, Outcome.UNANSWERED, Outcome.REFUSED, Outcome.BLOCKED)
"""Of several flows the best outcome speaks: what worked once can work. What fails beside it is a finding."""

E = TypeVar("E", bound=enum.StrEnum)


class Relation(NamedTuple):
    """Two addresses, and the port on which the second was addressed (None without ports)."""

    originator: str
    responder: str
    transport: str
    port: int | None


@dataclass
class Talk:
    """All flows of one relation."""

    originator: str
    """Roles joined by ``+``; the address where none is known."""
    responder: str
    service: str
    traffic: Traffic


@dataclass(frozen=True)
class Row:
    """A row's status on one side."""

    service: str
    status: Status
    reason: str


@dataclass(frozen=True)
class Found:
    """A finding with the relations of its flows."""

    fault: Fault
    relations: frozenset[Relation]
    labels: frozenset[tuple[str, str, str, int | None]]
    """Relations by role: the same where only addresses changed."""


@dataclass
class View:
    """One side. ``talkers`` are addresses that sent anything, ``seconds`` the captured time."""

    side: Side
    findings: dict[str, Found] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    relations: dict[Relation, Talk] = field(default_factory=dict)
    talkers: frozenset[str] = frozenset()
    versions: frozenset[tuple[str, str]] = frozenset()
    """Roles and versions of the hosts."""

    @property
    def seconds(self) -> float:
        """The captured time."""
        return self.side.duration / 1e9


def read(
    document: Mapping[str, Any], source: str, form: Literal["capture", "report"], version: str = ""
) -> View:
    """The view of a report's JSON document. Raises ``ValueError`` that names the place of what is wrong."""
    schema = document.get("schema")
    if schema != SCHEMA:
        said = f"its schema is {str(schema)[:60]!r}" if schema is not None else "it has no schema"
        raise ValueError(f"not a report of 'check': {said}, not {SCHEMA!r}")
    captures = _entries(document, "captures")
    site = _mapping(document, "site", "")
    times = [
        (_text(one, "first", f"captures[{at}]"), _text(one, "last", f"captures[{at}]"))
        for at, one in enumerate(captures)
        if one.get("first") is not None
    ]
    first = min((one for one, _ in times), default=None)
    last = max((other for _, other in times), default=None)
    duration = _moment(last, "last") - _moment(first, "first") if first and last else 0
    view = View(
        Side(
            source=source,
            form=form,
            version=version or str(_mapping(document, "tool", "").get("version", "")),
            site=_text(site, "name", "site"),
            compliant=False,
            captures=tuple(_text(one, "path", f"captures[{at}]") for at, one in enumerate(captures)),
            packets=sum(_count(one, "packets", f"captures[{at}]") for at, one in enumerate(captures)),
            first=first,
            last=last,
            duration=max(duration, 0),
        )
    )
    _rows(view, document)
    flows = _flows(view, document)
    _findings(view, document, flows)
    view.versions = frozenset(
        (role, str(host.get("version") or ""))
        for host in _entries(site, "hosts", "site.")
        for role in _words(host, "roles", "site.hosts")
    )
    severities = [found.fault.severity for found in view.findings.values()]
    counts = {severity.value: severities.count(severity) for severity in Severity}
    view.side = replace(view.side, compliant=not counts[Severity.VIOLATION], findings=counts)
    return view


def _rows(view: View, document: Mapping[str, Any]) -> None:
    for at, entry in enumerate(_entries(document, "rows")):
        where = f"rows[{at}]"
        view.rows[_text(entry, "id", where)] = Row(
            _text(entry, "service", where),
            _word(Status, entry, "status", where),
            str(entry.get("reason") or ""),
        )


def _flows(view: View, document: Mapping[str, Any]) -> dict[str, Relation]:
    """Fill relations and talkers; each flow's relation by its id, a leg's being that of its parent."""
    relations: dict[str, Relation] = {}
    gathered: dict[Relation, list[tuple[Verdict | None, Outcome, int, int]]] = defaultdict(list)
    talkers: set[str] = set()
    legs: list[tuple[str, str]] = []
    for at, entry in enumerate(_entries(document, "flows")):
        where = f"flows[{at}]"
        ends = [_mapping(entry, end, where) for end in ("originator", "responder")]
        addresses = [_text(end, "address", where) for end in ends]
        packets, octets = _pair(entry, "packets", where), _pair(entry, "bytes", where)
        talkers.update(address for address, count in zip(addresses, packets, strict=True) if count)
        name = _text(entry, "id", where)
        parent = entry.get("parent")
        if isinstance(parent, str):
            legs.append((name, parent))
            continue
        labels = ["+".join(sorted(_words(end, "roles", where))) for end in ends]
        ports = [end.get("port") for end in ends]
        if any(port is not None and type(port) is not int for port in ports):
            raise ValueError(f"{where}: a port is no number")
        if _mapping(entry, "direction", where).get("confidence") == "guess" and addresses[0] > addresses[1]:
            # Who opened it is a guess that may fall the other way next time.
            addresses, labels, ports = addresses[::-1], labels[::-1], ports[::-1]
        relation = Relation(addresses[0], addresses[1], _text(entry, "transport", where), _port(entry, ports))
        relations[name] = relation
        verdict = None if entry.get("verdict") is None else _word(Verdict, entry, "verdict", where)
        outcome = _word(Outcome, entry, "outcome", where)
        gathered[relation].append((verdict, outcome, sum(packets), sum(octets)))
        if relation not in view.relations:
            service = str(entry.get("service") or entry.get("protocol") or "")
            names = [label or address for label, address in zip(labels, addresses, strict=True)]
            view.relations[relation] = Talk(names[0], names[1], service, _NOTHING)
    verdicts = {verdict for flows in gathered.values() for verdict, *_ in flows}
    view.side = replace(view.side, judged=not SPOKEN.isdisjoint(verdicts))
    for relation, flows in gathered.items():
        view.relations[relation].traffic = _traffic(flows, view.seconds)
    for name, parent in legs:
        if parent in relations:
            relations[name] = relations[parent]
    view.talkers = frozenset(talkers)
    return relations


_NOTHING: Final = Traffic(None, Outcome.ONE_WAY, 0, 0, 0)


def _port(entry: Mapping[str, Any], ports: Sequence[int | None]) -> int | None:
    """The port that was addressed; where the direction is a guess, the lower one of the two."""
    if entry["direction"].get("confidence") == "guess" and None not in ports:
        return min(port for port in ports if port is not None)
    return ports[1]


def _traffic(flows: Sequence[tuple[Verdict | None, Outcome, int, int]], seconds: float) -> Traffic:
    verdicts = {verdict for verdict, _, _, _ in flows if verdict is not None}
    octets = sum(flow[3] for flow in flows)
    return Traffic(
        verdict=min(verdicts, key=GRAVITY.index, default=None),
        outcome=min((outcome for _, outcome, _, _ in flows), key=BEST.index),
        flows=len(flows),
        packets=sum(flow[2] for flow in flows),
        bytes=octets,
        rate=octets / seconds if seconds > 0 else 0.0,
    )


def _findings(view: View, document: Mapping[str, Any], flows: Mapping[str, Relation]) -> None:
    for at, entry in enumerate(_entries(document, "findings")):
        where = f"findings[{at}]"
        named = _words(entry, "flows", where)
        relations = frozenset(flows[flow] for flow in named if flow in flows)
        fault = Fault(
            id=_text(entry, "id", where),
            kind=_word(FindingKind, entry, "kind", where),
            severity=_word(Severity, entry, "severity", where),
            title=_text(entry, "title", where),
            detail=str(entry.get("detail") or ""),
            advice=str(entry.get("advice") or ""),
            waived=str(entry.get("waived") or ""),
            flows=len(named),
            rows=tuple(_words(entry, "rows", where)),
        )
        talks = ((view.relations[relation], relation) for relation in relations)
        labels = frozenset((t.originator, t.responder, r.transport, r.port) for t, r in talks)
        view.findings[fault.id] = Found(fault, relations, labels)


# ---------------------------------------------------------------- values


def _entries(document: Mapping[str, Any], key: str, where: str = "") -> list[Mapping[str, Any]]:
    value = document.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ValueError(f"{where}{key}: is no list of objects")
    return value


def _mapping(entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = entry.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"{where}{'.' if where else ''}{key}: is no object")
    return value


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{where}.{key}: is no text")
    return value


def _count(entry: Mapping[str, Any], key: str, where: str) -> int:
    value = entry.get(key)
    if type(value) is not int or value < 0:
        raise ValueError(f"{where}.{key}: is no count")
    return value


def _pair(entry: Mapping[str, Any], key: str, where: str) -> tuple[int, int]:
    value = entry.get(key)
    pair = value if isinstance(value, list) and len(value) == 2 else (-1, -1)
    if any(type(one) is not int or one < 0 for one in pair):
        raise ValueError(f"{where}.{key}: is no pair of counts")
    return pair[0], pair[1]


def _words(entry: Mapping[str, Any], key: str, where: str) -> list[str]:
    value = entry.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{where}.{key}: is no list of words")
    return value


def _word(words: type[E], entry: Mapping[str, Any], key: str, where: str) -> E:
    value = entry.get(key)
    try:
        return words(str(value))
    except ValueError:
        raise ValueError(f"{where}.{key}: {str(value)[:40]!r} is none of {', '.join(words)}") from None


def _moment(written: str, where: str) -> int:
    """Nanoseconds since 1970 of a report's time stamp."""
    seconds, _, fraction = written.removesuffix("Z").partition(".")
    try:
        whole = datetime.datetime.fromisoformat(seconds) - datetime.datetime(1970, 1, 1)
        return (whole.days * 86_400 + whole.seconds) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)
    except (ValueError, TypeError):
        raise ValueError(f"captures.{where}: {written[:40]!r} is no time") from None
