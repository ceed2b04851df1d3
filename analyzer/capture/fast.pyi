from typing import Any

import numpy as np

from analyzer.tables import Columns

Array = np.ndarray[Any, Any]

def records(
    buffer: bytes | memoryview,
    start: int,
    big: bool,
    header: int,
    limit: int,
    zero_run: int,
    final: bool,
    grain: int,
    link_type: int,
    near: int,
    doubts: int,
    snaplen: int,
    sure: int,
    frames: Columns,
) -> tuple[int, int, str, int, int]: ...
def packets(
    buffer: bytes | memoryview,
    start: int,
    big: bool,
    longest: int,
    interfaces: tuple[Array, Array, Array, Array],
    base: int,
    most: int,
    frames: Columns,
    blocks: Array,
) -> tuple[int, int, str, int, bool]: ...
