from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

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
def advance(
    slots: Array,
    used: int,
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
