"""Which decoder reads a batch: the compiled one where it was built, dpkt for what that does not know.

``fast`` (an optional extension) and ``reference`` fill the same columns by the same rules. The compiled
decoder leaves rows out; those are put together to a batch of their own and given to the reference.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Final

from analyzer.errors import UsageError

if TYPE_CHECKING:
    # Whoever asks only which decoders there are does without numpy.
    from analyzer.tables import Batch, Columns, Packets

try:
    from analyzer.decode import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

ENGINES: Final = ("auto", "fast", "dpkt")
"""``auto`` is ``fast`` where the extension is there."""

COMPILED: Final[ModuleType | None] = _fast
"""The extension, None where it was not built."""

_GIVEN: Final = frozenset(("frame", "time", "wire"))
"""Columns that the containers give; no decoder changes them."""


def name(engine: str = "auto") -> str:
    """The decoder that ``engine`` stands for here: ``fast`` or ``dpkt``.

    Raises :class:`UsageError` for an engine that is not installed or not known.
    """
    if engine not in ENGINES:
        raise UsageError(f"--engine {engine}: must be one of {', '.join(ENGINES)}")
    if engine == "fast" and COMPILED is None:
        raise UsageError("--engine fast: this installation was built without a C compiler and has only dpkt")
    return "dpkt" if engine == "dpkt" or COMPILED is None else "fast"


def decode(batch: Batch, first_frame: int, engine: str = "auto") -> Packets:
    """PACKETS and QUOTES of ``batch``, whose first frame has the number ``first_frame``.

    The table does not depend on the engine. Whatever the bytes, nothing is raised: a frame that defeats the
    parser gets ``Reason.INTERNAL``. Raises :class:`UsageError` for an engine that is not there.
    """
    if name(engine) == "fast":
        return _compiled(batch, first_frame)
    return _reference(batch, first_frame)


def _reference(batch: Batch, first_frame: int) -> Packets:
    from analyzer.decode import reference  # noqa: PLC0415 - dpkt takes 50 ms, most captures do without

    return reference.decode(batch, first_frame)


def _compiled(batch: Batch, first_frame: int) -> Packets:
    import numpy as np  # noqa: PLC0415 - see above

    from analyzer.tables import PACKETS, QUOTES, Batch, Packets  # noqa: PLC0415

    assert COMPILED is not None
    frames, rows = batch.frames, len(batch.frames["offset"])
    columns: Columns = {column.name: np.empty(rows, column.dtype) for column in PACKETS.columns}
    columns["frame"] = np.arange(first_frame, first_frame + rows, dtype="i8")
    for given in ("time", "wire", "interface"):
        columns[given][:] = frames[given]
    quotes = {column.name: np.empty(rows, column.dtype) for column in QUOTES.columns}
    left = np.empty(rows, "i8")
    other, quoting = COMPILED.fill(batch.buffer, frames, columns, quotes, left)
    quotes = {column: array[:quoting].copy() for column, array in quotes.items()}
    if other:
        rest = left[:other]
        part = Batch(batch.buffer, {column: array[rest] for column, array in frames.items()})
        decoded = _reference(part, first_frame)
        for column, array in decoded.columns.items():
            if column not in _GIVEN:
                columns[column][rest] = array
        if len(decoded.quotes["row"]):
            quotes = _joined(quotes, decoded.quotes | {"row": rest[decoded.quotes["row"]]})
    return Packets(columns, quotes, batch.buffer)


def _joined(some: Columns, others: Columns) -> Columns:
    """Two QUOTES tables as one, in order of their rows."""
    import numpy as np  # noqa: PLC0415 - see above

    both = {column: np.concatenate((some[column], others[column])) for column in some}
    order = np.argsort(both["row"], kind="stable")
    return {column: array[order] for column, array in both.items()}
