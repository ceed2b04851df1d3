"""The packets of a batch that are needed one by one, as a small batch: what a process hands over.

Whoever watches packets beside the flow table (transfers, observations) says with a :data:`Wants` which of a
batch it needs, and how much of their payloads. Its watcher takes a whole batch and a picked one alike.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from analyzer.picking.claims import Claim, rows_of, sorted_out
from analyzer.picking.sifts import Sift, sifted
from analyzer.tables import UDP, Batch, Packets

UDP_HEADER: Final = 8
"""Bytes kept before the payload of a datagram: its header tells the length of one in fragments."""

Array = np.ndarray[Any, Any]
NONE: Final[Array] = np.zeros(0, np.int64)


class Want(NamedTuple):
    """Rows of a batch, increasing, and the bytes of payload needed of each; places in its QUOTES table."""

    rows: Array
    most: Array
    quotes: Array = NONE


Wants = Callable[[Packets], Want]
"""Of a function of a module or a static method: it travels to other processes."""


class Watcher(Protocol):
    """Takes consecutive batches, in frame order. ``wants`` says which packets it looks at.

    One that has ``claims`` asks for the rows of those (:func:`rows_of`), one that has ``sifts`` for what
    those give (:func:`sifted`).
    """

    @property
    def wants(self) -> Wants:
        """What ``add`` needs of a batch."""

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added."""


class Together:
    """Watchers of the same batches. Each is sorted once, for all the claims that they have."""

    def __init__(self, watchers: Iterable[Watcher]) -> None:
        self._watchers = tuple(watchers)
        self._claims = tuple(claim for one in self._watchers for claim in getattr(one, "claims", ()))
        self._sifts: tuple[Sift, ...] = tuple(
            dict.fromkeys(sift for one in self._watchers for sift in getattr(one, "sifts", ()))
        )
        self._asked: frozenset[object] = frozenset((*self._claims, *self._sifts))

    def sift(self, packets: Packets) -> Packets:
        """The same batch with all that it tells by itself. Any thread may ask, of any batch."""
        packets = sorted_out(packets, self._claims)
        found: dict[object, Any] = {sift: sift(packets) for sift in self._sifts}
        return packets._replace(claimed={**packets.claimed, **found}) if found else packets

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, sifted or not."""
        if not packets.claimed.keys() >= self._asked:
            packets = self.sift(packets)
        for watcher in self._watchers:
            watcher.add(packets)


class FrameWatcher(Protocol):
    """Takes consecutive batches with the frames that they were decoded from."""

    def add(self, batch: Batch, packets: Packets) -> None:
        """Add a batch and what became of it, row for row."""


def pick(packets: Packets, wants: Iterable[Wants]) -> Packets:
    """The packets that ``wants`` name together, with no more of their bytes than they need.

    The first and the last moment of the batch stay in it, for how long it lasted matters too.
    """
    columns, quotes = packets.columns, packets.quotes
    count = len(columns["frame"])
    if not count:
        return packets
    most = np.full(count, -1, np.int64)
    quoting = np.zeros(len(quotes["row"]), bool)
    times = columns["time"]
    most[[int(times.argmin()), int(times.argmax())]] = 0
    for want in wants:
        parts = want(packets)
        np.maximum.at(most, parts.rows, parts.most)
        quoting[parts.quotes] = True
    most[quotes["row"][quoting]] = np.maximum(most[quotes["row"][quoting]], 0)
    kept = np.flatnonzero(most >= 0)
    chosen = {name: array[kept] for name, array in columns.items()}
    view = memoryview(packets.buffer)
    pieces, length = [], 0
    payload, captured = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
    held = np.minimum(columns["payload_captured"][kept], most[kept])
    before = np.where(columns["transport"][kept] == UDP, UDP_HEADER, 0)
    for place in np.flatnonzero(held).tolist():
        begin = int(chosen["payload"][place])
        head, size = int(before[place]), int(held[place])
        pieces.append(bytes(view[begin - head : begin + size]))
        payload[place], captured[place] = length + head, size
        length += head + size
    chosen["payload"], chosen["payload_captured"] = payload, captured
    quoted = {name: array[quoting] for name, array in quotes.items()}
    quoted["row"] = np.searchsorted(kept, quoted["row"])
    return Packets(chosen, quoted, b"".join(pieces))


def picker(watchers: Iterable[Watcher]) -> Callable[[Packets], Packets]:
    """:func:`pick` for all of ``watchers``, as a function that travels to other processes."""
    return functools.partial(pick, wants=tuple(watcher.wants for watcher in watchers))


def shifted(packets: Packets, frames: int) -> Packets:
    """``packets`` with their frame numbers raised by ``frames``."""
    columns = {**packets.columns, "frame": packets.columns["frame"] + frames}
    return Packets(columns, packets.quotes, packets.buffer)


__all__ = [
    "NONE",
    "UDP_HEADER",
    "Claim",
    "FrameWatcher",
    "Sift",
    "Together",
    "Want",
    "Wants",
    "Watcher",
    "pick",
    "picker",
    "rows_of",
    "shifted",
    "sifted",
    "sorted_out",
]
