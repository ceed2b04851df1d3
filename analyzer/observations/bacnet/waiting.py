"""BACnet requests that nobody refused yet: kept as rows of a table, for most of them need no look at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from analyzer.tables import Packets

Array = np.ndarray[Any, Any]
KEPT: Final = 4096
"""Requests kept, the latest."""


class Waiting:
    """The latest requests, in frame order: ``columns`` of each, and its first ``most`` bytes."""

    def __init__(self, columns: tuple[str, ...], most: int) -> None:
        self._columns, self._most = columns, most
        self._parts: list[tuple[Array, ...]] = []
        """Keys, bytes, and the columns of consecutive requests."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, packets: Packets, rows: Array, keys: Array) -> None:
        """Keep the requests in ``rows``, by ``keys``."""
        if not len(rows):
            return
        rows, keys = rows[-KEPT:], keys[-KEPT:]
        octets = np.frombuffer(packets.buffer, np.uint8)
        places = packets.columns["payload"][rows, None] + np.arange(self._most)
        data = octets[np.minimum(places, len(octets) - 1)]
        self._parts.append((keys, data, *(packets.columns[name][rows] for name in self._columns)))
        self._count += len(rows)
        if self._count > 2 * KEPT or len(self._parts) > KEPT // 8:
            self._join()

    def _join(self) -> None:
        """Make one table of the parts, of the latest requests."""
        self._parts = [tuple(np.concatenate(part)[-KEPT:] for part in zip(*self._parts, strict=True))]
        self._count = len(self._parts[0][0])

    def take(self, key: int) -> Iterator[tuple[tuple[int, ...], bytes]]:
        """The requests of ``key`` in their order, columns and bytes; they are kept no longer."""
        if not self._count:
            return
        self._join()
        table = self._parts[0]
        hit = table[0] == key
        rows = np.flatnonzero(hit)
        if not len(rows):
            return
        self._parts = [tuple(array[~hit] for array in table)]
        self._count -= len(rows)
        for row in rows.tolist():
            yield tuple(array[row].item() for array in table[2:]), table[1][row].tobytes()
