"""NetBIOS datagram service on UDP 138: RFC 1002 section 4.4."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_TYPES: Final = {
    0x10: "direct unique",
    0x11: "direct group",
    0x12: "broadcast",
    0x13: "error",
    0x14: "query request",
    0x15: "positive query response",
    0x16: "negative query response",
}


def recognise(payload: Payload) -> Reading:
    """A datagram of a known type; nobody answers it."""
    data = payload.data
    if payload.transport != "udp" or not data:
        return UNSURE
    if data[0] not in _TYPES or (len(data) > 1 and data[1] & 0xF0):
        return NO
    if payload.wire < 10:
        return NO
    return Reading(Fit.YES, Says.ANNOUNCE, False, _TYPES[data[0]]) if len(data) >= 10 else UNSURE


PROTOCOL = Protocol(
    name="nbdgm",
    title="NetBIOS datagram service",
    ports=ports("udp", 138),
    recognise=recognise,
)
