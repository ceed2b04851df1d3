"""Other local networks that carry IP: token ring, ARCNET, FireWire, PPPoE without its Ethernet header."""

from __future__ import annotations

from typing import Final

from analyzer.decode import link
from analyzer.decode.row import Macs, Result, short, stopped
from analyzer.tables import Reason

TOKEN_RING_LENGTH: Final = 14
ROUTED: Final = 1 << 47
"""The source address's first bit: routing information follows."""

ARCNET_TYPES: Final = {212: 0x0800, 213: 0x0806, 214: 0x8035, 240: 0x0800, 241: 0x0806}
"""ARCNET system code → Ethernet type (RFC 1201; 240 and 241: RFC 1051)."""
ARCNET_SIMPLE: Final = frozenset((240, 241))
ARCNET_EXCEPTION: Final = 0xFF

FIREWIRE_LENGTH: Final = 18


def token_ring(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """IEEE 802.5: access control, frame control, destination, source, routing information, then 802.2."""
    if end - pos < TOKEN_RING_LENGTH:
        return stopped(short(pos + TOKEN_RING_LENGTH, wire, Reason.LINK_HEADER))
    if view[pos + 1] >> 6 != 1:
        return stopped(Reason.NOT_DATA)
    source = int.from_bytes(view[pos + 8 : pos + 14])
    macs = Macs(source & ~ROUTED, int.from_bytes(view[pos + 2 : pos + 8]))
    pos += TOKEN_RING_LENGTH
    if source & ROUTED:
        if end <= pos:
            return stopped(short(pos + 1, wire, Reason.LINK_HEADER))
        pos += view[pos] & 0x1F
    return link.llc(view, pos, end, wire, macs)


def arcnet(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """ARCNET as BSD writes it: source, destination, system code, then RFC 1201's flag and sequence number."""
    return _arcnet(view, pos + 2, end, wire)


def arcnet_linux(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """ARCNET as Linux writes it: two bytes of offset before the system code."""
    return _arcnet(view, pos + 4, end, wire)


def _arcnet(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """RFC 1201, 2.2 and 2.3: parts after the first of a split packet are ``NOT_DATA``."""
    if end <= pos:
        return stopped(short(pos + 1, wire, Reason.LINK_HEADER))
    code = view[pos]
    ethertype = ARCNET_TYPES.get(code)
    if ethertype is None:
        return stopped(Reason.NOT_DATA)
    pos += 1
    if code not in ARCNET_SIMPLE:
        if pos < end and view[pos] == ARCNET_EXCEPTION:
            pos += 4
        if end - pos < 3:
            return stopped(short(pos + 3, wire, Reason.LINK_HEADER))
        if view[pos] and not view[pos] & 1:
            return stopped(Reason.NOT_DATA)
        pos += 3
    return link.typed(view, pos, end, wire, kind=ethertype, macs=None)


def firewire(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """IP over IEEE 1394 (RFC 2734): two addresses of eight bytes, Ethernet type."""
    if end - pos < FIREWIRE_LENGTH:
        return stopped(short(pos + FIREWIRE_LENGTH, wire, Reason.LINK_HEADER))
    macs = Macs(int.from_bytes(view[pos + 8 : pos + 16]), int.from_bytes(view[pos : pos + 8]))
    kind = view[pos + 16] << 8 | view[pos + 17]
    return link.typed(view, pos + FIREWIRE_LENGTH, end, wire, kind=kind, macs=macs)


def pppoe(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """PPPoE where the capture begins behind the Ethernet header."""
    return link.pppoe(view, pos, end, wire, None)
