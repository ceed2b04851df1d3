"""DHCP for IPv6 on UDP 546 and 547: RFC 8415 section 7.3 and 8."""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._judge import judge

_ASK, _ANSWER, _TELL = (Says.REQUEST, True), (Says.RESPONSE, False), (Says.ANNOUNCE, False)
_TYPES: Final[dict[int, tuple[str, tuple[Says, bool]]]] = {
    1: ("SOLICIT", _ASK),
    2: ("ADVERTISE", _ANSWER),
    3: ("REQUEST", _ASK),
    4: ("CONFIRM", _ASK),
    5: ("RENEW", _ASK),
    6: ("REBIND", _ASK),
    7: ("REPLY", _ANSWER),
    8: ("RELEASE", _ASK),
    9: ("DECLINE", _ASK),
    10: ("RECONFIGURE", _TELL),
    11: ("INFORMATION-REQUEST", _ASK),
    12: ("RELAY-FORW", _ASK),
    13: ("RELAY-REPL", _ANSWER),
}


def recognise(payload: Payload) -> Reading:
    """A message of a known type whose options fill it."""
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    cursor = Cursor(payload.data, "DHCPv6")
    kind = cursor.u8()
    if kind not in _TYPES:
        return judge(DissectError("DHCPv6 type", 0), payload) if not 14 <= kind <= 36 else UNSURE
    name, (says, due) = _TYPES[kind]
    try:
        cursor.take(33 if kind in (12, 13) else 3)
        while cursor.left:
            cursor.u16()
            cursor.take(cursor.u16())
    except DissectError as error:
        if not payload.cut or len(payload.data) < 8:
            return judge(error, payload)
    return Reading(Fit.YES, says, due, name)


PROTOCOL = Protocol(
    name="dhcpv6",
    title="DHCPv6",
    ports=ports("udp", 546, 547),
    recognise=recognise,
    groups=frozenset({"ff02::1:2", "ff05::1:3"}),
)
