"""STUN and TURN on 3478: RFC 8489 section 5, RFC 8656."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports

COOKIE: Final = b"\x21\x12\xa4\x42"
_CLASSES: Final = (
    ("request", Says.REQUEST, True),
    ("indication", Says.ANNOUNCE, False),
    ("success response", Says.RESPONSE, False),
    ("error response", Says.RESPONSE, False),
)
_METHODS: Final = {
    1: "Binding",
    3: "Allocate",
    4: "Refresh",
    6: "Send",
    7: "Data",
    8: "CreatePermission",
    9: "ChannelBind",
}


def recognise(payload: Payload) -> Reading:
    """A message with the magic cookie whose length is the datagram's.

    The port also carries TURN's channel data and the media itself, so nothing there contradicts.
    """
    data = payload.data
    if len(data) < 20 or data[0] & 0xC0 or data[4:8] != COOKIE:
        return UNSURE
    length = int.from_bytes(data[2:4], "big")
    if length % 4 or (payload.transport == "udp" and 20 + length != payload.wire):
        return UNSURE
    kind = int.from_bytes(data[:2], "big")
    method = kind & 0xF | kind >> 1 & 0x70 | kind >> 2 & 0xF80
    word, says, due = _CLASSES[kind >> 4 & 1 | kind >> 7 & 2]
    return Reading(Fit.YES, says, due, f"{_METHODS.get(method, f'method {method}')} {word}")


PROTOCOL = Protocol(
    name="stun",
    title="STUN",
    ports=ports("udp", 3478) | ports("tcp", 3478),
    recognise=recognise,
    distinctive=True,
    openings={"udp": frozenset(range(0x40)), "tcp": frozenset(range(0x40))},
    plain="stun",
)
