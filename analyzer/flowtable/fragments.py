"""Which flow an IP fragment without ports belongs to.

A fragment belongs to the flow of the latest first fragment of its datagram that precedes it, or,
where none precedes within ``FRAGMENT_FRAMES``, to the earliest one that follows within as many
frames (fragments arrive out of order; some stacks send the last one first). Identifications are
reused, hence "latest" and the limit, which also bounds the memory that a fragment flood can take.

Memory holds what a merge may still change: the fragments and first fragments of the first and of
the last ``FRAGMENT_FRAMES`` frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

FRAGMENT_FRAMES: Final = 65_536
"""How many frames may lie between the fragments of one datagram: many times what any host's
reassembly timer (RFC 1122 section 3.3.2: 60 to 120 s) sees on a site network, and little memory."""

Datagram = tuple[int, int, int, int, int, int, int]
"""version, source, destination (upper and lower halves), protocol, identification (RFC 791 section 2.3)."""


class First(NamedTuple):
    """A first fragment: its frame and the row of its flow."""

    frame: int
    row: int


@dataclass(slots=True)
class Later:
    """A fragment that no first fragment preceded; ``row`` is that of the one that followed, or -1."""

    frame: int
    datagram: Datagram
    row: int = -1


@dataclass(slots=True)
class Fragments:
    """The fragments of one flow table. ``give`` is told ``(row, count)`` whenever a row gains or loses."""

    give: Callable[[int, int], None]
    seen: int = 0
    begin: int = 0
    """First frame of the table."""
    leading: list[Later] = field(default_factory=list)
    """Near the begin: an earlier table might hold the first fragment of these."""
    early: dict[Datagram, First] = field(default_factory=dict)
    """Near the begin: the earliest first fragment of each datagram, for an earlier table's fragments."""
    recent: dict[Datagram, First] = field(default_factory=dict)
    """The latest first fragment of each datagram."""
    waiting: dict[Datagram, list[Later]] = field(default_factory=dict)
    """Fragments whose first fragment has not come yet."""
    swept: int = 0

    def first(self, frame: int, datagram: Datagram, row: int) -> None:
        """A first fragment of the flow ``row``."""
        self._resolve(datagram, First(frame, row))
        if frame - self.begin < FRAGMENT_FRAMES:
            self.early.setdefault(datagram, First(frame, row))
        self.recent[datagram] = First(frame, row)

    def later(self, frame: int, datagram: Datagram) -> None:
        """A fragment after the first."""
        self.seen += 1
        known = self.recent.get(datagram)
        if known is not None and frame - known.frame <= FRAGMENT_FRAMES:
            self.give(known.row, 1)
            return
        fragment = Later(frame, datagram)
        self.waiting.setdefault(datagram, []).append(fragment)
        if frame - self.begin < FRAGMENT_FRAMES:
            self.leading.append(fragment)

    def merge(self, later: Fragments, rows: list[int]) -> None:
        """Take in the fragments of the table that follows; ``rows`` maps its rows to ours.

        What ``later`` has given to its own rows is already counted in ours.
        """
        self.seen += later.seen
        self._lead(later.leading, rows)
        for datagram, first in later.early.items():
            ours = First(first.frame, rows[first.row])
            self._resolve(datagram, ours)
            if first.frame - self.begin < FRAGMENT_FRAMES:
                self.early.setdefault(datagram, ours)
        for datagram, first in later.recent.items():
            self.recent[datagram] = First(first.frame, rows[first.row])
        for datagram, fragments in later.waiting.items():
            still = [fragment for fragment in fragments if fragment.row < 0]
            if still:
                self.waiting.setdefault(datagram, []).extend(still)

    def shift(self, frames: int) -> None:
        """Count frames from ``frames`` later on."""
        self.begin += frames
        self.swept += frames
        # A fragment without its first one may stand in both lists: once is enough.
        some = [*self.leading, *(one for later in self.waiting.values() for one in later)]
        for fragment in {id(one): one for one in some}.values():
            fragment.frame += frames
        self.early = {key: First(first.frame + frames, first.row) for key, first in self.early.items()}
        self.recent = {key: First(first.frame + frames, first.row) for key, first in self.recent.items()}

    def sweep(self, frame: int) -> None:
        """Forget what ``frame``, the last one seen, and all that follow are too far from."""
        if frame - self.swept <= FRAGMENT_FRAMES:
            return
        self.swept = frame
        oldest = frame - FRAGMENT_FRAMES
        self.recent = {key: first for key, first in self.recent.items() if first.frame >= oldest}
        self.waiting = {
            key: [fragment for fragment in some if fragment.frame >= oldest]
            for key, some in self.waiting.items()
            if some[-1].frame >= oldest
        }

    def _lead(self, leading: list[Later], rows: list[int]) -> None:
        """Fragments that no first fragment preceded in their own table: perhaps one did in ours."""
        for fragment in leading:
            if fragment.row >= 0:
                fragment.row = rows[fragment.row]
            known = self.recent.get(fragment.datagram)
            if known is not None and fragment.frame - known.frame <= FRAGMENT_FRAMES:
                if fragment.row >= 0:
                    self.give(fragment.row, -1)
                fragment.row = known.row
                self.give(known.row, 1)
            elif fragment.frame - self.begin < FRAGMENT_FRAMES:
                self.leading.append(fragment)

    def _resolve(self, datagram: Datagram, first: First) -> None:
        for fragment in self.waiting.pop(datagram, ()):
            if first.frame - fragment.frame <= FRAGMENT_FRAMES:
                fragment.row = first.row
                self.give(first.row, 1)
