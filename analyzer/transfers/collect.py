"""Shows the packets of a capture to every carrier, batch by batch, beside the flow table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from analyzer.kinds import distinct
from analyzer.late import Watching
from analyzer.observation import Ends, Observation, Setting
from analyzer.picking import NONE, Claim, Sift, Want
from analyzer.tables import Packets
from analyzer.transfers import registry
from analyzer.transfers.carrier import Circumstances, Draft, Gatherer


class Collector:
    """Transfers of consecutive frames. ``begin`` and ``end`` are the earliest and latest time seen, ns."""

    @staticmethod
    def wants(packets: Packets) -> Want:
        """What the carriers together need of a batch, see :mod:`analyzer.picking`."""
        wanted = [carrier.wants(packets) for carrier in registry.load().values()]
        most = np.full(len(packets.columns["frame"]), -1, np.int64)
        for want in wanted:
            np.maximum.at(most, want.rows, want.most)
        rows = np.flatnonzero(most >= 0)
        quotes = distinct(np.concatenate([NONE, *(want.quotes for want in wanted)]))
        return Want(rows, most[rows], quotes)

    def __init__(self) -> None:
        self.begin = self.end = 0
        self._watching = {name: Watching(carrier) for name, carrier in registry.load().items()}

    @property
    def gatherers(self) -> dict[str, Gatherer]:
        """By carrier, of those that something was there for."""
        return {name: one.made for name, one in self._watching.items() if one.made is not None}

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What the carriers together need sorted out of a batch."""
        return tuple(claim for one in self._watching.values() for claim in one.claims)

    @property
    def sifts(self) -> tuple[Sift, ...]:
        """What the carriers together need found of a batch."""
        return tuple(sift for one in self._watching.values() for sift in one.sifts)

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        times = packets.columns["time"]
        if not len(times):
            return
        first = int(times.min())
        self.begin = min(self.begin, first) if self.begin else first
        self.end = max(self.end, int(times.max()))
        for one in self._watching.values():
            one.add(packets)

    @property
    def dropped(self) -> int:
        """Requests for a file beyond what the carriers keep."""
        return sum(gatherer.dropped for gatherer in self.gatherers.values())

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers of every carrier."""
        for gatherer in self.gatherers.values():
            yield from gatherer.drafts(known)

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """Faults that no transfer tells of, of every carrier."""
        for gatherer in self.gatherers.values():
            yield from gatherer.observe(setting)

    def ends(self) -> Iterable[Ends]:
        """The ends of the flows of which they may still speak, those of transfers aside."""
        for gatherer in self.gatherers.values():
            yield from gatherer.ends()

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """As :meth:`Gatherer.forget`, of every carrier. Frame numbers tell their requests apart."""
        for gatherer in self.gatherers.values():
            gatherer.forget(kept, counted, before)
