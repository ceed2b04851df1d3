"""What happens while a capture that still grows is checked."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.model.capture import CaptureInfo
from analyzer.model.finding import Finding


class FindingTold(NamedTuple):
    """A finding that later traffic will hardly change. Times are ns since 1970.

    ``time`` is how far the capture had come, ``since`` when the first flow of the finding began (None
    without one).
    """

    finding: Finding
    time: int
    since: int | None = None


class FindingWithdrawn(NamedTuple):
    """A finding that was told and holds no more; ``instead`` tells of the same flows now."""

    finding: Finding
    time: int
    instead: Finding | None = None


class CaptureLost(NamedTuple):
    """Packets that were written and could not be read: of which file, and what happened to it."""

    path: str
    detail: str
    time: int | None = None


class CaptureRead(NamedTuple):
    """A file that was read to its end."""

    info: CaptureInfo


News = FindingTold | FindingWithdrawn | CaptureLost | CaptureRead
