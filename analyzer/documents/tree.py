"""The text of a file → nodes, from the events of PyYAML's parser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from analyzer.documents.node import Node, quote
from analyzer.documents.reader import Reader
from analyzer.errors import PortmatrixError

MAX_BYTES: Final = 4 * 1024 * 1024
"""Largest document read. 5,000 rules take 0.4 MB."""
MAX_DEPTH: Final = 24
"""Deepest nesting. A ruleset needs six levels."""
MAX_VALUES: Final = 200_000
"""Most values and keys in a document, those behind aliases counted each time."""

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_WORDS: Final[dict[str, bool | None]] = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANK: Final = re.compile("^ *\u00a0", re.MULTILINE)
"""As chat programs and word processors copy an indented line."""
NO_BREAK: Final = "a no-break space indents this line", "indent with plain spaces"
_TEXT_TAGS: Final = (None, "!", "tag:yaml.org,2002:str")


class _Stop(Exception):
    """The document is too large or too deep to go on; the mistake is noted."""


def read(path: str | Path) -> str:
    """The text of a file.

    Raises :class:`PortmatrixError` where it cannot be read, and ``UnicodeError`` never: bytes that are
    not UTF-8 come as lone surrogates, which :func:`load` reports with their place.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PortmatrixError(f"{path}: {reason}") from error
    if len(data) > MAX_BYTES:
        raise PortmatrixError(f"{path}: larger than {MAX_BYTES // 1024 // 1024} MiB, not a document of ours")
    return data.decode("utf-8-sig", "surrogateescape").replace("\r\n", "\n")


def load(text: str, reader: Reader) -> Node | None:
    """The document's root, or None after a mistake that leaves nothing to read.

    Mistakes go to ``reader``; equal keys, tags and bad aliases leave the rest of the document readable.
    """
    if len(text) > MAX_BYTES:
        reader.note_at(1, 1, f"the document is larger than {MAX_BYTES // 1024 // 1024} MiB")
        return None
    if not _readable(text, reader):
        return None
    builder = _Builder(reader)
    try:
        for event in yaml.parse(text, Loader=Loader):
            builder.take(event)
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        if blank := _BLANK.search(text):
            line, column = text.count("\n", 0, blank.end()) + 1, len(blank[0])
            reader.note_at(line, column, *NO_BREAK)
            return None
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem, hint = _yaml_words((error.problem or error.context or "cannot be read").strip())
        reader.note_at(*place, f"not valid YAML: {problem}", hint)
        return None
    except yaml.YAMLError as error:
        reader.note_at(1, 1, f"not valid YAML: {str(error).splitlines()[0] if str(error) else 'unreadable'}")
        return None
    if builder.root is None:
        reader.note_at(1, 1, "the document is empty")
    return builder.root


def _readable(text: str, reader: Reader) -> bool:
    """Whether every character may stand where it stands, else a mistake."""
    bad = _UNPRINTABLE.search(text)
    if bad is not None and bad.start() == 0 and bad[0] == "\ufeff":  # a byte order mark in a str
        bad = _UNPRINTABLE.search(text, 1)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        if "\udc80" <= bad[0] <= "\udcff":
            reader.note_at(line, column, f"byte 0x{ord(bad[0]) - 0xDC00:02x} is not UTF-8", "save as UTF-8")
        else:
            reader.note_at(line, column, f"character U+{ord(bad[0]):04X} is not allowed in YAML")
        return False
    return True


def _yaml_words(problem: str) -> tuple[str, str]:
    """What libyaml says, in words for people who write site files, and what would be right."""
    if "cannot start any token" in problem or "tab" in problem:
        return "a tab, or another character that cannot stand here", (
            "indent with spaces, and quote text that begins with a special character"
        )
    if "mapping values are not allowed" in problem:
        return "a colon that cannot stand here", (
            "indent fields of one entry alike, and quote text that holds ': '"
        )
    if "did not find expected" in problem:
        return problem, "check indentation, quotes and brackets of this line and the one before"
    return problem, ""


class _Frame:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "key", "node")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node, self.anchor = node, anchor
        self.key: Node | None = None


class _Builder:
    """Parser events → nodes, with a stack of its own instead of recursion."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.root: Node | None = None
        self.documents = 0
        self.stack: list[_Frame] = []
        self.anchors: dict[str, Node | None] = {}

    def take(self, event: Any) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.ScalarEvent):
            self._tag(event, line, column)
            node = Node(_scalar(event), line, column, event.value)
            self._anchor(event.anchor, node)
            self._place(node)
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._alias(event.anchor or "", line, column))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(self.stack) >= MAX_DEPTH:
                self.reader.note_at(line, column, f"nested more than {MAX_DEPTH} levels deep")
                raise _Stop
            self._tag(event, line, column)
            sequence = isinstance(event, yaml.SequenceStartEvent)
            node = Node([], line, column) if sequence else Node({}, line, column, keys={})
            if event.anchor is not None:
                self.anchors[event.anchor] = None  # known, but not complete until its end
            self.stack.append(_Frame(node, event.anchor))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            frame = self.stack.pop()
            self._anchor(frame.anchor, frame.node)
            self._place(frame.node)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.reader.note_at(line, column, "a second document begins", "one document a file")
                raise _Stop

    def _anchor(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self.anchors[anchor] = node

    def _alias(self, anchor: str, line: int, column: int) -> Node:
        target = self.anchors.get(anchor)
        if target is None:
            why = "stands for the value it is part of" if anchor in self.anchors else "has no anchor"
            self.reader.note_at(line, column, f"alias {quote(anchor)} {why}")
            return Node(None, line, column)
        # A mistake inside an aliased value is reported where the value is written.
        return target

    def _tag(self, event: Any, line: int, column: int) -> None:
        if event.tag not in _TEXT_TAGS:
            self.reader.note_at(line, column, f"tag {quote(event.tag)} is not used here", "leave the tag out")

    def _place(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        parent = frame.node
        parent.size += node.size
        if parent.size > MAX_VALUES:
            self.reader.note(parent, f"holds more than {MAX_VALUES} values")
            raise _Stop
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            self._pair(parent, frame.key, node)
            frame.key = None

    def _pair(self, parent: Node, key: Node, value: Node) -> None:
        assert isinstance(parent.value, dict)
        assert parent.keys is not None
        if isinstance(key.value, list | dict):
            self.reader.note(key, f"a field name must be text, not {key.kind}")
        elif key.text.startswith("\u00a0"):
            self.reader.note(key, *NO_BREAK)
        elif key.text in parent.value:
            first = parent.keys[key.text][0]
            self.reader.note(key, f"field {quote(key.text)} appears twice", f"first in line {first}")
        else:
            parent.value[key.text] = value
            parent.keys[key.text] = (key.line, key.column)


def _scalar(event: Any) -> str | bool | int | None:
    text: str = event.value
    if not event.implicit[0] or event.style:  # quoted, or a block: always text
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
