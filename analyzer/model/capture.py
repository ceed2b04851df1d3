"""A capture as it was read, and who is told how far reading has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Progress(Protocol):
    """Who is told how far reading has come."""

    def start(self, total: int | None) -> None:
        """``total`` bytes will be read; None where that is not known (a stream)."""

    def advance(self, count: int) -> None:
        """``count`` more bytes of input have been used."""

    def finish(self) -> None:
        """All input has been read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a capture that could not be used, counted instead of lost in silence.

    ``code`` is a short stable word (``truncated-file``, ``bad-block-length``, ``link-type`` …),
    ``frame`` the first frame it touches (0: none), ``count`` how many frames.
    """

    code: str
    detail: str
    frame: int = 0
    count: int = 1
    damage: bool = True
    """True for damage of the file (a ``capture-problem`` finding); False for frames that simply
    hold nothing for us (a link type without IP, 802.11 management), which are only counted."""


@dataclass(frozen=True, slots=True)
class CaptureInfo:
    """One capture file as it was read. Times are ns since 1970; None without packets."""

    path: str
    sha256: str
    format: str
    link_types: tuple[str, ...]
    packets: int
    bytes: int
    first: int | None
    last: int | None
    first_frame: int
    problems: tuple[Problem, ...]
    filters: tuple[str, ...] = ()
    """Capture filters that the file states (pcapng); a stranger's text."""
    files: int = 1
    """Files that it tells of: several where a ring was followed for days. ``path`` names the first and the
    last of them, and so does ``ends``."""
    ends: tuple[str, str] | None = None
