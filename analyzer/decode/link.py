"""Link layers with Ethernet types: Ethernet, VLAN tags, 802.2, MPLS, PPPoE, Linux cooked, ARP and others.

A frame that carries no IP is ``Kind.LINK`` with its MAC addresses, or undecoded (``NOT_DATA``) where the
link layer has none. A frame that should carry IP and whose IP header cannot be read is undecoded: it is
no flow of its Ethernet type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import dpkt
import dpkt.arp
import dpkt.ethernet
import dpkt.llc
import dpkt.pppoe
import dpkt.sll
import dpkt.sll2

from analyzer import tables
from analyzer.decode.row import Layer, Macs, Result, Row, Step, header, linked, short, stopped, unnamed
from analyzer.tables import Kind, Reason

ETHERNET_HEADER: Final = header(dpkt.ethernet.Ethernet)
ARP_HEADER: Final = header(dpkt.arp.ARP)
SLL_HEADER: Final = header(dpkt.sll.SLL)
SLL2_HEADER: Final = header(dpkt.sll2.SLL2)
PPPOE_HEADER: Final = header(dpkt.pppoe.PPPoE)
LLC_HEADER: Final = header(dpkt.llc.LLC)

MAX_LENGTH: Final = 1500
"""IEEE 802.3, 3.2.6: a type field up to this is a length."""

IP_TYPES: Final = {0x0800: Layer.IPV4, 0x86DD: Layer.IPV6}
TAGS: Final = {0x8100: 2, 0x88A8: 2, 0x9100: 2, 0x9200: 2, 0x8926: 4, 0x893F: 6}
"""Types of tags that another type follows → bytes of the tag: VLAN, VN-tag, 802.1BR E-tag."""
INSIDE: Final = {0x8847: Layer.MPLS, 0x8848: Layer.MPLS, 0x894F: Layer.NSH, 0x6558: Layer.ETHERNET}
ARP: Final = 0x0806
ARP_LENGTH: Final = 8
"""Bytes before the addresses."""
PPPOE_SESSION: Final = 0x8864
PROVIDER_BACKBONE: Final = 0x88E7
MACSEC: Final = 0x88E5

LLC_IP: Final = 0x06
LLC_SNAP: Final = 0xAA
UNNUMBERED: Final = 0x03
OUI_ETHERNET: Final = frozenset((0x000000, 0x0000F8))
"""RFC 1042, and 802.1H's bridge tunnel: the protocol id is an Ethernet type."""
OUI_CISCO: Final = 0x00000C

SLL_INTERFACES: Final = 1 << 16
"""Added to the interface index that a cooked v2 header names, so that it is no file interface."""
MAC_BROADCAST: Final = b"\xff" * 6
COOKED_BROADCAST: Final = b"\0\1"
"""The packet type of LINKTYPE_LINUX_SLL for what was sent to everyone on the link; the second version keeps
its low byte.
"""
ARPHRD_NETLINK: Final = 824
ARPHRD_IEEE80211: Final = 801
ARPHRD_RADIOTAP: Final = 803


