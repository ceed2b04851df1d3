"""One value of a document with its place, and what a message says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

MAX_QUOTE: Final = 60
"""Longest piece of a document repeated in a message."""


@dataclass(slots=True)
class Node:
    """One value: ``value`` is text, bool, int or None, a list of nodes, or a dict of text to node.

    ``text`` is a scalar as written. ``line`` and ``column`` count from 1. ``keys`` holds, for a
    mapping, where each key stands. ``size`` is the number of values below and including this one.
    """

    value: str | bool | int | list[Node] | dict[str, Node] | None
    line: int
    column: int
    text: str = ""
    keys: dict[str, tuple[int, int]] | None = None
    size: int = 1

    @property
    def kind(self) -> str:
        """What the value is, in a word for messages."""
        if isinstance(self.value, dict):
            return "fields"
        if isinstance(self.value, list):
            return "a list"
        return "nothing" if self.value is None else quote(self.text)


def plain(node: Node) -> Any:
    """The node without its marks: dict, list, text, int, bool, None."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def quote(text: str) -> str:
    """A piece of a document inside a message: shortened, and harmless to a terminal."""
    return repr(text if len(text) <= MAX_QUOTE else text[: MAX_QUOTE - 1] + "…")


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the closest of ``known``, else the choice itself where it is short."""
    import difflib  # noqa: PLC0415 - only who made a mistake waits for it

    choices = sorted(known)
    close = difflib.get_close_matches(word[:MAX_QUOTE].lower(), choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"one of: {', '.join(choices)}" if 0 < len(choices) <= 16 else ""
