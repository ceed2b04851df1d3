"""NetBIOS name service on UDP 137: RFC 1002 section 4.2."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._dns import read
from analyzer.protocols._text import short

_WORDS: Final = {
    0: "query",
    5: "registration",
    6: "release",
    7: "wait",
    8: "refresh",
    9: "refresh",
    15: "multi-homed registration",
}
_BROADCAST: Final = 0x0010


def _decode(encoded: str) -> str:
    """A NetBIOS name from its first-level encoding (RFC 1001 section 14.1); as it is if it is none."""
    text = encoded.partition(".")[0]
    if len(text) != 32 or not all("A" <= letter <= "P" for letter in text):
        return encoded
    raw = bytes((ord(text[at]) - 65) << 4 | ord(text[at + 1]) - 65 for at in range(0, 32, 2))
    return f"{short(raw[:15].rstrip(bytes((0, 32))), 15)}<{raw[15]:02x}>"


def recognise(payload: Payload) -> Reading:
    """A name service message. One that is broadcast is answered only by the name's owner, if there is one."""
    if payload.transport != "udp":
        return UNSURE
    header = read(payload, frozenset(_WORDS))
    if isinstance(header, Reading):
        return header
    detail = f"{_WORDS[header.opcode]} {_decode(header.name or '')}".rstrip()
    if header.response:
        return Reading(Fit.YES, Says.RESPONSE, False, f"response to {detail}")
    return Reading(Fit.YES, Says.REQUEST, not header.flags & _BROADCAST, detail)


PROTOCOL = Protocol(
    name="nbns",
    title="NetBIOS name service",
    ports=ports("udp", 137),
    recognise=recognise,
)
