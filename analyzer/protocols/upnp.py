"""UPnP description, control and eventing: HTTP on TCP 1900 and 1901.

UPnP Device Architecture 1.1, sections 2 to 4.
"""

from __future__ import annotations

from analyzer.protocol import UNSURE, Payload, Protocol, Reading, ports
from analyzer.protocols._text import http


def recognise(payload: Payload) -> Reading:
    """A segment that begins with an HTTP start line; anything else may be the middle of a document."""
    return http(payload) or UNSURE


PROTOCOL = Protocol(
    name="upnp",
    title="UPnP (HTTP)",
    ports=ports("tcp", 1900, 1901),
    recognise=recognise,
    plain="http",
)
