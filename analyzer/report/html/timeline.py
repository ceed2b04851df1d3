"""When what happened: one lane a kind of flow, and transfers one by one, over the time of the captures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from analyzer.model import CaptureInfo, FlowRecord, Outcome, Transfer, TransferOutcome, Verdict
from analyzer.report.html.progress import SIGNS
from analyzer.report.layout import duration

BINS: Final = 160
"""Columns of a lane: as many as a reader can tell apart on a laptop."""

SHOWN: Final = 16
"""Lanes that are drawn: those with the most failing flows, then the most flows; the rest is one lane."""

KINDS: Final = 400
"""Kinds of flow that are told apart. A port scan has tens of thousands, which nobody reads."""

BARS: Final = 40
"""Transfers that are drawn one by one, the failed ones first."""

HEIGHT: Final = 20
"""Units of a lane's drawing: answered flows above the middle, failing ones below it."""

TICKS: Final = 5
BACKGROUND: Final = ("The network's own background", "ARP, DNS and the like")
_BAD: Final = frozenset({Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED})


@dataclass(slots=True)
class _Kind:
    """Flows of one kind while they are counted: differences of how many are alive, by bin."""

    flows: int = 0
    bad: int = 0
    first: int = 0
    last: int = 0
    good_steps: list[int] = field(default_factory=lambda: [0] * (BINS + 1))
    bad_steps: list[int] = field(default_factory=lambda: [0] * (BINS + 1))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A rectangle of a lane, in bins from the left and units from the top."""

    x: int
    width: int
    y: float
    height: float
    bad: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A kind of flow over time. Times are offsets from the beginning, ns."""

    label: str
    between: str
    flows: int
    bad: int
    first: int
    last: int
    strokes: list[Stroke]


@dataclass(frozen=True, slots=True)
class Span:
    """A transfer over time, in thousandths of the whole."""

    transfer: Transfer
    sign: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The section's values; without lanes there is nothing to draw."""

    start: int
    length: int
    lanes: list[Lane]
    spans: list[Span]
    left_spans: int
    ticks: list[str]
    bins: int = BINS
    height: int = HEIGHT


class Timeline:
    """Counts flows as they come, in memory that does not grow with their number."""

    def __init__(self, captures: Sequence[CaptureInfo]) -> None:
        starts = [info.first for info in captures if info.first is not None]
        ends = [info.last for info in captures if info.last is not None]
        self.start = min(starts, default=0)
        self.length = max(1, max(ends, default=0) - self.start)
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def _bin(self, time: int) -> int:
        return min(BINS - 1, max(0, (time - self.start) * BINS // self.length))

    def add(self, record: FlowRecord) -> None:
        """Count one flow."""
        key = (_label(record), f"{_who(record.originator.roles)} \u2192 {_who(record.responder.roles)}")
        if record.verdict is Verdict.INFRASTRUCTURE:
            key = BACKGROUND
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= KINDS:
                key = ("other flows", "")
            kind = self._kinds.setdefault(key, _Kind(first=record.first, last=record.last))
        kind.flows += 1
        kind.first, kind.last = min(kind.first, record.first), max(kind.last, record.last)
        bad = record.outcome in _BAD
        kind.bad += bad
        steps = kind.bad_steps if bad else kind.good_steps
        steps[self._bin(record.first)] += 1
        steps[self._bin(record.last) + 1] -= 1

    def drawn(self, transfers: Sequence[Transfer]) -> Drawing:
        """The lanes, those with failing flows first, then by when they began; and the transfers."""
        ranked = sorted(self._kinds.items(), key=lambda item: (-item[1].bad, -item[1].flows))
        shown = sorted(
            ranked[:SHOWN], key=lambda item: (item[0] == BACKGROUND, not item[1].bad, item[1].first)
        )
        lanes = [self._lane(*key, kind) for key, kind in shown]
        if len(ranked) > SHOWN:
            rest = _Kind(first=ranked[SHOWN][1].first)
            for _, kind in ranked[SHOWN:]:
                _join(rest, kind)
            lanes.append(self._lane(f"{len(ranked) - SHOWN} other kinds", "", rest))
        gravest = sorted(transfers, key=lambda entry: entry.outcome is not TransferOutcome.FAILED)
        held = sorted(gravest[:BARS], key=lambda entry: entry.first)
        return Drawing(
            start=self.start,
            length=self.length,
            lanes=lanes,
            spans=[self._span(entry) for entry in held],
            left_spans=len(transfers) - len(held),
            ticks=[duration(self.length * at // (TICKS - 1)) for at in range(TICKS)],
        )

    def _lane(self, label: str, between: str, kind: _Kind) -> Lane:
        good = list(accumulate(kind.good_steps[:BINS]))
        bad = list(accumulate(kind.bad_steps[:BINS]))
        most = max(1, *good, *bad)
        strokes = _strokes(good, most, bad=False) + _strokes(bad, most, bad=True)
        return Lane(
            label, between, kind.flows, kind.bad, kind.first - self.start, kind.last - self.start, strokes
        )

    def _span(self, entry: Transfer) -> Span:
        x = min(995, max(0, (entry.first - self.start) * 1000 // self.length))
        end = min(1000, max(0, (entry.last - self.start) * 1000 // self.length))
        return Span(entry, SIGNS[entry.outcome], x, max(5, end - x))


def _strokes(alive: Sequence[int], most: int, *, bad: bool) -> list[Stroke]:
    """Bins of the same height are one rectangle; above the middle, or below it for failing flows."""
    middle = HEIGHT / 2
    found: list[Stroke] = []
    at = 0
    while at < BINS:
        end = at + 1
        while end < BINS and alive[end] == alive[at]:
            end += 1
        if alive[at]:
            height = round(2 + (middle - 2) * alive[at] / most, 1)
            found.append(Stroke(at, end - at, middle if bad else middle - height, height, bad))
        at = end
    return found


def _join(into: _Kind, kind: _Kind) -> None:
    into.flows += kind.flows
    into.bad += kind.bad
    into.first, into.last = min(into.first, kind.first), max(into.last, kind.last)
    for at in range(BINS + 1):
        into.good_steps[at] += kind.good_steps[at]
        into.bad_steps[at] += kind.bad_steps[at]


def _label(record: FlowRecord) -> str:
    """What a lane is called; the port only where nothing better is known, for answers come from any port."""
    if record.service:
        return record.service
    if record.protocol and record.protocol != "unknown":
        return record.protocol
    port = record.responder.port
    return record.transport if port is None else f"{record.transport}/{port}"


def _who(roles: tuple[str, ...]) -> str:
    return "+".join(roles) or "others"
