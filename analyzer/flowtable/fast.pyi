from typing import Any

import numpy as np

from analyzer.tables import Columns

Array = np.ndarray[Any, Any]

NUMBERS: dict[str, int]

def rehash(slots: Array, keys: Array, count: int, factors: Array) -> None: ...
def find(
    slots: Array, keys: Array, count: int, factors: Array, wanted: Array, rows: Array, add: bool
) -> int: ...
def count(
    columns: Columns,
    buffer: bytes | memoryview,
    begin: int,
    rows: int,
    slots: Array,
    keys: Array,
    factors: Array,
    ends: Array,
    opener: Array,
    kept: Array,
    arena: Array,
    used: Array,
    owners: Array,
    most: int,
    head_bytes: int,
    long_bytes: int,
    longer: Array,
) -> tuple[int, int, bool]: ...
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
def copies(
    columns: Columns,
    owners: Array,
    sights: Array,
    before: int,
    ends: Array,
    latest: Array,
    previous: Array,
    factors: Array,
    near: int,
    candidates: int,
    elsewhere: int,
    identified: int,
    unidentified: int,
) -> int: ...

class Recent:
    def is_copy(self, digest: int, wire: int, ip_id: int, time: int, interface: int) -> bool: ...
    def copies(self, columns: Columns, rows: Array) -> bytearray: ...
