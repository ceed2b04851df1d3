"""Tunnels that an IP protocol number names: IP in IP, GRE (and ERSPAN, PPTP, WCCP in it), EtherIP, MPLS.

Each function gives the step to what is inside, None where there is nothing that holds IP, or the
Reason why the tunnel header cannot be followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import dpkt.gre

from analyzer.decode.row import How, Layer, Step, header, short
from analyzer.tables import Reason

GRE_HEADER: Final = header(dpkt.gre.GRE)

GRE_VERSION: Final = 0x0007
GRE_ACK: Final = 0x0080

ERSPAN: Final = 0x88BE
ERSPAN_III: Final = 0x22EB
WCCP: Final = 0x883E
PPP_IN_GRE: Final = 0x880B

ERSPAN_II_LENGTH: Final = 8
ERSPAN_III_LENGTH: Final = 12
ERSPAN_III_PLATFORM: Final = 8

GRE_PROTOCOLS: Final = {
    0x0800: Layer.IPV4,
    0x86DD: Layer.IPV6,
    0x6558: Layer.ETHERNET,
    0x8847: Layer.MPLS,
    0x8848: Layer.MPLS,
    PPP_IN_GRE: Layer.PPP,
    0x894F: Layer.NSH,
}

Outcome = Step | Reason | None


def ipv4(_view: memoryview, pos: int, end: int, wire: int) -> Outcome:
    """IPv4 in IP (RFC 2003)."""
    return Step(Layer.IPV4, pos, end, wire)


def ipv6(_view: memoryview, pos: int, end: int, wire: int) -> Outcome:
    """IPv6 in IP (RFC 2473, RFC 4213)."""
    return Step(Layer.IPV6, pos, end, wire)


def mpls(_view: memoryview, pos: int, end: int, wire: int) -> Outcome:
    """MPLS in IP (RFC 4023)."""
    return Step(Layer.MPLS, pos, end, wire)


def ether_ip(view: memoryview, pos: int, end: int, wire: int) -> Outcome:
    """EtherIP (RFC 3378): two bytes, version 3 in the first nibble, then an Ethernet frame."""
    if end - pos < 2:
        return short(pos + 2, wire, Reason.TUNNEL)
    return Step(Layer.ETHERNET, pos + 2, end, wire) if view[pos] >> 4 == 3 else Reason.TUNNEL


def gre(view: memoryview, pos: int, end: int, wire: int) -> Outcome:
    """GRE version 0 (RFC 2784, 2890; NVGRE, RFC 7637) and version 1 (PPTP, RFC 2637).

    Source routing (RFC 1701) is not followed: RFC 2784 has receivers discard such packets.
    """
    if end - pos < GRE_HEADER.__hdr_len__:
        return short(pos + GRE_HEADER.__hdr_len__, wire, Reason.TUNNEL)
    parsed = GRE_HEADER(view[pos : pos + GRE_HEADER.__hdr_len__])
    flags, protocol = parsed.flags, parsed.p
    version = flags & GRE_VERSION
    if version > 1 or flags & dpkt.gre.GRE_RP or (version == 1 and protocol != PPP_IN_GRE):
        return Reason.TUNNEL
    optional = dpkt.gre.GRE_CP, dpkt.gre.GRE_KP, dpkt.gre.GRE_SP, GRE_ACK if version else 0
    pos += GRE_HEADER.__hdr_len__ + 4 * sum(bool(flags & flag) for flag in optional)
    if pos > end:
        return short(pos, wire, Reason.TUNNEL)
    if protocol in (ERSPAN, ERSPAN_III):
        return _erspan(
            view, pos, end, wire, sequenced=bool(flags & dpkt.gre.GRE_SP), third=protocol == ERSPAN_III
        )
    if protocol == WCCP:
        return _wccp(view, pos, end, wire)
    layer = GRE_PROTOCOLS.get(protocol)
    if layer is None or pos == wire:
        # PPTP acknowledgements and keep-alives carry nothing
        return None
    return Step(layer, pos, end, wire, How.MIRROR if layer is Layer.ETHERNET else How.PLAIN)


def _erspan(view: memoryview, pos: int, end: int, wire: int, *, sequenced: bool, third: bool) -> Outcome:
    """ERSPAN (draft-foschiano-erspan-03): type I has no header and no GRE sequence number.

    Type II has 8 bytes; type III 12, and 8 more where the O bit (lowest of byte 11) is set.
    """
    if third:
        if end - pos < ERSPAN_III_LENGTH:
            return short(pos + ERSPAN_III_LENGTH, wire, Reason.TUNNEL)
        pos += ERSPAN_III_LENGTH + (ERSPAN_III_PLATFORM if view[pos + 11] & 1 else 0)
    elif sequenced:
        pos += ERSPAN_II_LENGTH
    if pos > end:
        return short(pos, wire, Reason.TUNNEL)
    return Step(Layer.ETHERNET, pos, end, wire, How.MIRROR)


def _wccp(view: memoryview, pos: int, end: int, wire: int) -> Outcome:
    """WCCP redirects: version 2 puts four bytes before the IPv4 packet, version 1 none."""
    if end <= pos:
        return short(pos + 1, wire, Reason.TUNNEL)
    return Step(Layer.IPV4, pos if view[pos] >> 4 == 4 else pos + 4, end, wire)


PROTOCOLS: Final[dict[int, Callable[[memoryview, int, int, int], Outcome]]] = {
    4: ipv4,
    41: ipv6,
    47: gre,
    97: ether_ip,
    137: mpls,
}
"""IP protocol number → tunnel."""
