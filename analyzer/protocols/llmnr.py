"""Link-local multicast name resolution on 5355: RFC 4795."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._dns import read

_QUERY: Final = frozenset({0})


def recognise(payload: Payload) -> Reading:
    """A query, which only the owner of the name answers, or a response."""
    header = read(payload, _QUERY)
    if isinstance(header, Reading):
        return header
    says = Says.RESPONSE if header.response else Says.REQUEST
    return Reading(Fit.YES, says, False, header.detail)


PROTOCOL = Protocol(
    name="llmnr",
    title="LLMNR",
    ports=ports("udp", 5355) | ports("tcp", 5355),
    recognise=recognise,
    groups=frozenset({"224.0.0.252", "ff02::1:3"}),
)
