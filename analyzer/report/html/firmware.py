"""The page of ``firmware``: what failed, what to do, each transfer and attempt, and where it comes from."""

from __future__ import annotations

from typing import IO, Final

from analyzer.model import FirmwareReport
from analyzer.report import ladder
from analyzer.report.html import findings, markup, progress

FIRST: Final = 3
"""Things to do that the first screen names, as in a report of ``check``."""

_LEVELS: Final = {"red": "bad", "green": "good", "yellow": "care"}


def write(report: FirmwareReport, stream: IO[str]) -> None:
    """Write ``report`` to ``stream``."""
    words, said, colour = ladder.headline(report)
    markup.write(
        "firmware.html",
        stream,
        report=report,
        level=_LEVELS[colour] if report.transfers else "neutral",
        words=words,
        said=said,
        todo=_todo(report)[:FIRST],
        never=[attempt.node for attempt in report.attempts if attempt.outcome == "update-failed"],
        findings=findings.cards(report.findings, ()),
        progress=progress.view(report.transfers, report.attempts),
        anchors={},
        editions=[],
        rulesets=(),
        limits=[],
    )


def _todo(report: FirmwareReport) -> list[tuple[str, str, str]]:
    """Title, advice, and the anchor to read on: from the findings, else one for each cause."""
    if report.findings:
        return [(entry.title, entry.advice, f"finding-{entry.id}") for entry in report.findings]
    advices: dict[tuple[str, str], str] = {}
    for entry in report.transfers:
        if entry.advice:
            advices.setdefault((str(entry.cause), entry.advice), f"transfer-{entry.id}")
    return [(cause, advice, anchor) for (cause, advice), anchor in advices.items()]
