"""HTTP/1.x and the HTTP/2 preface in clear text: RFC 9112. Ports 80 and 8080."""

from __future__ import annotations

from analyzer.protocol import UNSURE, Payload, Protocol, Reading, ports
from analyzer.protocols._text import http


def recognise(payload: Payload) -> Reading:
    """A segment that begins with a request line or a status line; else it may be the middle of a body."""
    return http(payload) or UNSURE


PROTOCOL = Protocol(
    name="http",
    title="HTTP",
    ports=ports("tcp", 80, 8080),
    recognise=recognise,
    distinctive=True,
    openings={"tcp": frozenset(range(ord("A"), ord("Z") + 1))},
    plain="http",
)
