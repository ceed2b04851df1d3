"""A stranger's words inside a configuration: nothing that any target's language could act on.

Names and reasons of a site file, titles of a sheet and of its sections come from people and files. In a
rule's name or comment they keep letters, digits and a little punctuation that no target gives a meaning;
quotes, line breaks, comment marks, ``$``, backslashes and the like become ``_``.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 .,:/+()=_-]+")
LIMIT: Final = 100
"""Characters of one comment: Cisco's remarks take 100."""


def plain(text: str, limit: int = LIMIT) -> str:
    """``text`` as harmless ASCII on one line, cut to ``limit`` characters (the cut shows as ``..``)."""
    cleaned = _UNSAFE.sub("_", text).strip()
    return cleaned if len(cleaned) <= limit else f"{cleaned[: limit - 2]}.."


def name(text: str, limit: int = 18) -> str:
    """``text`` as an identifier of letters, digits and ``-`` that begins with a letter.

    Where that loses anything, a few digits of a hash keep different texts apart.
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    if words != text or len(words) > limit or not words[:1].isalpha():
        words = f"x{words}" if not words[:1].isalpha() else words
        words = f"{words[: limit - 7].rstrip('-')}-{digest(text)}"
    return words


def digest(text: str) -> str:
    """Six hexadecimal digits that stay the same as long as the text does."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:6]
