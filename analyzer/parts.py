"""What was read of consecutive frames, in a form that travels, waits and merges.

A part is read anywhere: by another process, on another machine, an hour ago. Its frames count from 1. Parts
added in order give the flow table of the whole, and show watchers every packet that they want, as one reading
would have done::

    batches → read → Part → packed … unpacked → Merge.add

Merging uses a part up. Who needs it again keeps it packed.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from analyzer import decode, flowtable
from analyzer.capture.compression import zstd_module
from analyzer.flowtable import FlowTable
from analyzer.picking import Together, Watcher, shifted
from analyzer.tables import Batch, Packets

LEVEL: Final = 1
"""Of the compression: a fifth of the size in a tenth of the time that reading took."""

Pick = Callable[[Packets], Packets]
"""What to keep of a batch besides its flows; a function of a module, or a partial of one: it travels."""


class Source(Protocol):
    """A capture or a segment: what is known of its frames once they have been read."""

    @property
    def packets(self) -> int:
        """Frames."""

    @property
    def bytes(self) -> int:
        """Their bytes on the wire."""

    @property
    def first(self) -> int | None:
        """Earliest time, ns."""

    @property
    def last(self) -> int | None:
        """Latest time, ns."""

    @property
    def link_types(self) -> tuple[str, ...]:
        """Names of the interfaces' link types, in order of first appearance."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Capture filters that the file states."""


class Extent(NamedTuple):
    """How much was read. ``bytes`` are those of the frames on the wire.

    ``first`` and ``last`` are the earliest and the latest time, ns; None where no frame has any.
    """

    packets: int = 0
    bytes: int = 0
    first: int | None = None
    last: int | None = None
    link_types: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(slots=True)
class Part:
    """Consecutive frames of one capture, which count from 1; ``picked`` is what was kept of each batch."""

    table: FlowTable
    picked: tuple[Packets, ...]
    extent: Extent


def read(source: Source, batches: Iterable[Batch], engine: str, pick: Pick | None = None) -> Part:
    """The part that ``batches`` are, of a ``source`` that knows their extent once they are exhausted.

    ``engine`` is ``"fast"`` or ``"dpkt"``; parts of both do not merge with each other.
    """
    table = flowtable.new(reference=engine == "dpkt")
    frame, picked = 1, []
    for batch in batches:
        packets = decode.decode(batch, frame, engine)
        table.add(packets)
        if pick is not None:
            picked.append(pick(packets))
        frame += len(batch.frames["offset"])
    return Part(table, tuple(picked), extent_of(source))


def extent_of(source: Source) -> Extent:
    """How much was read of a source."""
    return Extent(source.packets, source.bytes, source.first, source.last, source.link_types, source.filters)


def together(extents: Sequence[Extent]) -> Extent:
    """The extent of parts that follow each other; the last one knows all link types and filters."""
    return Extent(
        sum(one.packets for one in extents),
        sum(one.bytes for one in extents),
        min((one.first for one in extents if one.first is not None), default=None),
        max((one.last for one in extents if one.last is not None), default=None),
        extents[-1].link_types if extents else (),
        extents[-1].filters if extents else (),
    )


def packed(part: Part) -> bytes:
    """The arrays of a part, compressed. Only for :func:`unpacked`, and only from whom one trusts."""
    data: bytes = zstd_module().compress(pickle.dumps(part, pickle.HIGHEST_PROTOCOL), LEVEL)
    return data


def unpacked(data: bytes) -> Part:
    """The part that :func:`packed` was given. Raises ``ValueError`` for bytes that end early."""
    zstd = zstd_module()
    try:
        part: Part = pickle.loads(zstd.decompress(data))
    except (zstd.ZstdError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"no part: {error}") from error
    return part


class Merge:
    """The sum of parts, added in frame order: ``table``, and ``frame``, the number of the next frame."""

    def __init__(self, engine: str, watchers: Sequence[Watcher] = (), frame: int = 1) -> None:
        self.table = flowtable.new(reference=engine == "dpkt")
        self.frame = frame
        self._watchers = Together(watchers)

    def watch(self, watchers: Sequence[Watcher]) -> None:
        """Show what comes to ``watchers`` from now on."""
        self._watchers = Together(watchers)

    def sift(self, packets: Packets) -> Packets:
        """A batch, whenever its turn comes, with all that it tells watchers by itself; in any thread."""
        return self._watchers.sift(packets)

    def extend(self, packets: Packets) -> None:
        """Add a batch that was decoded with the number of the next frame."""
        self.table.add(packets)
        self._watchers.add(packets)
        self.frame += len(packets.columns["frame"])

    def add(self, part: Part) -> None:
        """Add frames that begin right after the last one added. ``part`` is used up by that."""
        part.table.shift(self.frame - 1)
        self.table.merge(part.table)
        for picked in part.picked:
            self._watchers.add(shifted(picked, self.frame - 1))
        self.frame += part.extent.packets
