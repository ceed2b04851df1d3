"""The packets of a batch that are needed one by one, as a small batch: what a process hands over.

Whoever watches packets beside the flow table (transfers, observations) says with a :data:`Wants` which of a
batch it needs, and how much of their payloads. Its watcher takes a whole batch and a picked one alike.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from analyzer.tables import UDP, Batch, Kind, Packets

try:
    from analyzer.picking import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

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
    """Takes consecutive batches, in frame order. ``wants`` says which packets it looks at."""

    @property
    def wants(self) -> Wants:
        """What ``add`` needs of a batch."""

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added."""


class FrameWatcher(Protocol):
    """Takes consecutive batches with the frames that they were decoded from."""

    def add(self, batch: Batch, packets: Packets) -> None:
        """Add a batch and what became of it, row for row."""


def marked(ports: Iterable[int]) -> Array:
    """A table that says of each of the 65536 ports whether it is one of ``ports``, for :func:`using`."""
    table = np.zeros(1 << 16, np.uint8)
    table[list(ports)] = 1
    return table


def using(packets: Packets, transport: int, ports: Array, least: int = 0, *, compiled: bool = True) -> Array:
    """Rows of the packets of a transport that come from or go to one of ``ports`` (:func:`marked`), with
    ``least`` bytes of payload captured; by the compiled part where it was built and is not unwanted."""
    columns = packets.columns
    sides = columns["src_port"], columns["dst_port"]
    if compiled and COMPILED is not None:
        rows = np.empty(len(columns["kind"]), np.int64)
        first = columns["transport"], columns["kind"]
        found: Array = rows[
            : COMPILED.using(
                *first, *sides, columns["payload_captured"], ports, transport, Kind.TRANSPORT, least, rows
            )
        ]
        return found
    rows = np.flatnonzero(
        (columns["transport"] == transport)
        & (columns["kind"] == Kind.TRANSPORT)
        & (columns["payload_captured"] >= least)
    )
    theirs: Array = (ports[sides[0][rows]] | ports[sides[1][rows]]).view(bool)
    return rows[theirs]


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
