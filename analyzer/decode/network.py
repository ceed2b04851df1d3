"""IPv4 and IPv6, their extension headers and fragments.

**IPv4** (RFC 791). Undecoded with ``IP_HEADER``: another version nibble, a header length below 20, an outer
layer without room for the header. Undecoded with ``CUT``: fewer than 20 captured bytes. From 20 bytes on the
addresses count (``Kind.IP``, transport = protocol field, ip_id). Then, in this order:

1. total length 0 (segmentation offload) means: to the end of the outer layer. A total length below the header
   length is ``IP_HEADER`` and ends decoding. One that passes the outer layer is believed: ``wire`` grows,
   ``end`` does not.
2. bytes behind the total length are padding and belong to nothing;
3. fragment offset above 0: ``Kind.FRAGMENT``, end. More fragments set: ``fragmented`` = 1, and on;
4. options that are not captured whole: ``CUT``, end;
5. the protocol field's layer.

**IPv6** (RFC 8200). As above with a header of 40 bytes; transport is the next header. Payload length 0 means
the end of the outer layer (jumbogram, RFC 2675, or offload) unless the next header is 59. Extension headers
0, 43, 44, 51, 60 are walked in any order, ``transport`` following. Each needs 8 captured bytes and then its
length: ``CUT`` where these are not captured, ``EXTENSION`` where they pass the payload length. More than
``MAX_EXTENSIONS`` are ``DEPTH``. A fragment header gives ip_id; with an offset it makes the row
``Kind.FRAGMENT`` (transport: its next header) and ends; with more fragments set, ``fragmented`` = 1. ESP (50)
and no-next-header (59) end the chain as ``Kind.IP``. Authentication headers (51, RFC 4302) are walked in
IPv4, too.

``digest`` is the CRC-32 of what is captured from the header's first byte to the end of the packet.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import dpkt
import dpkt.ip
import dpkt.ip6

from analyzer.decode import ip_tunnel
from analyzer.decode.row import Result, Row, header, short, stopped
from analyzer.decode.transport import icmp, tcp, udp
from analyzer.tables import ICMP, ICMPV6, TCP, UDP, Kind, Reason

IPV4_HEADER: Final = header(dpkt.ip.IP)
IPV6_HEADER: Final = header(dpkt.ip6.IP6)
FRAGMENT_HEADER: Final = header(dpkt.ip6.IP6FragmentHeader)

IPV4_LENGTH: Final = 20
IPV6_LENGTH: Final = 40
OFFSET_MASK: Final = 0x1FFF
MORE_FRAGMENTS: Final = 0x2000

HOP_BY_HOP: Final = 0
ROUTING: Final = 43
FRAGMENT: Final = 44
AUTHENTICATION: Final = 51
NO_NEXT_HEADER: Final = 59
DESTINATION: Final = 60
EXTENSIONS: Final = frozenset((HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION))

MAX_EXTENSIONS: Final = 256
"""Longest chain walked. Real ones have one to four; test captures of packet filters reach a hundred."""

_halves = struct.Struct(">QQ").unpack


def ip(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """IPv4 or IPv6, as the version nibble says."""
    if end <= pos:
        return stopped(short(pos + 1, wire, Reason.IP_HEADER))
    version = view[pos] >> 4
    if version == 4:
        return ipv4(view, pos, end, wire)
    if version == 6:
        return ipv6(view, pos, end, wire)
    return stopped(Reason.IP_HEADER)


def ipv4(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """The IPv4 packet at ``pos``."""
    if end - pos < IPV4_LENGTH:
        return stopped(short(pos + IPV4_LENGTH, wire, Reason.IP_HEADER))
    parsed = IPV4_HEADER(view[pos : pos + IPV4_LENGTH])
    length = (parsed._v_hl & 0x0F) * 4
    if parsed._v_hl >> 4 != 4 or length < IPV4_LENGTH:
        return stopped(Reason.IP_HEADER)
    row = Row()
    row.kind = Kind.IP
    row.version = 4
    row.transport = parsed.p
    row.src_lo = int.from_bytes(parsed.src)
    row.dst_lo = int.from_bytes(parsed.dst)
    row.ip_id = parsed.id
    if parsed.len:
        wire = pos + parsed.len
        end = min(end, wire)
    row.digest = zlib.crc32(view[pos:end])
    if pos + length > wire:
        row.reason = Reason.IP_HEADER
        return row, None
    if parsed._flags_offset & OFFSET_MASK:
        row.kind = Kind.FRAGMENT
        return row, None
    if parsed._flags_offset & MORE_FRAGMENTS:
        row.fragmented = 1
    pos += length
    if pos > end:
        row.reason = Reason.CUT
        return row, None
    if parsed.p == UDP:
        return udp(row, view, pos, end, wire)
    if parsed.p == AUTHENTICATION:
        return _extensions(row, view, pos, end, wire)
    return _protocol(row, view, pos, end, wire)


def ipv6(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """The IPv6 packet at ``pos``."""
    if end - pos < IPV6_LENGTH:
        return stopped(short(pos + IPV6_LENGTH, wire, Reason.IP_HEADER))
    parsed = IPV6_HEADER(view[pos : pos + IPV6_LENGTH])
    if parsed._v_fc_flow >> 28 != 6:
        return stopped(Reason.IP_HEADER)
    row = Row()
    row.kind = Kind.IP
    row.version = 6
    row.transport = parsed.nxt
    row.src_hi, row.src_lo = _halves(parsed.src)
    row.dst_hi, row.dst_lo = _halves(parsed.dst)
    if parsed.plen or parsed.nxt == NO_NEXT_HEADER:
        wire = pos + IPV6_LENGTH + parsed.plen
        end = min(end, wire)
    row.digest = zlib.crc32(view[pos:end])
    pos += IPV6_LENGTH
    if parsed.nxt in EXTENSIONS:
        return _extensions(row, view, pos, end, wire)
    return _protocol(row, view, pos, end, wire)


def _extensions(row: Row, view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Walk the extension headers from ``pos``; ``row.transport`` names the first."""
    known = EXTENSIONS if row.version == 6 else frozenset((AUTHENTICATION,))
    for _ in range(MAX_EXTENSIONS):
        if row.transport not in known:
            return _protocol(row, view, pos, end, wire)
        if end - pos < 8:
            row.reason = short(pos + 8, wire, Reason.EXTENSION)
            return row, None
        if row.transport == FRAGMENT:
            parsed = FRAGMENT_HEADER(view[pos : pos + 8])
            row.transport = parsed.nxt
            row.ip_id = parsed.id
            if parsed._frag_off_resv_m >> 3:
                row.kind = Kind.FRAGMENT
                return row, None
            if parsed._frag_off_resv_m & 1:
                row.fragmented = 1
            pos += 8
            continue
        # RFC 4302, 2.2: the authentication header counts words of 4, less 2; the others words of 8, less 1
        following, words = view[pos], view[pos + 1]
        pos += (words + 2) * 4 if row.transport == AUTHENTICATION else (words + 1) * 8
        if pos > end:
            row.reason = short(pos, wire, Reason.EXTENSION)
            return row, None
        row.transport = following
    row.reason = Reason.DEPTH
    return row, None


def _protocol(row: Row, view: memoryview, pos: int, end: int, wire: int) -> Result:
    """What ``row.transport`` names, at ``pos``."""
    transport = row.transport
    if transport == TCP:
        return tcp(row, view, pos, end, wire)
    if transport == UDP:
        return udp(row, view, pos, end, wire)
    if transport in (ICMP, ICMPV6):
        return icmp(row, view, pos, end, wire)
    tunnel = ip_tunnel.PROTOCOLS.get(transport)
    if tunnel is None:
        return row, None
    step = tunnel(view, pos, end, wire)
    if isinstance(step, Reason):
        row.reason = step
        return row, None
    return row, step
