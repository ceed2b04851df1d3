"""The flow table as compact columns: numbers as differences, texts once, everything in one JSON value.

The script on the page draws it page by page; the first page and the groups are in the HTML itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from analyzer.model import Endpoint, Finding, FlowRecord, Verdict
from analyzer.report.digest import VERDICT_ORDER
from analyzer.report.html.markup import data
from analyzer.report.neutral import visible

HELD: Final = 120_000
"""Flows that the page holds of those that no sheet and no finding objects to: 15 MB of HTML are what a
browser on a site's laptop opens without complaint."""

JUDGED: Final = 60_000
"""And as many of those that one does: they come first where not all have room."""

FIRST: Final = 25
"""Flows whose rows are in the HTML itself, for a reader without the script."""

GROUPS: Final = 60
"""Groups of alike flows in the HTML, the gravest and largest first."""

KINDS: Final = 20_000
"""Groups that are told apart while counting."""

TEXTS: Final = 3_000_000
"""Characters of different texts that the columns hold; later ones are shortened."""

TEXT, SHORT = 300, 40
"""Characters of one text, before and after ``TEXTS`` is used up."""

_GRAVE: Final = frozenset({Verdict.UNEXPECTED, Verdict.DISPUTED})
_MICROSECOND: Final = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Flows that differ only in host and time."""

    verdict: str
    flows: int
    place: str
    service: str
    originator: str
    responder: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The section's values. ``left`` flows had no room; ``columns`` is the JSON value."""

    total: int
    left: int
    groups: list[Group]
    left_groups: int
    left_grouped: int
    first: list[FlowRecord]
    columns: Markup