def ethernet(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """IEEE 802.3: destination, source, type or length."""
    if end - pos < 14:
        return stopped(short(pos + 14, wire, Reason.LINK_HEADER))
    parsed = ETHERNET_HEADER(view[pos : pos + 14])
    layer = IP_TYPES.get(parsed.type)
    if layer is not None:
        return None, Step(layer, pos + 14, end, wire)
    macs = Macs(int.from_bytes(parsed.src), int.from_bytes(parsed.dst))
    return typed(view, pos + 14, end, wire, kind=parsed.type, macs=macs)


def typed(view: memoryview, pos: int, end: int, wire: int, *, kind: int, macs: Macs | None) -> Result:
    """What Ethernet type or 802.3 length ``kind`` says is at ``pos``, behind any number of tags."""
    while kind in TAGS:
        need = pos + TAGS[kind] + 2
        if need > end:
            return stopped(short(need, wire, Reason.LINK_HEADER))
        pos, kind = need, view[need - 2] << 8 | view[need - 1]
    layer = IP_TYPES.get(kind)
    if layer is not None:
        return None, Step(layer, pos, end, wire)
    if kind <= MAX_LENGTH:
        wire = min(wire, pos + kind)
        return llc(view, pos, min(end, wire), wire, macs)
    inside = INSIDE.get(kind)
    if inside is not None:
        return linked(macs, unnamed(kind)), Step(inside, pos, end, wire)
    special = SPECIAL.get(kind)
    if special is not None:
        return special(view, pos, end, wire, macs)
    return linked(macs, unnamed(kind)), None


def arp(view: memoryview, pos: int, end: int, wire: int, macs: Macs | None) -> Result:
    """ARP for IPv4 (RFC 826): protocol addresses, the opcode in ``flags`` (255 where it is larger).

    The hardware addresses may have any length: dpkt's ARP class knows only that of Ethernet, so only its
    first fields are used. Other protocols, and packets cut or too short, keep the MAC addresses and say why.
    """
    if end - pos < ARP_LENGTH:
        return linked(macs, tables.ARP, short(pos + ARP_LENGTH, wire, Reason.LINK_HEADER)), None
    parsed = ARP_HEADER(bytes(view[pos : pos + ARP_LENGTH]).ljust(ARP_HEADER.__hdr_len__, b"\0"))
    if parsed.pro != 0x0800 or parsed.pln != 4:
        return linked(macs, tables.ARP, Reason.LINK_HEADER), None
    sender = pos + ARP_LENGTH + parsed.hln
    target = sender + 4 + parsed.hln
    if target + 4 > end:
        return linked(macs, tables.ARP, short(target + 4, wire, Reason.LINK_HEADER)), None
    row = Row()
    row.kind = Kind.LINK
    row.version = 4
    row.transport = tables.ARP
    row.src_lo = int.from_bytes(view[sender : sender + 4])
    row.dst_lo = int.from_bytes(view[target : target + 4])
    row.flags = min(parsed.op, 0xFF)
    return row, None


def llc(view: memoryview, pos: int, end: int, wire: int, macs: Macs | None) -> Result:
    """IEEE 802.2: IP, SNAP with an Ethernet type or a Cisco protocol, or another service access point."""
    if end - pos < 3:
        return stopped(short(pos + 3, wire, Reason.LINK_HEADER))
    parsed = LLC_HEADER(view[pos : pos + 3])
    if parsed.ctl == UNNUMBERED and parsed.dsap == LLC_IP:
        return None, Step(Layer.IP, pos + 3, end, wire)
    if parsed.ctl != UNNUMBERED or parsed.dsap != LLC_SNAP:
        return linked(macs, tables.LLC + parsed.dsap), None
    pos += 8
    if pos > end:
        return stopped(short(pos, wire, Reason.LINK_HEADER))
    oui = int.from_bytes(view[pos - 5 : pos - 2])
    protocol = view[pos - 2] << 8 | view[pos - 1]
    if oui == OUI_CISCO:
        return linked(macs, tables.SNAP + protocol), None
    if oui in OUI_ETHERNET and protocol > MAX_LENGTH:
        return typed(view, pos, end, wire, kind=protocol, macs=macs)
    return linked(macs, tables.LLC + LLC_SNAP), None


def bare_llc(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """802.2 where no MAC addresses are known."""
    return llc(view, pos, end, wire, None)


def bare_type(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """An Ethernet type where no MAC addresses are known."""
    if end - pos < 2:
        return stopped(short(pos + 2, wire, Reason.LINK_HEADER))
    return typed(view, pos + 2, end, wire, kind=view[pos] << 8 | view[pos + 1], macs=None)


def pppoe(view: memoryview, pos: int, end: int, wire: int, macs: Macs | None) -> Result:
    """PPPoE session (RFC 2516, 4): the length bounds what follows.

    Version, type and code are not looked at: the Ethernet type already says that PPP follows.
    """
    if end - pos < 6:
        return stopped(short(pos + 6, wire, Reason.LINK_HEADER))
    parsed = PPPOE_HEADER(view[pos : pos + 6])
    wire = min(wire, pos + 6 + parsed.len)
    return linked(macs, unnamed(PPPOE_SESSION)), Step(Layer.PPP, pos + 6, min(end, wire), wire)


def backbone(view: memoryview, pos: int, end: int, wire: int, macs: Macs | None) -> Result:
    """IEEE 802.1ah: a service tag of four bytes, then the customer's Ethernet frame."""
    del view
    return linked(macs, unnamed(PROVIDER_BACKBONE)), Step(Layer.ETHERNET, pos + 4, end, wire)


def macsec(view: memoryview, pos: int, end: int, wire: int, macs: Macs | None) -> Result:
    """IEEE 802.1AE: what is only authenticated is read, what is encrypted is not."""
    if end - pos < 6:
        return stopped(short(pos + 6, wire, Reason.LINK_HEADER))
    control = view[pos]
    if control & 0x0C:
        return linked(macs, unnamed(MACSEC), Reason.ENCRYPTED), None
    step = Step(Layer.ETHERTYPE, pos + (14 if control & 0x20 else 6), end, wire)
    return linked(macs, unnamed(MACSEC)), step


SPECIAL: Final[dict[int, Callable[[memoryview, int, int, int, Macs | None], Result]]] = {
    ARP: arp,
    PPPOE_SESSION: pppoe,
    PROVIDER_BACKBONE: backbone,
    MACSEC: macsec,
}


def mpls(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """An MPLS label stack (RFC 3032), then IP by its version nibble, else a pseudowire's Ethernet frame.

    A zero nibble is the pseudowire control word of four bytes (RFC 4385, 3).
    """
    while True:
        pos += 4
        if pos > end:
            return stopped(short(pos, wire, Reason.LINK_HEADER))
        if view[pos - 2] & 1:
            break
    if pos >= end:
        return stopped(short(pos + 1, wire, Reason.LINK_HEADER))
    nibble = view[pos] >> 4
    if nibble in (4, 6):
        return None, Step(Layer.IPV4 if nibble == 4 else Layer.IPV6, pos, end, wire)
    if nibble == 1:
        # the associated channel (RFC 5586) is the network's own talk
        return stopped(Reason.NOT_DATA)
    return None, Step(Layer.ETHERNET, pos if nibble else pos + 4, end, wire)


def nsh(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Network service header (RFC 8300, 2.2): length in words, next protocol in byte 3."""
    if end - pos < 8:
        return stopped(short(pos + 8, wire, Reason.LINK_HEADER))
    layer = {1: Layer.IPV4, 2: Layer.IPV6, 3: Layer.ETHERNET, 5: Layer.MPLS}.get(view[pos + 3])
    length = (view[pos + 1] & 0x3F) * 4
    if layer is None or length < 8:
        return stopped(Reason.LINK_HEADER if length < 8 else Reason.NOT_DATA)
    return None, Step(layer, pos + length, end, wire)


def cooked(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Linux cooked v1: 16 bytes, the type last. The destination's address is not in it."""
    if end - pos < 16:
        return stopped(short(pos + 16, wire, Reason.LINK_HEADER))
    parsed = SLL_HEADER(view[pos : pos + 16])
    return _cooked(view, pos + 16, end, wire, parsed)


def cooked_v2(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Linux cooked v2: 20 bytes, the type first. ``interface_of`` reads the interface index."""
    if end - pos < 20:
        return stopped(short(pos + 20, wire, Reason.LINK_HEADER))
    parsed = SLL2_HEADER(view[pos : pos + 20])
    return _cooked(view, pos + 20, end, wire, parsed)


def _ethernet_to_all(view: memoryview, pos: int, end: int) -> bool:
    return end - pos >= 14 and bytes(view[pos : pos + 6]) == MAC_BROADCAST


def _cooked_to_all(view: memoryview, pos: int, end: int) -> bool:
    return end - pos >= 16 and bytes(view[pos : pos + 2]) == COOKED_BROADCAST


def _cooked_v2_to_all(view: memoryview, pos: int, end: int) -> bool:
    return end - pos >= 20 and view[pos + 10] == COOKED_BROADCAST[1]


TO_ALL: Final[dict[object, Callable[[memoryview, int, int], bool]]] = {
    ethernet: _ethernet_to_all,
    cooked: _cooked_to_all,
    cooked_v2: _cooked_v2_to_all,
}
"""Layer → whether the frame that it is read from was sent to everyone, of the layers that tell."""


def interface_of(view: memoryview, pos: int, end: int) -> int | None:
    """``SLL_INTERFACES`` plus the interface index of a cooked v2 header, if it is whole."""
    if end - pos < 20:
        return None
    # dpkt declares the index as signed
    index: int = SLL2_HEADER(view[pos : pos + 20]).intindex & 0xFFFFFFFF
    return min(SLL_INTERFACES + index, 0xFFFFFFFF)


def _cooked(view: memoryview, pos: int, end: int, wire: int, parsed: Any) -> Result:
    if parsed.hrd == ARPHRD_NETLINK:
        return stopped(Reason.NOT_DATA)
    if parsed.hrd in (ARPHRD_IEEE80211, ARPHRD_RADIOTAP):
        return None, Step(
            Layer.IEEE80211 if parsed.hrd == ARPHRD_IEEE80211 else Layer.RADIOTAP, pos, end, wire
        )
    kind = parsed.ethtype
    macs = Macs(int.from_bytes(parsed.hdr[:6]), 0) if parsed.hlen == 6 else None
    if kind == 1:
        return stopped(Reason.NOT_DATA)
    if kind == 4:
        return llc(view, pos, end, wire, macs)
    if kind <= MAX_LENGTH:
        return linked(macs, unnamed(kind)), None
    return typed(view, pos, end, wire, kind=kind, macs=macs)
