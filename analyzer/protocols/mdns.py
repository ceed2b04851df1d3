"""Multicast DNS on UDP 5353: RFC 6762."""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._dns import parse
from analyzer.protocols._judge import judge

_QUERY: Final = frozenset({0})


def recognise(payload: Payload) -> Reading:
    """A query, which nobody may be able to answer, or a response, which is also sent unasked."""
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    try:
        header = parse(payload.data, payload.wire, _QUERY)
    except DissectError as error:
        return judge(error, payload)
    if header.response:
        return Reading(Fit.YES, Says.ANNOUNCE, False, header.detail)
    return Reading(Fit.YES, Says.REQUEST, False, header.detail)


PROTOCOL = Protocol(
    name="mdns",
    title="Multicast DNS",
    ports=ports("udp", 5353),
    recognise=recognise,
    groups=frozenset({"224.0.0.251", "ff02::fb"}),
)
