"""The silences of hosts, over consecutive batches.

Of every host the stretches of time are kept in which it went on sending: a silence longer than what they may
be apart is seen whole, to the nanosecond, at the cost of a few numbers for each. Where that would be too much
they may be farther apart: then a shorter silence is not seen, and none is ever made up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analyzer.activity.stretches import APART, COMPILED, HOST, STRETCH, Hosts, fresh, joined, of_rows, within
from analyzer.kinds import among
from analyzer.picking import Want
from analyzer.tables import Packets

LIMIT: Final = 1 << 19
"""Stretches kept of all hosts together, 56 bytes each."""
FARTHEST: Final = APART << 9
"""The most that stretches may ever be apart, ns, about an hour."""
ADDED: Final = 1 << 14
"""Stretches of batches that are joined with the others at a time, at least."""

Array = np.ndarray[Any, Any]
Address = tuple[int, int, int]
"""``(version, hi, lo)`` as in the tables."""


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
            self._joined = joined(self._all(), self.apart)
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

    def _all(self) -> Array:
        """What is joined, and what was added since."""
        # They are of one type: asked what would suit all, numpy compares them pair by pair.
        return np.concatenate([self._joined, *self._added], dtype=STRETCH)

    def _gather(self) -> None:
        """Take what the hosts hold to what was added."""
        if self._hosts:
            self._added.append(self._hosts.give())
            self.held += len(self._added[-1])
        if self.held > self.limit:
            self._shrink()

    def pauses(self, least: int) -> tuple[tuple[int, int], ...]:
        """When nobody at all sent anything for ``least`` ns or more: begin and end, in order of time."""
        self._gather()
        if self._added:
            self._shrink()
        order = np.argsort(self._joined["begin"], kind="stable")
        begin, end = self._joined["begin"][order], np.maximum.accumulate(self._joined["end"][order])
        return tuple(
            (int(end[at]), int(begin[at + 1])) for at in np.flatnonzero(begin[1:] - end[:-1] >= least)
        )

    def silences(self, hosts: Collection[Address], least: int) -> dict[Address, list[Silence]]:
        """The silences of each of ``hosts`` of ``least`` ns or more, in order; the last may reach the end.

        Only those longer than ``apart`` are there.
        """
        self._gather()
        some = self._all()
        some = joined(some[among(some["lo"], np.array([lo for _, _, lo in hosts], np.uint64))], self.apart)
        last = np.append(fresh([some[name] for name in HOST])[1:], True)[: len(some)]
        until, after = (
            np.where(last, over, np.append(some[name][1:], over)[: len(some)])
            for name, over in (("begin", self.end), ("begin_frame", 0))
        )
        columns = (*(some[name] for name in HOST), some["end"], until, some["end_frame"], after)
        long = np.flatnonzero(until - some["end"] >= least)
        found: dict[Address, list[Silence]] = {host: [] for host in hosts}
        for version, hi, lo, *told in zip(*(column[long].tolist() for column in columns), strict=True):
            if (version, hi, lo) in found:
                found[version, hi, lo].append(Silence(*told))
        return found
