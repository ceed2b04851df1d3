"""TCP, UDP and ICMP: the layer behind the innermost IP header.

**TCP** (RFC 9293). With fewer than 4 bytes the row stays ``Kind.IP`` (``CUT`` or ``TRANSPORT_HEADER``). From
4 bytes on it is ``Kind.TRANSPORT``; of a header cut short, sequence number, acknowledgement number and flags
are kept as far as each is whole (bytes 8, 12 and 14). A data offset below 5 words, or one that passes the
end of the IP payload, is ``TRANSPORT_HEADER`` and leaves no payload; in a first fragment, whose options may
go on in the next, the latter is no reason. Cut inside the options is ``CUT``: ``payload`` is where the
capture ends, ``payload_wire`` what the lengths announce, ``payload_captured`` 0.

**UDP** (RFC 768). As TCP with a header of 8 bytes. The payload ends at the UDP length or the IP payload's
end, whichever is first; a UDP length of 0 (jumbogram, RFC 2675; segmentation offload) means the IP payload's
end. A length of 1 to 7 is ``TRANSPORT_HEADER`` and leaves no payload.

``payload`` is 0 where the header was not read whole (TCP options apart). ``payload_wire`` counts up to the
end that the lengths announce, also where the frame is shorter than that.

**ICMP** (RFC 792) and **ICMPv6** (RFC 4443): two bytes give ``icmp``; fewer give ``CUT`` or
``TRANSPORT_HEADER``. The errors (v4: 3, 4, 5, 11, 12; v6: 1, 2, 3, 4) quote the packet at byte 8.
"""

from __future__ import annotations

from typing import Final

import dpkt
import dpkt.icmp
import dpkt.tcp
import dpkt.udp

from analyzer.decode import udp_tunnel
from analyzer.decode.row import Layer, Result, Row, Step, header, short
from analyzer.tables import ICMP, Kind, Reason

TCP_HEADER: Final = header(dpkt.tcp.TCP)
UDP_HEADER: Final = header(dpkt.udp.UDP)
ICMP_HEADER: Final = header(dpkt.icmp.ICMP)

TCP_LENGTH: Final = 20
UDP_LENGTH: Final = 8
ICMP_LENGTH: Final = 8
PORTS_LENGTH: Final = 4

TCP_FIELD_ENDS: Final = (14, 12, 8, 4)
"""Where flags, acknowledgement number, sequence number and ports end, last first."""

ICMP_ERRORS: Final = frozenset((3, 4, 5, 11, 12))
"""Destination unreachable, source quench, redirect, time exceeded, parameter problem."""
ICMPV6_ERRORS: Final = frozenset((1, 2, 3, 4))
"""Destination unreachable, packet too big, time exceeded, parameter problem."""


def tcp(row: Row, view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Read the TCP header at ``pos`` into ``row``."""
    held = end - pos
    if held < TCP_LENGTH:
        if held < PORTS_LENGTH:
            row.reason = short(pos + PORTS_LENGTH, wire, Reason.TRANSPORT_HEADER)
            return row, None
        row.reason = short(pos + TCP_LENGTH, wire, Reason.TRANSPORT_HEADER)
        whole = next(field for field in TCP_FIELD_ENDS if held >= field)
        parsed = TCP_HEADER(bytes(view[pos : pos + whole]).ljust(TCP_LENGTH, b"\0"))
    else:
        parsed = TCP_HEADER(view[pos : pos + TCP_LENGTH])
    row.kind = Kind.TRANSPORT
    row.src_port = parsed.sport
    row.dst_port = parsed.dport
    row.seq = parsed.seq
    row.ack = parsed.ack
    row.flags = parsed._off_flags & 0xFF
    if held < TCP_LENGTH:
        return row, None
    payload = pos + (parsed._off_flags >> 12) * 4
    if payload > wire and row.fragmented:
        return row, None
    if payload < pos + TCP_LENGTH or payload > wire:
        row.reason = Reason.TRANSPORT_HEADER
    elif payload > end:
        row.reason = Reason.CUT
        row.payload = end
        row.payload_wire = wire - payload
    else:
        row.payload = payload
        row.payload_wire = wire - payload
        row.payload_captured = end - payload
    return row, None


def udp(row: Row, view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Read the UDP header at ``pos`` into ``row``; the step leads into a tunnel, if it is one."""
    held = end - pos
    if held < UDP_LENGTH:
        if held < PORTS_LENGTH:
            row.reason = short(pos + PORTS_LENGTH, wire, Reason.TRANSPORT_HEADER)
            return row, None
        row.reason = short(pos + UDP_LENGTH, wire, Reason.TRANSPORT_HEADER)
        parsed = UDP_HEADER(bytes(view[pos : pos + PORTS_LENGTH]).ljust(UDP_LENGTH, b"\0"))
    else:
        parsed = UDP_HEADER(view[pos : pos + UDP_LENGTH])
    row.kind = Kind.TRANSPORT
    row.src_port = parsed.sport
    row.dst_port = parsed.dport
    if held < UDP_LENGTH:
        return row, None
    length = parsed.ulen
    if length:
        if length < UDP_LENGTH:
            row.reason = Reason.TRANSPORT_HEADER
            return row, None
        wire = min(wire, pos + length)
        end = min(end, wire)
    row.payload = payload = pos + UDP_LENGTH
    row.payload_wire = wire - payload
    row.payload_captured = end - payload
    tunnel = udp_tunnel.PORTS.get(parsed.dport)
    return row, None if tunnel is None else tunnel(view, payload, end, wire)


def icmp(row: Row, view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Read type and code of ICMP or ICMPv6 (``row.transport`` tells which) at ``pos``."""
    if end - pos < 2:
        row.reason = short(pos + 2, wire, Reason.TRANSPORT_HEADER)
        return row, None
    kind, code = view[pos], view[pos + 1]
    if end - pos >= ICMP_HEADER.__hdr_len__:
        parsed = ICMP_HEADER(view[pos : pos + ICMP_HEADER.__hdr_len__])
        kind, code = parsed.type, parsed.code
    row.icmp = kind << 8 | code
    v4 = row.transport == ICMP
    if kind in (ICMP_ERRORS if v4 else ICMPV6_ERRORS):
        row.quote = Step(Layer.IPV4 if v4 else Layer.IPV6, pos + ICMP_LENGTH, end, wire)
    return row, None
