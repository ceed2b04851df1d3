"""Teredo on UDP 3544: IPv6 inside UDP, RFC 4380 section 5.1."""

from __future__ import annotations

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._judge import judge

_ROUTER_SOLICITATION, _ROUTER_ADVERTISEMENT = 133, 134


def _read(cursor: Cursor, wire: int) -> Reading:
    first = cursor.u8()
    while first == 0:
        kind = cursor.u8()
        if kind == 1:
            client, secret = cursor.u8(), cursor.u8()
            cursor.take(client + secret + 9)
        elif kind == 0:
            cursor.take(6)
        else:
            raise DissectError("Teredo header", cursor.offset - 1)
        first = cursor.u8()
    begin = cursor.offset - 1
    if first >> 4 != 6:
        raise DissectError("Teredo IPv6 version", begin)
    cursor.take(3)
    length, following = cursor.u16(), cursor.u8()
    if begin + 40 + length > wire:
        raise DissectError("Teredo IPv6 length", begin + 4)
    cursor.take(33)
    icmp = cursor.u8() if following == 58 else 0
    if icmp == _ROUTER_SOLICITATION:
        return Reading(Fit.YES, Says.REQUEST, True, "router solicitation")
    if icmp == _ROUTER_ADVERTISEMENT:
        return Reading(Fit.YES, Says.RESPONSE, False, "router advertisement")
    return Reading(Fit.YES, detail="IPv6")


def recognise(payload: Payload) -> Reading:
    """An IPv6 packet that the datagram can hold, after Teredo's own headers if there are any."""
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    try:
        return _read(Cursor(payload.data, "Teredo"), payload.wire)
    except DissectError as error:
        return judge(error, payload)


PROTOCOL = Protocol(
    name="teredo",
    title="Teredo",
    ports=ports("udp", 3544),
    recognise=recognise,
)
