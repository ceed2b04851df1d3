"""The head of an HTTP/1 message: start line and the fields that say what body follows (RFC 9110, 9112)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from analyzer.protocols._text import METHODS

MOST: Final = 16_384
"""Bytes of a head that are gathered before it is given up."""
FIELDS: Final = 128
_RANGE: Final = re.compile(r"bytes\s*=\s*(\d{1,18})-(\d{0,18})\s*$", re.IGNORECASE)
_CONTENT_RANGE: Final = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)\s*$", re.IGNORECASE)
_NAME: Final = re.compile(r"filename\*?\s*=\s*(?:UTF-8'[^']*')?\"?([^\";]+)", re.IGNORECASE)


class Head(NamedTuple):
    """A request (``method`` and ``target``) or a response (``status``).

    ``length`` is its bytes up to the body; ``complete`` is False where a cut hides the end of it.
    """

    method: str
    target: str
    status: int
    fields: Mapping[str, str]
    length: int
    complete: bool

    @property
    def content_length(self) -> int | None:
        """Bytes of the body that are announced (RFC 9110 section 8.6)."""
        value = self.fields.get("content-length", "").partition(",")[0].strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None

    @property
    def chunked(self) -> bool:
        """Whether the body's end is told by its last chunk (RFC 9112 section 7.1)."""
        return "chunked" in self.fields.get("transfer-encoding", "").lower()

    @property
    def media_type(self) -> str:
        """The Content-Type field."""
        return self.fields.get("content-type", "")

    @property
    def file_name(self) -> str:
        """The name that Content-Disposition gives the file (RFC 6266), else empty."""
        match = _NAME.search(self.fields.get("content-disposition", ""))
        return match[1].strip() if match else ""

    @property
    def range(self) -> tuple[int, int | None] | None:
        """The one range asked for: first and last byte, None for the end (RFC 9110 section 14.2)."""
        match = _RANGE.match(self.fields.get("range", ""))
        return (int(match[1]), int(match[2]) if match[2] else None) if match else None

    @property
    def content_range(self) -> tuple[int, int, int | None] | None:
        """First byte, byte after the last, and size of the whole (RFC 9110 section 14.4)."""
        match = _CONTENT_RANGE.match(self.fields.get("content-range", ""))
        if not match:
            return None
        return int(match[1]), int(match[2]) + 1, int(match[3]) if match[3] != "*" else None


def begins(data: bytes) -> bool:
    """Whether ``data`` begins like a head."""
    return data.startswith(b"HTTP/") or data.partition(b" ")[0] in METHODS


def read(data: bytes, *, cut: bool = False) -> Head | None:
    """The head at the beginning of ``data``; None where it goes on, or is none.

    ``cut`` says that the bytes after ``data`` are not to be had: then what is there is read, and a target
    of which the end is missing ends in dots.
    """
    end = data.find(b"\r\n\r\n")
    size = end + 4
    bare = data.find(b"\n\n")
    if bare >= 0 and (end < 0 or bare < end):
        end, size = bare, bare + 2
    if end < 0 and not cut:
        return None
    lines = (data[:end] if end >= 0 else data).splitlines()
    if end < 0 and lines and not data.endswith(b"\n"):
        lines = [*lines[:-1], *(lines if len(lines) == 1 else [])]  # a line that was cut tells no value
    if not lines:
        return None
    first = lines[0].decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for line in lines[1:FIELDS]:
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(
                name.decode("latin-1").strip().lower(), value.decode("utf-8", "replace").strip()
            )
    words = first.split(" ")
    length = size if end >= 0 else len(data)
    if first.startswith("HTTP/"):
        code = words[1][:3] if len(words) > 1 else ""
        status = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 0
        return Head("", "", status, fields, length, end >= 0) if status else None
    if words[0].encode("utf-8", "replace") not in METHODS or len(words) < 2:
        return None
    ends = end >= 0 or len(words) > 2 or len(data) > len(lines[0])
    return Head(words[0], words[1] if ends else f"{words[1]}...", 0, fields, length, end >= 0)
