"""The page of ``diff``: what became of the faults, then every other change."""

from __future__ import annotations

from typing import IO, Final

from analyzer.model import Diff, Turn
from analyzer.report import changes
from analyzer.report.html import markup

SHOWN: Final = 500
"""Entries of a section on the page; JSON holds all."""


def write(diff: Diff, stream: IO[str]) -> None:
    """Write ``diff`` to ``stream``."""
    level = "neutral"
    if diff.count(Turn.NEW):
        level = "bad"
    elif diff.count(Turn.FIXED):
        level = "good"
    markup.write(
        "changes.html",
        stream,
        report=diff,
        level=level,
        headline=changes.headline(diff),
        sides=changes.sides(diff),
        sections=changes.sections(diff),
        closing=list(changes.closing(diff)),
        shown=SHOWN,
    )
