from typing import Any, Final

import numpy as np

from analyzer.tables import Columns

Array = np.ndarray[Any, Any]

NUMBERS: Final[dict[str, int]]

def sort(
    columns: Columns,
    octets: Array,
    named: Array,
    ports: Array,
    openings: Array,
    unread: int,
    least: list[int],
    rows: list[Array],
) -> list[int]: ...
