from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

TAKEN: Final[int]

def within(
    version: Array,
    kind: Array,
    hi: Array,
    lo: Array,
    time: Array,
    apart: int,
    firsts: Array,
    lasts: Array,
) -> int: ...
def indexed(held: Array, used: int, index: Array, factors: Array) -> None: ...
def advance(
    held: Array,
    used: int,
    index: Array,
    factors: Array,
    version: Array,
    kind: Array,
    hi: Array,
    lo: Array,
    time: Array,
    frame: Array,
    apart: int,
    row: int,
    closed: Array,
) -> tuple[int, int, int]: ...
