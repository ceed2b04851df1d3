"""DNS over UDP and TCP 53: RFC 1035, RFC 7766 (two bytes of length before each message over TCP)."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._dns import read

OPCODES: Final = frozenset({0, 1, 2, 4, 5, 6})
"""Query, inverse query, status, notify, update, stateful operations (IANA)."""


def recognise(payload: Payload) -> Reading:
    """A DNS message. A query is owed a response."""
    header = read(payload, OPCODES)
    if isinstance(header, Reading):
        return header
    if header.response:
        return Reading(Fit.YES, Says.RESPONSE, False, header.detail)
    if not any(header.counts):
        return UNSURE
    return Reading(Fit.YES, Says.REQUEST, True, header.detail)


PROTOCOL = Protocol(
    name="dns",
    title="DNS",
    ports=ports("udp", 53) | ports("tcp", 53),
    recognise=recognise,
    plain="dns",
)
