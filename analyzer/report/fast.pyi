from typing import Any

import numpy as np

CODED: int
NUMBERS: int
MOMENTS: int
ADDRESSES: int

def lines(pieces: list[bytes], columns: list[tuple[int, np.ndarray[Any, Any], list[bytes]]]) -> str: ...
