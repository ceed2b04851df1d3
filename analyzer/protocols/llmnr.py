"""Link-local multicast name resolution on 5355: RFC 4795."""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._dns import parse
from analyzer.protocols._judge import judge

_QUERY: Final = frozenset({0})


def recognise(payload: Payload) -> Reading:
    """A query, which only the owner of the name answers, or a response."""
    data, wire = payload.data, payload.wire
    if not data:
        return UNSURE
    if payload.transport == "tcp":
        wire = int.from_bytes(data[:2], "big")
        data = data[2 : 2 + wire]
    try:
        header = parse(data, wire, _QUERY)
    except DissectError as error:
        return judge(error, payload)
    if header.response:
        return Reading(Fit.YES, Says.RESPONSE, False, header.detail)
    return Reading(Fit.YES, Says.REQUEST, False, header.detail)


PROTOCOL = Protocol(
    name="llmnr",
    title="LLMNR",
    ports=ports("udp", 5355) | ports("tcp", 5355),
    recognise=recognise,
    groups=frozenset({"224.0.0.252", "ff02::1:3"}),
)
