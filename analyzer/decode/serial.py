"""Link layers without MAC addresses: PPP, Cisco HDLC, frame relay, BSD loopback, netfilter log."""

from __future__ import annotations

import struct
from typing import Final

from analyzer.decode.link import bare_type, typed
from analyzer.decode.row import Layer, Result, Step, short, stopped
from analyzer.tables import Reason

PPP_LAYERS: Final = {0x0021: Layer.IPV4, 0x0057: Layer.IPV6, 0x0281: Layer.MPLS, 0x0283: Layer.MPLS}
PPP_ENCRYPTED: Final = frozenset((0x0053, 0x00FD))
"""Encrypted (RFC 1968), and compressed or MPPE-encrypted (RFC 1962, RFC 3078) datagrams."""
CISCO_ADDRESSES: Final = frozenset((0x0F, 0x8F))

FAMILIES: Final = {2: Layer.IPV4, 10: Layer.IPV6, 24: Layer.IPV6, 28: Layer.IPV6, 30: Layer.IPV6}
"""Address family → layer: AF_INET is 2 everywhere, AF_INET6 what Linux, NetBSD, FreeBSD and Darwin say."""

NLPID_LAYERS: Final = {0xCC: Layer.IPV4, 0x8E: Layer.IPV6}
NLPID_SNAP: Final = 0x80

NFLOG_PACKET_HEADER: Final = 1
NFLOG_PAYLOAD: Final = 9
NFLOG_TYPE: Final = 0x7FFF
"""The item's type without the flag for nested items."""


def ppp(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """PPP (RFC 1661, 1662): address and control may be missing, the protocol field may be one byte.

    Control protocols and protocols other than IP are ``NOT_DATA``.
    """
    if end - pos >= 2 and view[pos] == 0xFF and view[pos + 1] == 0x03:
        pos += 2
    if end <= pos:
        return stopped(short(pos + 1, wire, Reason.LINK_HEADER))
    protocol, length = view[pos], 1
    if not protocol & 1:
        if end - pos < 2:
            return stopped(short(pos + 2, wire, Reason.LINK_HEADER))
        protocol, length = protocol << 8 | view[pos + 1], 2
    elif protocol == 0 and end - pos >= 2:
        protocol, length = view[pos + 1], 2
    layer = PPP_LAYERS.get(protocol)
    if layer is not None:
        return None, Step(layer, pos + length, end, wire)
    return stopped(Reason.ENCRYPTED if protocol in PPP_ENCRYPTED else Reason.NOT_DATA)


def ppp_hdlc(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """PPP in HDLC framing, or Cisco HDLC where the address byte is Cisco's."""
    if end > pos and view[pos] in CISCO_ADDRESSES:
        return cisco_hdlc(view, pos, end, wire)
    return ppp(view, pos, end, wire)


def ppp_with_direction(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """One byte (0 received, else sent) before PPP."""
    return ppp(view, pos + 1, end, wire)


def cisco_hdlc(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Cisco HDLC (RFC 1547, 4.3.1): address, control, Ethernet type."""
    return bare_type(view, pos + 2, end, wire)


def frame_relay(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Frame relay (RFC 2427): an address up to four bytes, then UI and NLPID, or Cisco's Ethernet type."""
    for _ in range(4):
        pos += 1
        if pos > end:
            return stopped(short(pos, wire, Reason.LINK_HEADER))
        if view[pos - 1] & 1:
            break
    if end - pos < 2:
        return stopped(short(pos + 2, wire, Reason.LINK_HEADER))
    if view[pos] != 0x03:
        return None, Step(Layer.ETHERTYPE, pos, end, wire)
    pos += 2 if view[pos + 1] == 0 else 1
    if end <= pos:
        return stopped(short(pos + 1, wire, Reason.LINK_HEADER))
    nlpid = view[pos]
    if nlpid == NLPID_SNAP:
        # SNAP without the LLC bytes: organisation, then Ethernet type
        if end - pos < 6:
            return stopped(short(pos + 6, wire, Reason.LINK_HEADER))
        if view[pos + 1] or view[pos + 2] or view[pos + 3]:
            return stopped(Reason.NOT_DATA)
        return None, Step(Layer.ETHERTYPE, pos + 4, end, wire)
    layer = NLPID_LAYERS.get(nlpid)
    return stopped(Reason.NOT_DATA) if layer is None else (None, Step(layer, pos + 1, end, wire))


def loopback(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """BSD null and loop: four bytes of address family, in either byte order.

    dpkt's Loopback class swallows the errors of what follows, so it is not used. Some tunnel devices write an
    Ethernet type instead.
    """
    if end - pos < 4:
        return stopped(short(pos + 4, wire, Reason.LINK_HEADER))
    family = int.from_bytes(view[pos : pos + 4], "little")
    if family >> 16:
        family = int.from_bytes(view[pos : pos + 4])
    layer = FAMILIES.get(family)
    if layer is None and family in (0x0800, 0x86DD):
        layer = Layer.IP
    return stopped(Reason.NOT_DATA) if layer is None else (None, Step(layer, pos + 4, end, wire))


def netfilter_log(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Linux netfilter log: family, version, resource, then length-type-value items in host byte order.

    The first item, the packet header, has 8 bytes: this tells the order. It gives the Ethernet type; item 9
    is the packet. Link addresses are left aside.
    """
    if end - pos < 12:
        return stopped(short(pos + 12, wire, Reason.LINK_HEADER))
    item = struct.Struct("<HH" if view[pos + 4] else ">HH")
    family = FAMILIES.get(view[pos])
    pos += 4
    ethertype = 0
    while pos + 4 <= end:
        length, kind = item.unpack_from(view, pos)
        if length < 4:
            return stopped(Reason.LINK_HEADER)
        if kind & NFLOG_TYPE == NFLOG_PACKET_HEADER and pos + 6 <= end:
            ethertype = view[pos + 4] << 8 | view[pos + 5]
        elif kind & NFLOG_TYPE == NFLOG_PAYLOAD:
            wire = min(wire, pos + length)
            end = min(end, wire)
            if family is not None:
                return None, Step(family, pos + 4, end, wire)
            return typed(view, pos + 4, end, wire, kind=ethertype, macs=None)
        pos += length + 3 & ~3
    return stopped(short(pos + 4, wire, Reason.LINK_HEADER))
