"""Cisco's Hot Standby Router Protocol on UDP 1985: RFC 2281; version 2 is type-length-value."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_OPCODES: Final = {0: "Hello", 1: "Coup", 2: "Resign", 3: "Advertise"}


def recognise(payload: Payload) -> Reading:
    """A message of 20 bytes or more with a known operation."""
    data = payload.data
    if payload.transport != "udp" or not data:
        return UNSURE
    if payload.wire < 4:
        return NO
    if len(data) < 4:
        return UNSURE
    if data[0] == 0 and data[1] in _OPCODES:
        return Reading(Fit.YES, Says.ANNOUNCE, False, _OPCODES[data[1]])
    if data[:3] == b"\1\x28\2":
        name = _OPCODES.get(data[3])
        return Reading(Fit.YES, Says.ANNOUNCE, False, f"version 2 {name}") if name else NO
    return UNSURE


PROTOCOL = Protocol(
    name="hsrp",
    title="HSRP",
    ports=ports("udp", 1985),
    recognise=recognise,
    groups=frozenset({"224.0.0.2", "224.0.0.102", "ff02::66"}),
)
