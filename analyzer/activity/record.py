"""The silences of hosts, over consecutive batches.

Of every host the stretches of time are kept in which it went on sending: a silence longer than what they may
be apart is seen whole, to the nanosecond, at the cost of a few numbers for each. Where that would be too much
they may be farther apart: then a shorter silence is not seen, and none is ever made up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analyzer.activity.stretches import APART, COMPILED, HOST, STRETCH, Hosts, fresh, joined, of_rows, within
from analyzer.picking import Want
from analyzer.tables import Packets

LIMIT: Final = 1 << 19
"""Stretches kept of all hosts together, 56 bytes each."""
FARTHEST: Final = APART << 9
"""The most that stretches may ever be apart, ns, about an hour."""
ADDED: Final = 1 << 14
"""Stretches of batches that are joined with the others at a time, at least."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Silence:
    """A host sent nothing from after ``begin`` until ``end`` (ns); the frames are those of its two packets.

    ``frame_after`` is 0 where it sent nothing more: then ``end`` is the end of the capture.
    """

    begin: int
    end: int
    frame_before: int
    frame_after: int

    @property
    def length(self) -> int:
        """How long it lasted, ns."""
        return self.end - self.begin


class Activity:
    """The stretches of consecutive frames. ``end`` is the latest time seen, ns; ``apart`` is what stretches
    of a host are apart at least, ns, and ``held`` how many are kept."""

    def __init__(self, limit: int = LIMIT, *, compiled: bool = True) -> None:
        self.limit = limit
        self.apart = APART
        self.end = 0
        self.held = 0
        self._joined: Array = np.zeros(0, STRETCH)
        self._added: list[Array] = []
        self._hosts = Hosts() if compiled and COMPILED is not None else None
        self._told: tuple[int, tuple[Sequence[int], ...]] | None = None

    @staticmethod
    def wants(packets: Packets) -> Want:
        """The first and the last packet of each stretch."""
        kept = np.zeros(len(packets.columns["time"]), bool)
        for rows in within(packets):
            kept[rows] = True
        wanted = np.flatnonzero(kept)
        return Want(wanted, np.zeros(len(wanted), np.int64))

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        times = packets.columns["time"]
        if not len(times):
            return
        self.end = max(self.end, int(times.max()))
        self._told = None
        if self._hosts is not None:
            added = self._hosts.add(packets, self.apart)
        else:
            added = [of_rows(packets, *within(packets))]
        self._added += added
        self.held += sum(map(len, added))
        # Twice as many at least: so each is sorted a few times only, however many batches come.
        if self.held > min(2 * len(self._joined) + ADDED, 2 * self.limit):
            self._shrink()

    def _shrink(self) -> None:
        """Join what was added; by larger distances if there is too much."""
        while True:
            self._joined = joined(np.concatenate([self._joined, *self._added]), self.apart)
            self._added, self.held = [], len(self._joined)
            if self.held <= self.limit:
                return
            if self.apart >= FARTHEST:
                # More hosts than stretches: whole hosts go, of which nothing is said then.
                places = np.flatnonzero(fresh([self._joined[name] for name in HOST]))
                self._joined = self._joined[: places[places <= self.limit][-1]]
                self.held = len(self._joined)
                return
            self.apart *= 2

    def _settle(self) -> None:
        """Join all that was added."""
        if self._hosts:
            self._added.append(self._hosts.give())
        if self._added:
            self._shrink()

    def pauses(self, least: int) -> tuple[tuple[int, int], ...]:
        """When nobody at all sent anything for ``least`` ns or more: begin and end, in order of time."""
        self._settle()
        order = np.argsort(self._joined["begin"], kind="stable")
        begin, end = self._joined["begin"][order], np.maximum.accumulate(self._joined["end"][order])
        return tuple(
            (int(end[at]), int(begin[at + 1])) for at in np.flatnonzero(begin[1:] - end[:-1] >= least)
        )

    def silences(self, address: tuple[int, int, int], least: int) -> list[Silence]:
        """The silences of a host of ``least`` ns or more, in order; the last one may reach the end.

        Only those longer than ``apart`` are there.
        """
        if self._told is None or self._told[0] != least:
            self._settle()
            self._told = least, _silences(self._joined, least, self.end)
        version, hi, lo = address
        lows, highs, versions, *told = self._told[1]
        return [
            Silence(*(column[at] for column in told))
            for at in range(bisect_left(lows, lo), bisect_right(lows, lo))
            if (versions[at], highs[at]) == (version, hi)
        ]


def _silences(stretches: Array, least: int, end: int) -> tuple[Sequence[int], ...]:
    """The silences of ``least`` ns or more between joined ``stretches``, and from a host's last to ``end``.

    Their hosts as ``lo``, ``hi`` and ``version``, then as in :class:`Silence`, in columns."""
    last = np.append(fresh([stretches[name] for name in HOST])[1:], True)[: len(stretches)]
    until, after = (
        np.where(last, over, np.append(stretches[name][1:], over)[: len(stretches)])
        for name, over in (("begin", end), ("begin_frame", 0))
    )
    long = until - stretches["end"] >= least
    hosts = [stretches[name] for name in ("lo", "hi", "version")]
    columns = (*hosts, stretches["end"], until, stretches["end_frame"], after)
    return tuple(column[long].data for column in columns)
