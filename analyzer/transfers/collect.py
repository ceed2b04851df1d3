"""Shows the packets of a capture to every carrier, batch by batch, beside the flow table.

A batch is picked first, by the process that decoded it, and what was picked is gathered in order: a capture
that is read in segments takes the same way as one that is read in one go.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.tables import Packets
from analyzer.transfers import registry
from analyzer.transfers.carrier import Circumstances, Draft, Trouble
from analyzer.transfers.pick import Picked, Picker


class Collector:
    """Transfers of consecutive frames. ``begin`` and ``end`` are the earliest and latest time seen, ns."""

    def __init__(self) -> None:
        self.begin = self.end = 0
        self.gatherers = {name: carrier.gatherer() for name, carrier in registry.load().items()}
        self._picker = Picker()

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        self.take(self._picker(packets))

    def take(self, picked: Picked) -> None:
        """Add what was picked of such a batch."""
        if not picked.packets:
            return
        self.begin = min(self.begin, picked.begin) if self.begin else picked.begin
        self.end = max(self.end, picked.end)
        for name, part in picked.parts.items():
            self.gatherers[name].add(part)

    def begin_capture(self) -> None:
        """The next batch is the first of another capture."""
        self._picker = Picker()

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers of every carrier."""
        for gatherer in self.gatherers.values():
            yield from gatherer.drafts(known)

    def troubles(self, known: Circumstances) -> Iterable[Trouble]:
        """Faults that no transfer tells of, of every carrier."""
        for gatherer in self.gatherers.values():
            yield from gatherer.troubles(known)
