"""Kerberos 5 on 88 and its password service on 464: RFC 4120 section 5 and 7.2, RFC 3244.

Igor uses 88 for its configuration service: these bytes are what tells the two apart.
"""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._ber import SEQUENCE, header, integer
from analyzer.protocols._judge import judge

_MESSAGES: Final = {
    0x6A: ("AS-REQ", Says.REQUEST),
    0x6B: ("AS-REP", Says.RESPONSE),
    0x6C: ("TGS-REQ", Says.REQUEST),
    0x6D: ("TGS-REP", Says.RESPONSE),
    0x6E: ("AP-REQ", Says.REQUEST),
    0x6F: ("AP-REP", Says.RESPONSE),
    0x7E: ("KRB-ERROR", Says.RESPONSE),
}
_PASSWORD: Final = 464


def _message(cursor: Cursor, wire: int) -> Reading:
    """One message that fills the ``wire`` bytes from the cursor on, at least as far as is in sight."""
    begin = cursor.offset
    tag, length = header(cursor, *_MESSAGES)
    if cursor.offset - begin + length != wire:
        raise DissectError("Kerberos length", begin + 1)
    header(cursor, SEQUENCE)
    # pvno [1] in requests to the KDC, [0] in the others: always 5.
    header(cursor, 0xA0, 0xA1)
    if integer(cursor) != 5:
        raise DissectError("Kerberos version", cursor.offset - 1)
    name, says = _MESSAGES[tag]
    return Reading(Fit.YES, says, says is Says.REQUEST, name)


def _password(cursor: Cursor, wire: int) -> Reading:
    """RFC 3244 section 2: length, version, length of the AP-REQ or AP-REP that follows."""
    length, version, ticket = cursor.u16(), cursor.u16(), cursor.u16()
    if length != wire or version not in (1, 0xFF80):
        raise DissectError("kpasswd header", 0)
    if ticket == 0:
        return Reading(Fit.YES, Says.RESPONSE, False, "kpasswd error")
    tag, _ = header(cursor, 0x6E, 0x6F)
    says = Says.REQUEST if tag == 0x6E else Says.RESPONSE
    return Reading(Fit.YES, says, says is Says.REQUEST, "kpasswd")


def recognise(payload: Payload) -> Reading:
    """A Kerberos message; over TCP after four bytes of length (RFC 4120 section 7.2.2)."""
    if not payload.data:
        return UNSURE
    cursor, wire = Cursor(payload.data, "Kerberos"), payload.wire
    read = _password if _PASSWORD in (payload.src_port, payload.dst_port) else _message
    try:
        if payload.transport == "tcp":
            wire = cursor.u32()
        return read(cursor, wire)
    except DissectError as error:
        return judge(error, payload)


PROTOCOL = Protocol(
    name="kerberos",
    title="Kerberos",
    ports=ports("udp", 88, 464) | ports("tcp", 88, 464),
    recognise=recognise,
)
