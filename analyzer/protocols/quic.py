"""QUIC on UDP 443: RFC 8999 and RFC 9000 section 17. Only long headers can be read."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_V1, _V2 = 1, 0x6B3343CF
_PACKETS: Final = {
    _V1: ("Initial", "0-RTT", "Handshake", "Retry"),
    _V2: ("Retry", "Initial", "0-RTT", "Handshake"),
}
_SAYS: Final = {"0-RTT": Says.REQUEST, "Retry": Says.RESPONSE}


def recognise(payload: Payload) -> Reading:
    """A long header. A short header could be anything, and the fixed bit may be cleared (RFC 9287)."""
    data = payload.data
    if payload.transport != "udp" or len(data) < 7 or not data[0] & 0x80:
        return UNSURE
    version = int.from_bytes(data[1:5], "big")
    if data[5] > 20:
        return UNSURE
    if version == 0:
        return Reading(Fit.YES, Says.RESPONSE, False, "QUIC version negotiation")
    if not data[0] & 0x40:
        return UNSURE
    if version in _PACKETS:
        name = _PACKETS[version][data[0] >> 4 & 3]
        return Reading(Fit.YES, _SAYS.get(name, Says.NOTHING), None, f"QUIC {name}")
    if version >> 8 == 0xFF0000 or version >> 24 == ord("Q"):
        return Reading(Fit.YES, detail="QUIC draft")
    return UNSURE


PROTOCOL = Protocol(
    name="quic",
    title="QUIC",
    ports=ports("udp", 443),
    recognise=recognise,
)
