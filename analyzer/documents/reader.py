"""Takes a document apart: what is asked of each value, and the mistake where it is something else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from analyzer.documents.node import Node, nearest, quote
from analyzer.errors import Mistake

MAX_MISTAKES: Final = 200
"""Most mistakes reported of one document: nobody reads further."""


class Reader:
    """Takes nodes apart and notes mistakes instead of raising at the first.

    Every method that fails notes why and gives a harmless value of its type, so reading goes on.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._mistakes: dict[Mistake, None] = {}

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """All mistakes so far in file order, the first ``MAX_MISTAKES`` of them."""
        return tuple(sorted(self._mistakes, key=lambda mistake: mistake[1:3])[:MAX_MISTAKES])

    def note(self, node: Node, message: str, hint: str = "") -> None:
        """A mistake at ``node``."""
        self.note_at(node.line, node.column, message, hint)

    def note_at(self, line: int, column: int, message: str, hint: str = "") -> None:
        """A mistake at a place."""
        self._mistakes[Mistake(self.file, line, column, message, hint)] = None  # once, though aliased

    def fields(
        self,
        node: Node | None,
        what: str,
        required: Sequence[str],
        optional: Sequence[str] = (),
        examples: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Node]:
        """The fields of a mapping; unknown ones and missing ones are mistakes, null ones are left out.

        ``examples`` gives fields a value to show to somebody who left one out.
        """
        if node is None:
            return {}
        known = (*required, *optional)
        if not isinstance(node.value, dict):
            shown = ", ".join(f"{name}: {value}" for name, value in examples.items())
            hint = f"for example {{{shown}}}" if shown else f"fields: {', '.join(known)}"
            self._unfielded(node, what, hint)
            return {}
        glued: set[str] = set()
        for key in node.value:
            if key not in known:
                line, column = (node.keys or {}).get(key, (node.line, node.column))
                name, colon, value = key.partition(":")
                hint = nearest(key, known)
                if colon and name in known:
                    glued.add(name)
                    hint = f"write {name}: {value}, with a space after the colon"
                self.note_at(line, column, f"{what} has no field {quote(key)}", hint)
        for key in required:
            if key not in glued and (key not in node.value or node.value[key].value is None):
                place = node.value.get(key, node)
                hint = f"for example {key}: {examples[key]}" if key in examples else ""
                self.note(place, f"{what} needs the field {key!r}", hint)
        return {key: value for key, value in node.value.items() if key in known and value.value is not None}

    def mapping(self, node: Node | None, what: str) -> dict[str, Node]:
        """A mapping with free keys."""
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self._unfielded(node, what)
            return {}
        return node.value

    def _unfielded(self, node: Node, what: str, hint: str = "") -> None:
        said = "is empty" if node.value is None else f"is written with fields, not as {node.kind}"
        self.note(node, f"{what} {said}", hint)

    def items(self, node: Node | None, what: str) -> list[Node]:
        """The entries of a list."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.note(node, f"{what} must be a list, not {node.kind}", "one entry a line, each after '- '")
            return []
        return node.value

    def some(self, node: Node | None) -> list[Node]:
        """One value or a list of them, as a list."""
        if node is None:
            return []
        return node.value if isinstance(node.value, list) else [node]

    def text(self, node: Node | None, what: str) -> str:
        """A text; a number as written. Empty after a mistake."""
        if node is None:
            return ""
        if isinstance(node.value, bool):
            self.note(node, f"{what} must be text, not {node.kind}", "put it in quotes")
        elif not isinstance(node.value, str | int):
            self.note(node, f"{what} must be text, not {node.kind}")
        elif not node.text.strip():
            self.note(node, f"{what} must not be empty")
        else:
            return node.text.strip()
        return ""

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """One text or a list of texts."""
        return tuple(text for item in self.some(node) if (text := self.text(item, what)))

    def choice(self, node: Node | None, what: str, allowed: Collection[str], default: str = "") -> str:
        """One of ``allowed``, else a mistake and ``default``."""
        if node is None:
            return default
        text = self.text(node, what)
        if not text:
            return default
        if text not in allowed:
            self.note(node, f"unknown {what} {quote(text)}", nearest(text, allowed))
            return default
        return text

    def flag(self, node: Node | None, what: str) -> bool | None:
        """True, False, or None where absent."""
        if node is None:
            return None
        if not isinstance(node.value, bool):
            self.note(node, f"{what} must be true or false, not {node.kind}")
            return None
        return node.value

    def integer(self, node: Node | None, what: str, low: int, high: int) -> int | None:
        """A whole number within ``low`` and ``high``, both included."""
        if node is None:
            return None
        if isinstance(node.value, bool) or not isinstance(node.value, int):
            self.note(node, f"{what} must be a whole number, not {node.kind}", f"{low} to {high}")
            return None
        if not low <= node.value <= high:
            self.note(node, f"{what} {quote(node.text)} is out of range", f"{low} to {high}")
            return None
        return node.value

    def number(self, node: Node | None, what: str, low: float, high: float) -> float | None:
        """A decimal number within ``low`` and ``high``, both included."""
        if node is None:
            return None
        plain = isinstance(node.value, str | int) and not isinstance(node.value, bool)
        if not plain or re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", node.text, re.ASCII) is None:
            self.note(node, f"{what} must be a number, not {node.kind}", f"{low:g} to {high:g}")
            return None
        if not low <= float(node.text) <= high:
            self.note(node, f"{what} {quote(node.text)} is out of range", f"{low:g} to {high:g}")
            return None
        return float(node.text)
