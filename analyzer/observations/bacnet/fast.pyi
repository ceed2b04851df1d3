from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NUMBERS: dict[str, int]

def sift(
    octets: Array,
    columns: dict[str, Array],
    rows: Array,
    carriers: Array,
    latest: int,
    kept: Array,
    ties: Array,
    keys: Array,
) -> int: ...
def keep(columns: dict[str, Array], rows: Array, kept: dict[str, Array], begin: int) -> None: ...
