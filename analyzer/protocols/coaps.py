"""CoAP inside DTLS on UDP 5684: RFC 7252 section 9, RFC 6347, RFC 9147. The payload stays encrypted."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_VERSIONS: Final = (b"\xfe\xff", b"\xfe\xfd", b"\x01\x00")
"""DTLS 1.0, DTLS 1.2 (and the header of 1.3's handshake), OpenSSL's pre-standard version."""
_HANDSHAKES: Final = {
    0: (Says.RESPONSE, "HelloRequest"),
    1: (Says.REQUEST, "ClientHello"),
    2: (Says.RESPONSE, "ServerHello"),
    3: (Says.RESPONSE, "HelloVerifyRequest"),
    11: (Says.NOTHING, "Certificate"),
    12: (Says.RESPONSE, "ServerKeyExchange"),
    13: (Says.RESPONSE, "CertificateRequest"),
    14: (Says.RESPONSE, "ServerHelloDone"),
    16: (Says.REQUEST, "ClientKeyExchange"),
}
_OTHERS: Final = {
    20: "ChangeCipherSpec",
    21: "Alert",
    23: "application data",
    24: "heartbeat",
    25: "application data",
}


def recognise(payload: Payload) -> Reading:
    """A datagram that begins with a DTLS record.

    DTLS 1.3 ciphertext (RFC 9147 section 4, first bits 001) has nothing else to check.
    """
    data = payload.data
    if payload.transport != "udp" or not data:
        return UNSURE
    if data[0] >> 5 == 1:
        return UNSURE
    if data[0] != 22 and data[0] not in _OTHERS:
        return NO
    if not any(version.startswith(data[1:3]) for version in _VERSIONS):
        return NO
    if len(data) < 13:
        return UNSURE if payload.cut else NO
    if 13 + int.from_bytes(data[11:13], "big") > payload.wire:
        return NO
    if data[0] != 22:
        return Reading(Fit.YES, detail=f"DTLS {_OTHERS[data[0]]}")
    epoch = int.from_bytes(data[3:5], "big")
    if epoch or len(data) < 14 or data[13] not in _HANDSHAKES:
        return Reading(Fit.YES, detail="DTLS handshake")
    says, name = _HANDSHAKES[data[13]]
    return Reading(Fit.YES, says, True if name == "ClientHello" else None, f"DTLS {name}")


PROTOCOL = Protocol(
    name="coaps",
    title="CoAP over DTLS",
    ports=ports("udp", 5684),
    recognise=recognise,
)
