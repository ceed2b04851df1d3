"""RADIUS on UDP 1812, 1813 and the older 1645, 1646; dynamic authorisation on 3799: RFC 2865, 2866, 5176."""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._judge import judge

_CODES: Final = {
    1: ("Access-Request", Says.REQUEST),
    2: ("Access-Accept", Says.RESPONSE),
    3: ("Access-Reject", Says.RESPONSE),
    4: ("Accounting-Request", Says.REQUEST),
    5: ("Accounting-Response", Says.RESPONSE),
    11: ("Access-Challenge", Says.RESPONSE),
    12: ("Status-Server", Says.REQUEST),
    40: ("Disconnect-Request", Says.REQUEST),
    41: ("Disconnect-ACK", Says.RESPONSE),
    42: ("Disconnect-NAK", Says.RESPONSE),
    43: ("CoA-Request", Says.REQUEST),
    44: ("CoA-ACK", Says.RESPONSE),
    45: ("CoA-NAK", Says.RESPONSE),
}


def recognise(payload: Payload) -> Reading:
    """A packet of a known code and a length that it can have (RFC 2865 section 3: 20 to 4096)."""
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    cursor = Cursor(payload.data, "RADIUS")
    try:
        code, _, length = cursor.u8(), cursor.u8(), cursor.u16()
        if not 20 <= length <= min(4096, payload.wire):
            raise DissectError("RADIUS length", 2)
    except DissectError as error:
        return judge(error, payload)
    if code not in _CODES:
        return UNSURE
    name, says = _CODES[code]
    return Reading(Fit.YES, says, says is Says.REQUEST, name)


PROTOCOL = Protocol(
    name="radius",
    title="RADIUS",
    ports=ports("udp", 1812, 1813, 1645, 1646, 3799),
    recognise=recognise,
)
