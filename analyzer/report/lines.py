"""Flows as lines of text, made of their columns: each distinct value is written once and copied from there.

The compiled part puts the lines together; without it they are joined in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, NamedTuple

from analyzer.model.cells import Addresses, Cells, Moments, Numbers
from analyzer.report.moment import timestamp

try:
    from analyzer.report import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""


class Template(NamedTuple):
    """What a line looks like.

    ``pieces`` is the text before each of the ``columns`` and behind the last. ``tell`` is how a value of a
    column is written, and how None is; ``quote`` surrounds what is text and was not told by ``tell``:
    addresses, points in time, and numbers with a prefix.
    """

    pieces: Sequence[str]
    columns: Sequence[str]
    tell: Callable[[str, Any], str]
    quote: str = ""


def lines(cells: Mapping[str, Cells], template: Template, *, compiled: bool = True) -> str:
    """The lines of some flows."""
    columns = [cells[name] for name in template.columns]
    if compiled and COMPILED is not None:
        return _compiled(columns, template, COMPILED)
    texts = [_texts(name, column, template) for name, column in zip(template.columns, columns, strict=True)]
    before, last = template.pieces[:-1], template.pieces[-1]
    return "".join(
        "".join([piece + text for piece, text in zip(before, line, strict=True)]) + last
        for line in zip(*texts, strict=True)
    )


def _texts(name: str, column: Cells, template: Template) -> list[str]:
    tell, quote = template.tell, template.quote
    if isinstance(column, Moments):
        return [f"{quote}{timestamp(moment)}{quote}" for moment in column.each()]
    if isinstance(column, Addresses):
        return [f"{quote}{value}{quote}" for value in column.each()]
    if isinstance(column, Numbers):
        if column.prefix:
            return [f"{quote}{value}{quote}" for value in column.each()]
        return [tell(name, value) if value is None else str(value) for value in column.each()]
    told = [tell(name, value) for value in column.values]
    return [told[code] for code in column.codes.tolist()]


def _compiled(columns: Sequence[Cells], template: Template, fast: ModuleType) -> str:
    quote = template.quote
    made: list[tuple[Any, ...]] = []
    for name, column in zip(template.columns, columns, strict=True):
        if isinstance(column, Moments):
            made.append((fast.MOMENTS, column.moments, [_octets(quote)] * 2))
        elif isinstance(column, Addresses):
            texts = [quote, quote, *(f"{quote}{other}{quote}" for other in column.others)]
            made.append((fast.ADDRESSES, column.quads, list(map(_octets, texts))))
        elif isinstance(column, Numbers):
            around = (
                [f"{quote}{column.prefix}", quote] if column.prefix else ["", "", template.tell(name, None)]
            )
            made.append((fast.NUMBERS, column.numbers, [_octets(text) for text in around]))
        else:
            told = [_octets(template.tell(name, value)) for value in column.values]
            made.append((fast.CODED, column.codes, told))
    pieces = [_octets(piece) for piece in template.pieces]
    written: str = fast.lines(pieces, made)
    return written


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
