from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NUMBERS: dict[str, int]

def fields(octets: Array, columns: dict[str, Array], rows: Array, out: dict[str, Array]) -> None: ...
def sift(octets: Array, columns: dict[str, Array], rows: Array, factor: int, kept: Array) -> Sifted: ...

class Sifted:
    def __len__(self) -> int: ...

class Ledger:
    count: int
    limit: int
    def __init__(self, limit: int, factor: int) -> None: ...
    def take(
        self,
        octets: Array,
        columns: dict[str, Array],
        sifted: Sifted,
        like_image: Callable[[bytes], bool],
        shown: Array,
    ) -> tuple[int, list[tuple[int, tuple[Any, ...]]]]: ...
    def exhausted(self) -> list[tuple[Any, ...]]: ...
