from collections.abc import Iterator
from typing import Any

import numpy as np

from analyzer.tables import Columns
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.tftp.session import Leg, Session

Array = np.ndarray[Any, Any]

NUMBERS: dict[str, int]

def candidates(columns: Columns, buffer: Array, rows: Array, kept: Array, opcodes: Array) -> int: ...

class Runs:
    def __len__(self) -> int: ...
    def watch(self, session: Session, leg: Leg) -> None: ...
    def settle(self, end: Endpoint) -> None: ...
    def settle_all(self) -> None: ...
    def take(
        self, columns: Columns, buffer: Array, rows: Array, opcodes: Array, copies: bytearray
    ) -> Iterator[tuple[int, tuple[int, ...]]]: ...
