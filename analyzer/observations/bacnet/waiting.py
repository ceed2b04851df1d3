"""BACnet requests that nobody refused yet: kept as rows of a table, for most of them need no look at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from analyzer.tables import PACKETS, Packets

Array = np.ndarray[Any, Any]
KEPT: Final = 4096
"""Requests kept at least, the latest; at most twice as many."""


class Waiting:
    """The latest requests, in frame order: ``columns`` of each, and its first ``most`` bytes."""

    def __init__(self, columns: tuple[str, ...], most: int) -> None:
        self._room, self._count = 2 * KEPT, 0
        dtypes = {column.name: column.dtype for column in PACKETS.columns}
        self._columns = {name: np.zeros(self._room, dtypes[name]) for name in columns}
        self._keys = np.zeros(self._room, np.uint64)
        """0 for what was taken."""
        self._data = np.zeros((self._room, most), np.uint8)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._keys[: self._count]))

    def add(self, packets: Packets, rows: Array, keys: Array) -> None:
        """Keep the requests in ``rows``, by ``keys``, which are not 0."""
        half = self._room // 2
        if not len(rows):
            return
        if len(rows) > half:
            rows, keys, self._count = rows[-half:], keys[-half:], 0
        if self._count + len(rows) > self._room:
            arrays: tuple[Array, ...] = (self._keys, self._data, *self._columns.values())
            for array in arrays:
                array[:half] = array[self._count - half : self._count].copy()
            self._count = half
        here = slice(self._count, self._count + len(rows))
        self._count += len(rows)
        self._keys[here] = keys
        octets = np.frombuffer(packets.buffer, np.uint8)
        places = packets.columns["payload"][rows, None] + np.arange(self._data.shape[1])
        # Past its end a message reads the last byte there is: nobody looks at that.
        octets.take(places, out=self._data[here], mode="clip")
        for name, array in self._columns.items():
            packets.columns[name].take(rows, out=array[here], mode="clip")

    def take(self, key: int) -> Iterator[tuple[tuple[int, ...], bytes]]:
        """The requests of ``key`` in their order, columns and bytes; they are kept no longer."""
        for row in np.flatnonzero(self._keys[: self._count] == key).tolist():
            self._keys[row] = 0
            yield tuple(array[row].item() for array in self._columns.values()), self._data[row].tobytes()
