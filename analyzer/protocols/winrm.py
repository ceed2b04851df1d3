"""Windows Remote Management: WS-Management over HTTP on TCP 5985 and TLS on 5986 (MS-WSMV)."""

from __future__ import annotations

from analyzer.protocol import UNSURE, Payload, Protocol, Reading, ports
from analyzer.protocols._text import http
from analyzer.protocols._tls import inside


def recognise(payload: Payload) -> Reading:
    """An HTTP start line or a TLS record."""
    if payload.transport != "tcp":
        return UNSURE
    return http(payload) or inside(payload) or UNSURE


PROTOCOL = Protocol(
    name="winrm",
    title="Windows Remote Management",
    ports=ports("tcp", 5985, 5986),
    recognise=recognise,
)
