"""A capture as it was read, and who is told how far reading has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

LONGEST_SILENCE: Final = 86_400 * 10**9
"""ns between two packets beyond which a clock was set rather than nothing sent."""


class Progress(Protocol):
    """Who is told how far reading has come."""

    def start(self, total: int | None) -> None:
        """``total`` bytes will be read; None where that is not known (a stream)."""

    def advance(self, count: int) -> None:
        """``count`` more bytes of input have been used."""

    def finish(self) -> None:
        """All input has been read."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What of a capture could not be read, over all damaged places of one kind.

    ``bytes`` are those passed over. ``first`` is the time of the last packet before the first place, ``last``
    that of the first packet behind the last place (None: there is none), both ns since 1970. ``silence`` is
    the time without packets, in ns, added up over the places; None where the clock does not tell.
    """

    bytes: int
    silence: int | None = 0
    first: int | None = None
    last: int | None = None

    def until(self, before: int | None, after: int) -> Lost:
        """The same, with packets going on at ``after`` behind a place that they came to at ``before``."""
        silence = self.silence
        if before is None or silence is None or not 0 <= after - before <= LONGEST_SILENCE:
            silence = None
        else:
            silence += after - before
        return replace(self, silence=silence, last=after)

    def span(self, many: bool) -> str:
        """When that was, to be put behind what was lost (in ``many`` places); empty where nobody can say."""
        if self.first is None or self.last is None:
            return "" if self.first is None else f", no packet after {_clock(self.first)} UTC"
        if self.silence is None:
            return f", between packets of {_clock(self.first)} and {_clock(self.last)} UTC"
        silent = f", {self.silence / 1e9:.3f} s without packets"
        return f"{silent}{' in all' if many else ''}, {_clock(self.first)} to {_clock(self.last)} UTC"

    def __add__(self, later: Lost) -> Lost:
        """What was lost, and what was lost further on."""
        silent = self.silence is not None and later.silence is not None
        silence = (self.silence or 0) + (later.silence or 0) if silent else None
        return Lost(self.bytes + later.bytes, silence, self.first, later.last)


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
    lost: Lost | None = None
    """What could not be read because of it, where that is known; ``count`` are places then."""

    @property
    def told(self) -> str:
        """``detail`` for a reader, with what it cost where that is known (``count`` is told then)."""
        if self.lost is None or not self.lost.bytes:
            return self.detail
        many = self.count > 1
        where = f" in {_grouped(self.count)} places" if many else ""
        cost = f"{_grouped(self.lost.bytes)} bytes{where} could not be read{self.lost.span(many)}"
        return f"{cost}; {'the first: ' if many else ''}{self.detail}"

    def with_more(self, other: Problem) -> Problem:
        """The same, met again as ``other``."""
        lost = self.lost + other.lost if self.lost and other.lost else self.lost or other.lost
        return replace(self, count=self.count + other.count, lost=lost)


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


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _clock(nanoseconds: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=nanoseconds // 10**9)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
