"""LDAP on 389, the global catalogue on 3268, both over TLS on 636 and 3269, CLDAP on UDP 389.

RFC 4511, MS-ADTS section 6.3.3.
"""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._ber import SEQUENCE, header, integer
from analyzer.protocols._judge import judge
from analyzer.protocols._tls import inside

_REQUESTS: Final = {
    0x60: "bindRequest",
    0x42: "unbindRequest",
    0x63: "searchRequest",
    0x66: "modifyRequest",
    0x68: "addRequest",
    0x4A: "delRequest",
    0x6C: "modDNRequest",
    0x6E: "compareRequest",
    0x50: "abandonRequest",
    0x77: "extendedReq",
}
_UNANSWERED: Final = frozenset({0x42, 0x50})
_RESPONSES: Final = {
    0x61: "bindResponse",
    0x64: "searchResEntry",
    0x65: "searchResDone",
    0x67: "modifyResponse",
    0x69: "addResponse",
    0x6B: "delResponse",
    0x6D: "modDNResponse",
    0x6F: "compareResponse",
    0x73: "searchResRef",
    0x78: "extendedResp",
    0x79: "intermediateResponse",
}


def recognise(payload: Payload) -> Reading:
    """An LDAP message or, over TCP, a TLS record."""
    if not payload.data:
        return UNSURE
    if payload.transport == "tcp" and (wrapped := inside(payload)):
        return wrapped
    cursor = Cursor(payload.data, "LDAP")
    try:
        header(cursor, SEQUENCE)
        integer(cursor)
        tag, _ = header(cursor, *_REQUESTS, *_RESPONSES)
    except DissectError as error:
        return judge(error, payload)
    if tag in _REQUESTS:
        return Reading(Fit.YES, Says.REQUEST, tag not in _UNANSWERED, _REQUESTS[tag])
    return Reading(Fit.YES, Says.RESPONSE, False, _RESPONSES[tag])


PROTOCOL = Protocol(
    name="ldap",
    title="LDAP",
    ports=ports("tcp", 389, 636, 3268, 3269) | ports("udp", 389),
    recognise=recognise,
)
