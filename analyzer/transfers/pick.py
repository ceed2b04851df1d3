"""The part of a batch that transfers need, as small batches: what a process hands over instead of packets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.tables import Packets
from analyzer.transfers import registry
from analyzer.transfers.carrier import FRAMES

Array = np.ndarray[Any, Any]
UDP_HEADER: Final = 8


class Picked(NamedTuple):
    """What the carriers keep of a batch. ``begin`` and ``end`` are its earliest and latest time, ns."""

    packets: int
    begin: int
    end: int
    parts: Mapping[str, Packets]
    """By carrier; left out where it keeps nothing."""

    def shifted(self, frames: int) -> Picked:
        """The same with frame numbers raised by ``frames``."""
        return self._replace(parts={name: _shifted(part, frames) for name, part in self.parts.items()})


def _shifted(part: Packets, frames: int) -> Packets:
    raised = {name: part.columns[name] + frames for name in FRAMES if name in part.columns}
    return part._replace(columns={**part.columns, **raised})


class Picker:
    """Picks consecutive batches of one capture, or of a ``later`` segment of one, for every carrier."""

    def __init__(self, later: bool = False) -> None:
        self._pickers = {name: carrier.picker(later) for name, carrier in registry.load().items()}

    def __call__(self, packets: Packets) -> Picked:
        """What the carriers keep of the next batch."""
        times = packets.columns["time"]
        if not len(times):
            return Picked(0, 0, 0, {})
        parts = {name: pick(packets) for name, pick in self._pickers.items()}
        kept = {name: part for name, part in parts.items() if len(part.columns["frame"])}
        return Picked(len(times), int(times.min()), int(times.max()), kept)


def cut_out(packets: Packets, kept: Array, rows: Array, needed: Array, before: int = 0) -> Packets:
    """The rows ``kept`` of a batch, sorted, with the payloads of ``rows`` among them.

    Of each payload the first ``needed`` bytes are copied, after the ``before`` bytes that precede it. Quotes
    are left out.
    """
    columns = packets.columns
    chosen = {name: array[kept] for name, array in columns.items()}
    places = np.searchsorted(kept, rows)
    held = np.minimum(columns["payload_captured"][rows], needed)
    sizes = held + before
    ends = np.cumsum(sizes)
    begins = ends - sizes
    total = int(ends[-1]) if len(ends) else 0
    octets = np.frombuffer(packets.buffer, np.uint8)
    # One index for all bytes: where each payload begins, less where its copy does, plus the copy's place.
    index = np.repeat(columns["payload"][rows] - before - begins, sizes) + np.arange(total)
    payload, captured = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
    payload[places], captured[places] = begins + before, held
    chosen["payload"], chosen["payload_captured"] = payload, captured
    quotes = {name: array[:0] for name, array in packets.quotes.items()}
    return Packets(chosen, quotes, octets[index].tobytes())


def with_quotes(part: Packets, packets: Packets, kept: Array, wanted: Array) -> Packets:
    """``part``, the rows ``kept`` of ``packets``, with those of its quotes that the mask ``wanted`` names."""
    quoted = {name: array[wanted] for name, array in packets.quotes.items()}
    quoted["row"] = np.searchsorted(kept, quoted["row"])
    return part._replace(quotes=quoted)
