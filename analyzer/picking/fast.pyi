from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

def using(
    transports: Array,
    kinds: Array,
    src_ports: Array,
    dst_ports: Array,
    captured: Array,
    ports: Array,
    transport: int,
    kind: int,
    least: int,
    rows: Array,
) -> int: ...
