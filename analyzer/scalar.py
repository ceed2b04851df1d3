"""Text as a YAML scalar: what :mod:`analyzer.documents` reads back is what went in.

YAML is a few rules of quoting away from being harmless: ``a: b``, ``# no``, ``- x``, a line break or a
direction-changing character in a host's name must not become structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/()+-]*[A-Za-z0-9._/()+])?", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What some reader of YAML takes for something else than text."""
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(text: str) -> str:
    """``text`` on one line, plain where that is safe in any place, else in double quotes.

    Lone surrogates, which no YAML file can hold, become U+FFFD.
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def listed(values: Iterable[str | int]) -> str:
    """One value as it is, several as a flow list: ``[a, b]``. Numbers stay numbers."""
    texts = [str(value) if isinstance(value, int) else scalar(value) for value in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def mapping(fields: Mapping[str, str]) -> str:
    """A flow mapping ``{a: b, c: d}``; keys and values are YAML already."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in fields.items())}}}"
