"""Which flow table counts: the compiled one where it was built, else the reference."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import numpy as np

from analyzer.flowtable.table import FlowTable

try:
    from analyzer.flowtable import compiled as _compiled
except ImportError:  # built without a compiler, or for another Python
    _compiled = None  # type: ignore[assignment]

Array = np.ndarray[Any, Any]

COMPILED: Final[ModuleType | None] = _compiled
"""The module of the compiled table, None where the extension was not built."""


def new(*, reference: bool = False) -> FlowTable:
    """An empty flow table; ``reference`` asks for the one without compiled code. Flows do not depend on it.

    Tables of both kinds do not merge with each other.
    """
    if reference or COMPILED is None:
        return FlowTable()
    table: FlowTable = COMPILED.CompiledTable()
    return table


def folded(table: FlowTable, into: Array, before: int = 0) -> FlowTable | None:
    """``table`` with the flow of each row counted in that of row ``into[row]``, see :mod:`.folding`.

    None where that is the same table, and for one without compiled code.
    """
    if (
        COMPILED is None
        or not isinstance(table, COMPILED.CompiledTable)
        or ((into == np.arange(len(into))).all() and not table.stray_errors)
    ):
        return None
    from analyzer.flowtable import folding  # noqa: PLC0415 - only a capture that is followed for days needs it

    return folding.folded(table, into, before)
