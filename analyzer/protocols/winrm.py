"""Windows Remote Management: WS-Management over HTTP on TCP 5985 and TLS on 5986 (MS-WSMV)."""

from __future__ import annotations

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import start_line
from analyzer.protocols._tls import inside


def recognise(payload: Payload) -> Reading:
    """An HTTP start line or a TLS record."""
    if payload.transport != "tcp":
        return UNSURE
    line = start_line(payload.data)
    if line is None:
        return inside(payload) or UNSURE
    if line.status:
        return Reading(Fit.YES, Says.RESPONSE, None, f"HTTP {line.status}")
    return Reading(Fit.YES, Says.REQUEST, True, f"{line.method} {line.target}")


PROTOCOL = Protocol(
    name="winrm",
    title="Windows Remote Management",
    ports=ports("tcp", 5985, 5986),
    recognise=recognise,
)
