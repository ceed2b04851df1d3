"""Multicast DNS on UDP 5353: RFC 6762."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._dns import read

_QUERY: Final = frozenset({0})


def recognise(payload: Payload) -> Reading:
    """A query, which nobody may be able to answer, or a response, which is also sent unasked."""
    if payload.transport != "udp":
        return UNSURE
    header = read(payload, _QUERY)
    if isinstance(header, Reading):
        return header
    says = Says.ANNOUNCE if header.response else Says.REQUEST
    return Reading(Fit.YES, says, False, header.detail)


PROTOCOL = Protocol(
    name="mdns",
    title="Multicast DNS",
    ports=ports("udp", 5353),
    recognise=recognise,
    groups=frozenset({"224.0.0.251", "ff02::fb"}),
)
