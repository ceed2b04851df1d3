from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NUMBERS: dict[str, int]

def fields(
    octets: Array, payload: Array, captured: Array, wires: Array, rows: Array, out: dict[str, Array]
) -> None: ...
def wanted(
    by_mid: Array,
    to_mid: Array,
    by_token: Array,
    to_token: Array,
    told: dict[str, Array],
    factor: int,
    keep: Array,
) -> None: ...
