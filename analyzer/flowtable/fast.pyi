from typing import Any

import numpy as np

from analyzer.tables import Columns

Array = np.ndarray[Any, Any]

NUMBERS: dict[str, int]
RING: int

def rehash(slots: Array, keys: Array, count: int, factors: Array, wide: bool) -> None: ...
def find(
    slots: Array,
    keys: Array,
    count: int,
    wide_slots: Array,
    wide: Array,
    wide_count: int,
    factors: Array,
    wanted: Array,
    rows: Array,
    add: bool,
) -> tuple[int, int]: ...
def widened(keys: Array, wide: Array, words: Array) -> None: ...
def merge_heads(
    ends: Array,
    kept: Array,
    arena: Array,
    used: Array,
    most: int,
    slots: Array,
    later: Array,
    count: int,
    later_arena: Array,
) -> None: ...
def recall(sights: Array, previous: Array, latest: Array, factors: Array, count: int) -> None: ...
def count(
    columns: Columns,
    buffer: bytes | memoryview,
    begin: int,
    until: int,
    rows: int,
    slots: Array,
    keys: Array,
    wide_slots: Array,
    wide: Array,
    factors: Array,
    ends: Array,
    rares: Array,
    opener: Array,
    kept: Array,
    arena: Array,
    sights: Array,
    previous: Array,
    latest: Array,
    used: Array,
    stopped: Array,
    owners: Array,
    longer: Array,
    limits: tuple[int, ...],
) -> tuple[int, int, bool, bool]: ...
def sides(keys: Array, wide: Array, opener: Array, columns: Columns) -> None: ...
def settle(ends: Array, rares: Array) -> None: ...
def directions(
    ends: Array, rares: Array, always: bool, opener: Array, begin: int, until: int, columns: Columns
) -> None: ...

class Recent:
    def is_copy(self, digest: int, wire: int, ip_id: int, time: int, interface: int) -> bool: ...
    def copies(self, columns: Columns, rows: Array) -> bytearray: ...
