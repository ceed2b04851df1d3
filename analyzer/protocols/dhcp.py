"""DHCP and BOOTP on UDP 67, 68 (and 4011, PXE): RFC 951, RFC 2131, RFC 2132."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports

CLAIMS = ports("udp", 67, 68, 4011)
COOKIE: Final = b"\x63\x82\x53\x63"
_COOKIE_AT: Final = 236
_TYPES: Final = (
    "", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM", "FORCERENEW",
)  # fmt: skip
_UNANSWERED: Final = frozenset({4, 7})


def _message_type(data: bytes) -> int:
    """The value of option 53, 0 where it is not in sight."""
    at = _COOKIE_AT + 4
    while at + 2 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if data[at] == 53:
            return data[at + 2]
        at += 2 + data[at + 1]
    return 0


def recognise(payload: Payload) -> Reading:
    """A BOOTP header; with DHCP's magic cookie it is believed on any port.

    The cookie lies beyond the bytes that the flow table keeps: there the header and the port have to do.
    """
    data = payload.data
    if payload.transport != "udp" or not data:
        return UNSURE
    if data[0] not in (1, 2) or (len(data) > 2 and data[2] > 16) or payload.wire < _COOKIE_AT:
        return NO
    if len(data) < 44:
        return UNSURE
    cookie = data[_COOKIE_AT : _COOKIE_AT + 4]
    at_home = not CLAIMS.isdisjoint({("udp", payload.src_port), ("udp", payload.dst_port)})
    if not (at_home or cookie == COOKIE):
        return UNSURE
    kind = _message_type(data)
    name = _TYPES[kind] if kind < len(_TYPES) else f"type {kind}"
    if data[0] == 2:
        return Reading(Fit.YES, Says.RESPONSE, False, name or "BOOTP reply")
    due = kind not in _UNANSWERED if kind else None
    return Reading(Fit.YES, Says.REQUEST, due, name or "BOOTP request")


PROTOCOL = Protocol(
    name="dhcp",
    title="DHCP",
    ports=CLAIMS,
    recognise=recognise,
    distinctive=True,
    openings={"udp": frozenset({1, 2})},
)
