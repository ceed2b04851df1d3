from typing import Any

import numpy as np

from analyzer.tables import Columns

NUMBERS: dict[str, int]

def digests(data: bytes | memoryview) -> list[int]: ...
def fill(
    buffer: bytes | memoryview,
    frames: Columns,
    packets: Columns,
    quotes: Columns,
    others: np.ndarray[Any, Any],
) -> tuple[int, int]: ...
