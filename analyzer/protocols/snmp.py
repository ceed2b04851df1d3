"""SNMP on UDP 161 and 162: RFC 1157, RFC 3416, RFC 3412 (version 3, whose PDU may be encrypted)."""

from __future__ import annotations

from typing import Final

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._ber import OCTETS, SEQUENCE, header, integer
from analyzer.protocols._judge import judge

_ASK, _ANSWER, _TELL = (Says.REQUEST, True), (Says.RESPONSE, False), (Says.ANNOUNCE, False)
_PDUS: Final[dict[int, tuple[str, tuple[Says, bool]]]] = {
    0xA0: ("GetRequest", _ASK),
    0xA1: ("GetNextRequest", _ASK),
    0xA2: ("Response", _ANSWER),
    0xA3: ("SetRequest", _ASK),
    0xA4: ("Trap", _TELL),
    0xA5: ("GetBulkRequest", _ASK),
    0xA6: ("InformRequest", _ASK),
    0xA7: ("Trap", _TELL),
    0xA8: ("Report", _ANSWER),
}
_VERSIONS: Final = {0: "1", 1: "2c", 3: "3"}
_REPORTABLE: Final = 4


def _read(cursor: Cursor, wire: int) -> Reading:
    _, length = header(cursor, SEQUENCE)
    if cursor.offset + length > wire:
        raise DissectError("SNMP length", 1)
    version = integer(cursor)
    if version not in _VERSIONS:
        raise DissectError("SNMP version", cursor.offset - 1)
    if version == 3:
        header(cursor, SEQUENCE)
        integer(cursor)
        integer(cursor)
        _, length = header(cursor, OCTETS)
        flags = cursor.take(length)
        asks = bool(flags) and bool(flags[0] & _REPORTABLE)
        return Reading(Fit.YES, Says.REQUEST if asks else Says.NOTHING, asks or None, "SNMPv3")
    _, length = header(cursor, OCTETS)
    cursor.take(length)
    name, (says, due) = _PDUS[header(cursor, *_PDUS)[0]]
    return Reading(Fit.YES, says, due, f"SNMPv{_VERSIONS[version]} {name}")


def recognise(payload: Payload) -> Reading:
    """An SNMP message. Version 3 tells by its reportable flag that a reply is due (RFC 3412 section 6.4)."""
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    try:
        return _read(Cursor(payload.data, "SNMP"), payload.wire)
    except DissectError as error:
        return judge(error, payload)


PROTOCOL = Protocol(
    name="snmp",
    title="SNMP",
    ports=ports("udp", 161, 162),
    recognise=recognise,
)
