"""UPnP description, control and eventing: HTTP on TCP 1900 and 1901.

UPnP Device Architecture 1.1, sections 2 to 4.
"""

from __future__ import annotations

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import start_line


def recognise(payload: Payload) -> Reading:
    """A segment that begins with an HTTP start line; anything else may be the middle of a document."""
    line = start_line(payload.data) if payload.transport == "tcp" else None
    if line is None:
        return UNSURE
    if line.status:
        return Reading(Fit.YES, Says.RESPONSE, None, f"HTTP {line.status}")
    return Reading(Fit.YES, Says.REQUEST, True, f"{line.method} {line.target}")


PROTOCOL = Protocol(
    name="upnp",
    title="UPnP (HTTP)",
    ports=ports("tcp", 1900, 1901),
    recognise=recognise,
    plain="http",
)
