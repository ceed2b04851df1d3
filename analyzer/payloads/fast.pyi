from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

RULES: dict[str, int]
FACTORS: int

def plain(name: str, stream: bool, data: bytes, wire: int) -> tuple[bytes, int]: ...
def kinds(
    name: str,
    stream: bool,
    octets: Array,
    begin: Array,
    size: Array,
    wire: Array,
    source: Array,
    target: Array,
    factors: Array,
    of: Array,
    firsts: Array,
) -> int: ...
