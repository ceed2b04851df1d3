from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

def kinds(columns: list[Array], widths: list[int], firsts: Array, of: Array) -> int: ...
