"""Lines of text for a terminal: display width, padding, wrapping, colour. No string is cut here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_CODES: Final = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}


def paint(text: str, colour: str, enabled: bool) -> str:
    """``text`` in a colour (``red green yellow cyan bold dim``), as it is where not ``enabled``."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if enabled and colour else text


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal: two for wide letters, none for combining marks."""
    if text.isascii():
        return len(text)
    columns = 0
    for char in text:
        if unicodedata.combining(char):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def pad(text: str, columns: int, right: bool = False) -> str:
    """``text`` filled with spaces to ``columns``; never shortened."""
    fill = " " * max(0, columns - width(text))
    return fill + text if right else text + fill


def _pieces(word: str, columns: int) -> Iterable[str]:
    """``word`` in parts of at most ``columns``: a word longer than a line is broken, not lost."""
    part = ""
    for char in word:
        if part and width(part) + width(char) > columns:
            yield part
            part = ""
        part += char
    if part:
        yield part


def wrap(text: str, columns: int, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines of at most ``columns``: the first begins with ``first``, the others with ``rest``.

    ``rest`` is as many spaces as ``first`` is wide where not given. Always at least one line.
    """
    if rest is None:
        rest = " " * width(first)
    lines: list[str] = []
    line, empty = first, True
    for word in text.split():
        if not empty and width(line) + 1 + width(word) <= columns:
            line += " " + word
            continue
        if not empty:
            lines.append(line)
            line, empty = rest, True
        room = max(8, columns - max(width(first), width(rest)))
        for piece in _pieces(word, room):
            if not empty:
                lines.append(line)
                line = rest
            line, empty = line + piece, False
    lines.append(line if not empty else line.rstrip())
    return lines


def table(
    rows: Sequence[Sequence[str]],
    columns: int,
    right: frozenset[int] = frozenset(),
    indent: str = "  ",
) -> list[str]:
    """``rows`` as aligned columns, two spaces apart.

    A row wider than ``columns`` goes on in the next line, further indented, at a column boundary, so
    that nothing is cut. ``right`` holds the columns to align right.
    """
    if not rows:
        return []
    # One long IPv6 address must not push every row apart: no column reserves more than this.
    most = max(8, columns // 3)
    count = max(len(row) for row in rows)
    widths = [
        max((width(row[at]) for row in rows if at < len(row) and width(row[at]) <= most), default=0)
        for at in range(count)
    ]
    lines: list[str] = []
    for row in rows:
        line, empty = indent, True
        for at, text in enumerate(row):
            part = pad(text, widths[at], at in right)
            needed = width(text) if at == len(row) - 1 and at not in right else width(part)
            if not empty and width(line) + 2 + needed > columns and width(line.rstrip()) > len(indent):
                lines.append(line.rstrip())
                line, empty = indent + "    ", True
            line, empty = line + ("" if empty else "  ") + part, False
        lines.append(line.rstrip())
    return [piece for line in lines for piece in (_fold(line, columns, indent))]


def _fold(line: str, columns: int, indent: str) -> list[str]:
    return [line] if width(line) <= columns else wrap(line, columns, indent, indent + "    ")


def number(value: int) -> str:
    """A count with thin groups: ``12 345``."""
    return f"{value:,}".replace(",", " ")


def size(value: int) -> str:
    """Bytes in the unit that reads best: ``512 B``, ``1.4 kB``, ``3.2 GB`` (powers of 1000)."""
    if value < 1000:
        return f"{value} B"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"


def duration(nanoseconds: int) -> str:
    """A length of time for a reader: ``0.25 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``, ``4 d 03 h``."""
    seconds = nanoseconds // 10**9
    if nanoseconds < 0:
        return "-" + duration(-nanoseconds)
    if seconds < 10:
        return f"{nanoseconds / 1e9:.2f} s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600:02d} h"


def plural(count: int, word: str) -> str:
    """``1 packet``, ``2 packets``, ``1 entry``, ``2 entries``."""
    if count == 1:
        return f"1 {word}"
    return f"{number(count)} {word[:-1]}ies" if word.endswith("y") else f"{number(count)} {word}s"
