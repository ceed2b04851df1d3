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
