"""Transfers and update attempts: how far each came, and where it stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.model import Attempt, Transfer, TransferOutcome

SHOWN: Final = 300
"""Transfers, and attempts, shown one by one; a campaign of more is counted, and JSON holds each."""

CARDS: Final = 12
"""Transfers with a card each, those that did not complete; where there are more, the rest is a table."""

OPEN: Final = 20
"""Update attempts that are shown at once, those that did not succeed first; the others are folded."""

WIDTH: Final = 1000
"""Units of a progress bar's drawing, stretched to whatever width it gets."""

SIGNS: Final = {
    TransferOutcome.COMPLETE: "\u2713",
    TransferOutcome.FAILED: "!",
    TransferOutcome.IN_PROGRESS: "~",
    TransferOutcome.UNKNOWN: "?",
}
EVENT_SIGNS: Final = {"complete": "\u2713", "came-back": "\u2713", "failed": "!", "never-came-back": "!"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A transfer and its progress. ``reached`` is of ``WIDTH``; None where the whole is not known."""

    transfer: Transfer
    sign: str
    reached: int | None

    @property
    def percent(self) -> str:
        """How far, in words; empty where the whole is not known."""
        return "" if self.reached is None else f"{self.reached * 100 // WIDTH} %"


@dataclass(frozen=True, slots=True)
class Progress:
    """Every transfer that is shown, large as a card or as a line, the failed ones first, and how many there
    are of each outcome."""

    cards: list[Bar]
    lines: list[Bar]
    left_bars: int
    outcomes: list[tuple[str, int]]
    causes: list[tuple[str, int]]
    open_attempts: list[Attempt]
    folded_attempts: list[Attempt]
    left_attempts: int
    gateways: list[tuple[str, int, int]]
    """Gateway, attempts that succeeded, attempts in all; for gateways with more than one."""
    event_signs: dict[str, str]
    width: int = WIDTH


def _reached(transfer: Transfer) -> int | None:
    if transfer.outcome is TransferOutcome.COMPLETE:
        return WIDTH
    if transfer.expected_bytes:
        return min(WIDTH, max(0, transfer.bytes * WIDTH // transfer.expected_bytes))
    return None if transfer.bytes else 0


def view(transfers: Sequence[Transfer], attempts: Sequence[Attempt]) -> Progress:
    """The section's values."""
    ranked = sorted(transfers, key=lambda entry: list(_ORDER).index(entry.outcome))
    bars = [Bar(entry, SIGNS[entry.outcome], _reached(entry)) for entry in ranked[:SHOWN]]
    asking = sum(entry.outcome is not TransferOutcome.COMPLETE for entry in ranked[:SHOWN])
    large = len(bars) if len(bars) <= CARDS else min(asking, CARDS)
    outcomes = Counter(entry.outcome for entry in transfers)
    causes = Counter(entry.cause.value for entry in transfers if entry.cause is not None)
    ordered = sorted(attempts, key=lambda entry: entry.outcome == "succeeded")[:SHOWN]
    tally: dict[str, Counter[str]] = {}
    for attempt in attempts:
        tally.setdefault(attempt.gateway, Counter())[attempt.outcome] += 1
    return Progress(
        cards=bars[:large],
        lines=bars[large:],
        left_bars=max(0, len(ranked) - SHOWN),
        outcomes=[(outcome.value, outcomes[outcome]) for outcome in _ORDER if outcomes[outcome]],
        causes=causes.most_common(),
        open_attempts=ordered[:OPEN],
        folded_attempts=ordered[OPEN:],
        left_attempts=max(0, len(attempts) - SHOWN),
        gateways=[
            (gateway, counts["succeeded"], counts.total())
            for gateway, counts in tally.items()
            if counts.total() > 1
        ],
        event_signs=dict(EVENT_SIGNS),
    )


_ORDER: Final = (
    TransferOutcome.FAILED,
    TransferOutcome.UNKNOWN,
    TransferOutcome.IN_PROGRESS,
    TransferOutcome.COMPLETE,
)
