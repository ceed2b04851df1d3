"""Text from strangers, made harmless: what a capture carries never steers the reader's machine.

File names, URIs and host names inside a capture are written by whoever sent the packets. Every
renderer passes them through here, each in its own way: :func:`visible` for a terminal,
:func:`cell` for a spreadsheet, :func:`unicode` for JSON.
"""

from __future__ import annotations

import unicodedata
from typing import Final

TEXT_LIMIT: Final = 600
"""Characters of one stranger's string that a terminal report shows; what is left off is counted."""
PROSE_LIMIT: Final = 4 * TEXT_LIMIT
"""The same of a paragraph of our own with strangers' strings in it: advice is of no use cut in half."""

_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me"})
# Letters that print as nothing: they hide in a name as a zero-width space does.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def visible(text: str, limit: int = 0) -> str:
    r"""``text`` with every control, direction-changing and invisible character written as an escape.

    Escape codes, line breaks, bidirectional controls and zero-width characters come out as ``\x1b``,
    ``\n``, ``\u202e``. A positive ``limit`` shortens the text to that many characters and says how
    many were left off.
    """
    rest = 0
    if limit and len(text) > limit:
        rest = len(text) - limit
        text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_escape, text))
    return f"{text}[+{rest} characters]" if rest else text


def _escape(char: str) -> str:
    if " " <= char <= "~":
        return char
    if char not in _BLANK and unicodedata.category(char) not in _CATEGORIES:
        return char
    named = _NAMED.get(char)
    if named:
        return named
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def cell(text: str) -> str:
    """``text`` as a spreadsheet may open it: control characters visible, formulas made text.

    A value that a spreadsheet would compute (it starts with ``= + - @``, a tab or a line break, or
    the full-width forms that some locales accept) gets an apostrophe in front.
    """
    shown = visible(text)
    return f"'{shown}" if text.startswith(_FORMULA) else shown


def unicode(text: str) -> str:
    r"""``text`` without lone surrogates, which strict JSON readers refuse: a path byte becomes ``\xff``."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_byte(char) for char in text)
    return text


def _byte(char: str) -> str:
    code = ord(char)
    if not 0xD800 <= code <= 0xDFFF:
        return char
    # surrogateescape, PEP 383: an undecodable byte 0x80..0xff of a path is U+DC80..U+DCFF
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