class _Texts:
    """Different texts, each once, with its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.values: list[Any] = []

    def number(self, key: Any, value: Any) -> int:
        found = self.numbers.get(key)
        if found is None:
            found = self.numbers[key] = len(self.values)
            self.values.append(value)
        return found


class FlowTable:
    """Collects flows as they come; memory is bounded by ``HELD`` and ``JUDGED``, not by their number."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        named: defaultdict[str, list[int]] = defaultdict(list)
        for at, finding in enumerate(findings, 1):
            for flow in finding.flows:
                named[flow].append(at)
        self._findings = {flow: tuple(numbers) for flow, numbers in named.items()}
        self._quiet = self._grave = 0
        self.total = 0
        self._first: list[FlowRecord] = []
        self._columns: defaultdict[str, list[Any]] = defaultdict(list)
        self._texts: defaultdict[str, _Texts] = defaultdict(_Texts)
        self._room = TEXTS
        self._kinds: Counter[tuple[Any, ...]] = Counter()
        self._sources: dict[tuple[Any, ...], tuple[str, str]] = {}
        self._before = (0, 0)
        self._origin: int | None = None

    def add(self, record: FlowRecord) -> None:
        """Count one flow, and hold it where there is room."""
        self.total += 1
        self._group(record)
        findings = self._findings.get(record.id, ())
        if findings or record.verdict in _GRAVE:
            self._grave += 1
            if self._grave > JUDGED:
                return
        else:
            self._quiet += 1
            if self._quiet > HELD:
                return
        if len(self._first) < FIRST:
            self._first.append(record)
        self._hold(record, findings)

    def _text(self, table: str, value: str) -> int:
        texts = self._texts[table]
        found = texts.numbers.get(value)
        if found is not None:
            return found
        shown = visible(value, TEXT if self._room > 0 else SHORT)
        self._room -= len(shown)
        return texts.number(value, shown)

    def _end(self, end: Endpoint) -> int:
        texts = self._texts["end"]
        key = end.address, end.roles
        found = texts.numbers.get(key)
        if found is not None:
            return found
        roles = self._text("roles", "+".join(end.roles))
        return texts.number(key, [visible(end.address, TEXT), roles])

    def _hold(self, record: FlowRecord, findings: tuple[int, ...]) -> None:
        if self._origin is None:
            self._origin = record.first // _MICROSECOND
        first = record.first // _MICROSECOND - self._origin
        frame = record.frames[0]
        before = self._before
        self._before = first, frame
        column, word = self._columns, self._text
        number = record.id[1:]
        plain = record.id[:1] == "f" and number.isascii() and number.isdigit() and len(number) < 15
        column["id"].append(int(number) if plain else visible(record.id, TEXT))
        column["transport"].append(word("transport", record.transport))
        column["protocol"].append(word("protocol", record.protocol))
        column["service"].append(word("service", record.service))
        column["originator"].append(self._end(record.originator))
        column["originator_port"].append(-1 if record.originator.port is None else record.originator.port)
        column["responder"].append(self._end(record.responder))
        column["responder_port"].append(-1 if record.responder.port is None else record.responder.port)
        column["sent"].append(record.packets[0])
        column["received"].append(record.packets[1])
        column["bytes_sent"].append(record.bytes[0])
        column["bytes_received"].append(record.bytes[1])
        column["first"].append(first - before[0])
        column["lasted"].append((record.last - record.first) // _MICROSECOND)
        column["frame"].append(frame - before[1])
        column["frames"].append(record.frames[1] - frame)
        column["outcome"].append(word("outcome", record.outcome.value))
        column["verdict"].append(word("verdict", record.verdict.value if record.verdict else ""))
        column["basis"].append(word("basis", f"{record.confidence} ({record.basis})"))
        column["reason"].append(word("reason", record.reason))
        column["detail"].append(word("detail", record.detail))
        column["waived"].append(word("waived", record.waived))
        column["rows"].append(word("rows", " ".join(record.rows)))
        column["parent"].append(word("parent", record.parent or ""))
        column["flags"].append(word("flags", "/".join(record.flags).strip("/")))
        column["findings"].append(self._texts["findings"].number(findings, list(findings)))

    def _group(self, record: FlowRecord) -> None:
        port = "" if record.responder.port is None else f"/{record.responder.port}"
        key: tuple[Any, ...] = (
            record.verdict,
            f"{record.transport}{port}",
            record.service or record.protocol,
            record.originator.roles,
            record.responder.roles,
            record.outcome.value,
        )
        if key not in self._kinds and len(self._kinds) >= KINDS:
            key = (record.verdict, record.transport, "other flows", (), (), record.outcome.value)
        self._kinds[key] += 1
        ends = self._sources.get(key)
        here = (record.originator.address, record.responder.address)
        if ends is None:
            self._sources[key] = here
        elif ends != here:
            kept = tuple(one if one == other else "" for one, other in zip(ends, here, strict=True))
            self._sources[key] = (kept[0], kept[1])

    def drawn(self) -> Drawing:
        """The section's values."""
        order: dict[Verdict | None, int] = {verdict: at for at, verdict in enumerate(VERDICT_ORDER)}
        ranked = sorted(self._kinds.items(), key=lambda item: (order.get(item[0][0], 99), -item[1]))
        held = len(self._columns["id"])
        return Drawing(
            total=self.total,
            left=self.total - held,
            groups=[self._drawn_group(key, count) for key, count in ranked[:GROUPS]],
            left_groups=max(0, len(ranked) - GROUPS),
            left_grouped=sum(count for _, count in ranked[GROUPS:]),
            first=self._first,
            columns=data(
                {
                    "count": held,
                    "origin": self._origin or 0,
                    "texts": {name: texts.values for name, texts in self._texts.items()},
                    "columns": dict(self._columns),
                }
            ),
        )

    def _drawn_group(self, key: tuple[Any, ...], count: int) -> Group:
        verdict, place, service, originator, responder, outcome = key
        source, target = self._sources[key]
        return Group(
            verdict.value if verdict is not None else "",
            count,
            place,
            service,
            "+".join(originator) or source or "several hosts",
            "+".join(responder) or target or "several hosts",
            outcome,
        )
