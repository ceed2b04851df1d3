"""The findings as cards: what, near miss, advice, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.model import Finding, RowResult, Severity, Source

FRAMES: Final = 24
"""Frame numbers that a card shows at once; the others open on demand."""
SOURCES: Final = 3
FLOWS: Final = 12


@dataclass(frozen=True, slots=True)
class Card:
    """A finding with the sheets that its rows cite; ``number`` counts from 1 through all severities."""

    number: int
    finding: Finding
    sources: list[Source]

    @property
    def frames(self) -> tuple[int, ...]:
        """The first frames of the evidence."""
        return self.finding.frames[:FRAMES]

    @property
    def more_frames(self) -> tuple[int, ...]:
        """The other frames of the evidence."""
        return self.finding.frames[FRAMES:]

    @property
    def flows(self) -> tuple[str, ...]:
        """The first flows of the finding."""
        return self.finding.flows[:FLOWS]


def cards(findings: Sequence[Finding], rows: Sequence[RowResult]) -> list[tuple[str, list[Card]]]:
    """The cards of each severity that occurs, the gravest first, numbered as the text report does."""
    sources = {result.row.id: result.row.source for result in rows}
    found: list[tuple[str, list[Card]]] = []
    count = 0
    for severity in Severity:
        held = []
        for finding in findings:
            if finding.severity is severity:
                count += 1
                cited = dict.fromkeys(sources[row] for row in finding.rows if row in sources)
                held.append(Card(count, finding, list(cited)[:SOURCES]))
        if held:
            found.append((severity.value, held))
    return found
