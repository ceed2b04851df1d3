"""Tunnels over UDP, known by their destination port: L2TP, GTP-U, VXLAN, Geneve.

A port number is a guess. Each function gives the step to what is inside if the tunnel header reads
as one, else None; if no IP packet turns up behind the step, the frame stays the UDP packet it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analyzer.decode.row import How, Layer, Step

TRANSPARENT_ETHERNET: Final = 0x6558
GTP_TPDU: Final = 255
"""GTP-U message type that carries a user packet (3GPP TS 29.281, 6.1)."""


def vxlan(view: memoryview, pos: int, end: int, wire: int) -> Step | None:
    """RFC 7348, 5: eight bytes, the I flag set, then an Ethernet frame."""
    if end - pos < 8 or not view[pos] & 0x08:
        return None
    return Step(Layer.ETHERNET, pos + 8, end, wire, How.GUESS)


def geneve(view: memoryview, pos: int, end: int, wire: int) -> Step | None:
    """RFC 8926, 3.4: eight bytes and options, version 0, then what the protocol type names."""
    if end - pos < 8 or view[pos] >> 6:
        return None
    inside = pos + 8 + (view[pos] & 0x3F) * 4
    protocol = view[pos + 2] << 8 | view[pos + 3]
    layer = {0x0800: Layer.IPV4, 0x86DD: Layer.IPV6, TRANSPARENT_ETHERNET: Layer.ETHERNET}.get(protocol)
    return None if layer is None else Step(layer, inside, end, wire, How.GUESS)


def gtp_u(view: memoryview, pos: int, end: int, wire: int) -> Step | None:
    """3GPP TS 29.281, 5.1: version 1, a T-PDU, optional fields and extension headers, then IP."""
    if end - pos < 8 or view[pos] >> 4 != 3 or view[pos + 1] != GTP_TPDU:
        return None
    inside = pos + 8
    if view[pos] & 0x07:
        inside += 4
        while inside <= end and view[inside - 1]:
            if inside >= end or not view[inside]:
                return None
            inside += view[inside] * 4
    return Step(Layer.IP, inside, end, wire, How.GUESS)


def l2tp(view: memoryview, pos: int, end: int, wire: int) -> Step | None:
    """L2TP version 2 (RFC 2661, 3.1): a data message, with its optional fields, then PPP."""
    if end - pos < 6 or view[pos] & 0x80 or view[pos + 1] & 0x0F != 2:
        return None
    flags = view[pos]
    pos += 6 + (2 if flags & 0x40 else 0) + (4 if flags & 0x08 else 0)
    if flags & 0x02:
        if end - pos < 2:
            return None
        pos += 2 + (view[pos] << 8 | view[pos + 1])
    return Step(Layer.PPP, pos, end, wire, How.GUESS)


PORTS: Final[dict[int, Callable[[memoryview, int, int, int], Step | None]]] = {
    1701: l2tp,
    2152: gtp_u,
    4789: vxlan,
    6081: geneve,
}
"""UDP destination port → tunnel (IANA's assignments)."""
