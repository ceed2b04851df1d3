"""The keys of a compiled table: numbered in the order in which they came, found by a hash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from analyzer.flowtable import fast
from analyzer.flowtable import keys as key
from analyzer.room import FEWEST, longer, more_than, slots_for

Array = np.ndarray[Any, Any]

WORDS: Final = np.dtype([(name, "u8") for name in ("hi0", "lo0", "hi1", "lo1", "ports", "what")])
"""A KEY in whole words: ``port0 << 16 | port1`` and ``transport << 16 | version << 8 | ported``."""

SHORT: Final = np.dtype([("pair", "u8"), ("ports", "u4"), ("what", "u4")])
"""A KEY in 16 bytes, where it is one of two IPv4 addresses; else where its WORDS are."""

FACTORS: Final = np.array([int.from_bytes(os.urandom(8)) | 1 for _ in range(13)], "u8")
"""Of the hash. New in every process: nobody can prepare a capture whose flows all share a chain."""


def words(table: Array) -> Array:
    """A KEY table as WORDS, row by row."""
    made = np.empty(len(table), WORDS)
    for name in ("hi0", "lo0", "hi1", "lo1"):
        made[name] = table[name]
    made["ports"] = table["port0"].astype("u8") << np.uint64(16) | table["port1"]
    kind = table["version"].astype("u8") << np.uint64(8) | table["ported"]
    made["what"] = table["transport"].astype("u8") << np.uint64(16) | kind
    return made


class Index:
    """KEYs → rows, as a dict of bytes would have it: numbered in the order in which they came."""

    def __init__(self) -> None:
        self.count = 0
        self.keys = np.zeros(0, SHORT)
        self.slots = np.zeros(2, "u8")
        self.wide = np.zeros(0, WORDS)
        """The WORDS of the keys that have more than IPv4 addresses, and which of ``wide_slots`` is whose."""
        self.wide_slots = np.zeros(2, "u8")
        self.wide_count = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[bytes]:
        return iter(key.as_bytes(self.table()))

    def __contains__(self, one: bytes) -> bool:
        return self.get(one) is not None

    def get(self, one: bytes) -> int | None:
        """The row of a KEY given as bytes."""
        row = self._find(words(key.as_table([one])), add=False)
        return int(row[0]) if row[0] >= 0 else None

    def words(self) -> Array:
        """The WORDS of every row."""
        made = np.empty(self.count, WORDS)
        fast.widened(self.keys[: self.count], self.wide, made)
        return made

    def table(self) -> Array:
        """The KEY of every row."""
        some, made = self.words(), np.empty(self.count, key.KEY)
        for name in ("hi0", "lo0", "hi1", "lo1"):
            made[name] = some[name]
        made["port0"], made["port1"] = some["ports"] >> np.uint64(16), some["ports"] & np.uint64(0xFFFF)
        made["transport"] = some["what"] >> np.uint64(16)
        made["version"] = some["what"] >> np.uint64(8) & np.uint64(0xFF)
        made["ported"] = some["what"] & np.uint64(0xFF)
        return made

    def room(self, rows: int, wide: int) -> None:
        """Make room for as many rows in all, and for as many that have more than IPv4 addresses."""
        if rows > len(self.keys):
            self.keys = longer(self.keys, self.count, more_than(len(self.keys), rows, FEWEST))
        if 2 * rows > len(self.slots):
            self.slots = slots_for(rows)
            fast.rehash(self.slots, self.keys, self.count, FACTORS, False)
        if wide > len(self.wide):
            self.wide = longer(self.wide, self.wide_count, more_than(len(self.wide), wide, FEWEST))
        if 2 * wide > len(self.wide_slots):
            self.wide_slots = slots_for(wide)
            fast.rehash(self.wide_slots, self.wide, self.wide_count, FACTORS, True)

    def add(self, wanted: Array) -> Array:
        """The row of each of ``wanted`` (WORDS); new ones are numbered on."""
        self.room(self.count + len(wanted), self.wide_count + len(wanted))
        return self._find(wanted, add=True)

    def _find(self, wanted: Array, *, add: bool) -> Array:
        rows = np.empty(len(wanted), "i8")
        self.count, self.wide_count = fast.find(
            self.slots,
            self.keys,
            self.count,
            self.wide_slots,
            self.wide,
            self.wide_count,
            FACTORS,
            wanted,
            rows,
            add,
        )
        return rows
