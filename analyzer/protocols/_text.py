"""Text protocols: start lines and header fields of HTTP and of what borrows its form (SSDP, UPnP).

RFC 9112 section 2 and 3; a start line is recognised while it is still incomplete.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from analyzer.protocol import Fit, Payload, Reading, Says

METHODS: Final = frozenset(
    b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK "
    b"REPORT SEARCH SUBSCRIBE UNSUBSCRIBE NOTIFY M-SEARCH M-POST BITS_POST CCM_POST RPC_IN_DATA "
    b"RPC_OUT_DATA".split()
)
"""Methods believed before the end of the line is in sight."""

LIMIT: Final = 80
"""Characters of a stranger's text that a detail carries: one line of a report."""

_REQUEST: Final = rb"([A-Z][A-Z_-]{0,31}) ([^\s\x00-\x1f]{1,8192}) HTTP/[12]\.[0-9][ \t]*\r?\n"
_STATUS: Final = rb"HTTP/[123](?:\.[0-9])? ([1-5][0-9][0-9])(?:[ \r\n]|$)"
_TARGETS: Final = (b"/", b"*", b"http://", b"https://")


class StartLine(NamedTuple):
    """A request line (``method`` and ``target``) or a status line (``status``, else 0)."""

    method: str = ""
    target: str = ""
    status: int = 0


def short(data: bytes, limit: int = LIMIT) -> str:
    """At most ``limit`` characters of ``data`` as text, undecodable bytes replaced."""
    text = data[: 4 * limit].decode("utf-8", "replace")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def start_line(data: bytes) -> StartLine | None:
    """The HTTP start line at the beginning of ``data``, None where there is none (yet).

    An incomplete request line counts once its method is a known one and its target has begun as a
    target does; an incomplete status line once its code is there.
    """
    if match := re.match(_REQUEST, data):
        return StartLine(method=match[1].decode(), target=short(match[2]))
    if match := re.match(_STATUS, data):
        return StartLine(status=int(match[1]))
    if b"\n" in data:
        return None
    method, space, rest = data.partition(b" ")
    target, _, version = rest.partition(b" ")
    if not space or method not in METHODS or not b"HTTP/".startswith(version[:5]):
        return None
    if target.startswith(_TARGETS) or (method == b"CONNECT" and b":" in target):
        return StartLine(method=method.decode(), target=short(target))
    return None


def http(payload: Payload) -> Reading | None:
    """What the HTTP start line of a TCP segment says; None where it begins with none (yet).

    A segment without one may be the middle of a body.
    """
    line = start_line(payload.data) if payload.transport == "tcp" else None
    if line is None:
        return None
    if line.status:
        return Reading(Fit.YES, Says.RESPONSE, None, f"HTTP {line.status}")
    return Reading(Fit.YES, Says.REQUEST, True, f"{line.method} {line.target}")


def may_start(data: bytes) -> bool:
    """Whether ``data``, too short for :func:`start_line`, could still become a start line."""
    if b"HTTP/".startswith(data[:5]) and len(data) < 12:
        return True
    method, space, rest = data.partition(b" ")
    if not space:
        return any(known.startswith(method) for known in METHODS)
    return method in METHODS and any(target.startswith(rest) for target in _TARGETS)


def fields(data: bytes) -> dict[str, str]:
    """The header fields after the start line, names in lower case; a repeated or cut field's first line."""
    head = data.partition(b"\r\n\r\n")[0]
    found: dict[str, str] = {}
    for line in head.splitlines()[1:64]:
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(short(name.strip()).lower(), short(value.strip(), 200))
    return found
