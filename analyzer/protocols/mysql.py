"""MySQL and MariaDB on TCP 3306: the client/server protocol's handshake, which the server begins."""

from __future__ import annotations

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import short
from analyzer.protocols._tls import inside


def recognise(payload: Payload) -> Reading:
    """The server's greeting, the client's answer to it or a TLS record."""
    data = payload.data
    if payload.transport != "tcp" or len(data) < 6:
        return UNSURE
    length, sequence = int.from_bytes(data[:3], "little"), data[3]
    if 4 + length == payload.wire and sequence == 0 and data[4] == 10 and data[5:6].isdigit():
        return Reading(Fit.YES, Says.RESPONSE, None, f"server {short(data[5:].partition(bytes(1))[0])}")
    if 4 + length == payload.wire and sequence == 1 and length >= 32:
        return Reading(Fit.YES, Says.REQUEST, True, "login")
    return inside(payload) or UNSURE


PROTOCOL = Protocol(
    name="mysql",
    title="MySQL",
    ports=ports("tcp", 3306),
    recognise=recognise,
)
