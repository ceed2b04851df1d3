"""YAML documents whose every value knows its line and column.

PyYAML's parser gives the events; the tree is built here, because YAML 1.1's own reading corrupts the
data of this domain: a MAC address becomes a number in base 60, ``4.10`` becomes 4.1, ``off`` becomes
False, ``017`` becomes 15, and the last of two equal keys wins in silence. Here every plain scalar is
text except ``true``, ``false``, ``null`` and decimal integers; equal keys, tags and further documents
are mistakes. Building from events needs no recursion, so nesting cannot exhaust the stack, and an
alias counts for all the values behind it, so a few lines cannot stand for millions.

A :class:`Reader` takes the tree apart and notes every :class:`analyzer.errors.Mistake` on the way;
the caller raises them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from analyzer.documents.node import MAX_QUOTE, Node, nearest, plain, quote
from analyzer.documents.reader import MAX_MISTAKES, Reader

if TYPE_CHECKING:
    from analyzer.documents.tree import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Loader, load, read

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_MISTAKES",
    "MAX_QUOTE",
    "MAX_VALUES",
    "Loader",
    "Node",
    "Reader",
    "load",
    "nearest",
    "plain",
    "quote",
    "read",
]

_OF_TREE: Final = frozenset({"MAX_BYTES", "MAX_DEPTH", "MAX_VALUES", "Loader", "load", "read"})


def __getattr__(name: str) -> Any:
    if name not in _OF_TREE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analyzer.documents import tree  # noqa: PLC0415 - PyYAML is only for who has a document to read

    return getattr(tree, name)
