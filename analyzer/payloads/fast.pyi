from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

RULES: dict[str, int]
FACTORS: int

def plain(name: str, stream: bool, data: bytes, wire: int) -> tuple[bytes, int]: ...

class Heads:
    def __init__(
        self,
        octets: Array,
        begin: Array,
        size: Array,
        wire: Array,
        slot: Array,
        a_port: Array,
        b_port: Array,
    ) -> None: ...
    def opening(self, which: Array, first: Array, second: Array) -> None: ...
    def kinds(
        self,
        name: str | None,
        stream: bool,
        which: Array,
        claimed: Array,
        factors: Array,
        of: Array,
        firsts: Array,
    ) -> int: ...
