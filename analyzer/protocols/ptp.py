"""Precision Time Protocol, version 2, on UDP 319 and 320 or Ethernet: IEEE 1588-2008 section 13."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_TYPES: Final = {
    0: ("Sync", Says.ANNOUNCE),
    1: ("Delay_Req", Says.REQUEST),
    2: ("Pdelay_Req", Says.REQUEST),
    3: ("Pdelay_Resp", Says.RESPONSE),
    8: ("Follow_Up", Says.ANNOUNCE),
    9: ("Delay_Resp", Says.RESPONSE),
    10: ("Pdelay_Resp_Follow_Up", Says.RESPONSE),
    11: ("Announce", Says.ANNOUNCE),
    12: ("Signaling", Says.NOTHING),
    13: ("Management", Says.NOTHING),
}


def recognise(payload: Payload) -> Reading:
    """A version 2 header whose length the datagram can hold; version 1 is left open."""
    data = payload.data
    if payload.transport != "udp" or len(data) < 4:
        return UNSURE
    if data[:2] == b"\0\1":
        return UNSURE
    kind, version, length = data[0] & 15, data[1] & 15, int.from_bytes(data[2:4], "big")
    if version != 2 or kind not in _TYPES or not 34 <= length <= payload.wire:
        return NO
    name, says = _TYPES[kind]
    return Reading(Fit.YES, says, False if says is Says.ANNOUNCE else None, name)


PROTOCOL = Protocol(
    name="ptp",
    title="PTP",
    ports=ports("udp", 319, 320),
    transports=frozenset({"ptp-l2"}),
    recognise=recognise,
    groups=frozenset({"224.0.1.129", "224.0.0.107", "ff0e::181", "ff02::6b"}),
)
