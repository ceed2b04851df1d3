"""Link layers with Ethernet types and raw IP, by the rules of the module beside."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from analyzer.decode.network cimport ipv4, ipv6
from analyzer.decode.row cimport ARP, ETHERTYPE, LLC, OTHER, SNAP, Row, linked
from analyzer.octets cimport View, be16, be32, be48, octets

cdef enum:
    ETHERNET = 1
    COOKED = 113
    COOKED_V2 = 276

    IPV4 = 0x0800
    IPV6 = 0x86DD

    COOKED_BROADCAST = 1
    MAX_LENGTH = 1500


cdef inline int arp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end) except -1 nogil:
    cdef Py_ssize_t sender, target
    cdef const uint8_t *head
    if end - pos < 8:
        return OTHER
    head = octets(view, pos, 8)
    if be16(head + 2) != IPV4 or head[5] != 4:
        return OTHER
    sender = pos + 8 + head[4]
    target = sender + 4 + head[4]
    if target + 4 > end:
        return OTHER
    row.version = 4
    row.to.flags[row.at] = min(be16(head + 6), <uint32_t>0xFF)
    return linked(row, ARP, be32(octets(view, sender, 4)), be32(octets(view, target, 4)))


cdef inline int llc(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, uint64_t src, uint64_t dst
) except -1 nogil:
    cdef uint32_t service, organisation, name
    cdef const uint8_t *head
    if end - pos < 3:
        return OTHER
    head = octets(view, pos, min(end - pos, <Py_ssize_t>8))
    service = head[0]
    if head[2] != 0x03:
        return linked(row, LLC + service, src, dst)
    if service == 0x06:
        return OTHER
    if service != 0xAA:
        return linked(row, LLC + service, src, dst)
    if end - pos < 8:
        return OTHER
    organisation = <uint32_t>head[3] << 16 | be16(head + 4)
    name = be16(head + 6)
    if organisation == 0x00000C:
        return linked(row, SNAP + name, src, dst)
    if (organisation == 0 or organisation == 0xF8) and name > MAX_LENGTH:
        return OTHER
    return linked(row, LLC + service, src, dst)


cdef inline int typed(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire, uint32_t kind,
    bint named, uint64_t src, uint64_t dst,
) except -1 nogil:
    """What Ethernet type ``kind`` says is at ``pos``; ``named`` says whether there are MAC addresses."""
    cdef Py_ssize_t size
    while True:
        if kind == IPV4:
            return ipv4(row, view, pos, end, wire)
        if kind == IPV6:
            return ipv6(row, view, pos, end, wire)
        if kind == 0x8100 or kind == 0x88A8 or kind == 0x9100 or kind == 0x9200:
            size = 4
        elif kind == 0x8926:
            size = 6
        elif kind == 0x893F:
            size = 8
        else:
            break
        if pos + size > end:
            return OTHER
        pos += size
        kind = be16(octets(view, pos - 2, 2))
    if kind == 0x0806:
        return arp(row, view, pos, end)
    if not named:
        return OTHER
    if kind <= MAX_LENGTH:
        return llc(row, view, pos, min(end, pos + kind), src, dst)
    # MPLS, NSH, Ethernet in Ethernet, PPPoE, 802.1ah, MACsec
    if (
        kind == 0x8847 or kind == 0x8848 or kind == 0x894F or kind == 0x6558
        or kind == 0x8864 or kind == 0x88E7 or kind == 0x88E5
    ):
        return OTHER
    return linked(row, ETHERTYPE + kind, src, dst)


cdef inline bint uncooked(uint32_t kind, uint32_t hardware) noexcept nogil:
    """Whether it is something else behind a cooked header: netlink, 802.11, radiotap, 802.2."""
    return hardware == 824 or hardware == 801 or hardware == 803 or kind <= MAX_LENGTH


cdef inline int frame(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire, uint32_t link_type
) except -1 nogil:
    """A frame from its beginning."""
    cdef const uint8_t *head
    cdef uint32_t kind
    cdef bint named = False
    cdef uint64_t src = 0, dst = 0
    if link_type == ETHERNET:
        if end - pos < 14:
            return OTHER
        head = octets(view, pos, 14)
        dst, src, kind, named = be48(head), be48(head + 6), be16(head + 12), True
        row.to_all = dst == <uint64_t>0xFFFFFFFFFFFF
        pos += 14
    elif link_type == COOKED:
        if end - pos < 16:
            return OTHER
        head = octets(view, pos, 16)
        src, kind, named = be48(head + 6), be16(head + 14), be16(head + 4) == 6
        row.to_all = be16(head) == COOKED_BROADCAST
        if uncooked(kind, be16(head + 2)):
            return OTHER
        pos += 16
    elif link_type == COOKED_V2:
        if end - pos < 20:
            return OTHER
        head = octets(view, pos, 20)
        src, kind, named = be48(head + 12), be16(head), head[11] == 6
        row.to_all = head[10] == COOKED_BROADCAST
        if uncooked(kind, be16(head + 8)):
            return OTHER
        pos += 20
    elif link_type == 101 or link_type == 12 or link_type == 14:
        if end <= pos:
            return OTHER
        kind = IPV6 if octets(view, pos, 1)[0] >> 4 == 6 else IPV4
    elif link_type == 228:
        kind = IPV4
    elif link_type == 229:
        kind = IPV6
    else:
        return OTHER
    return typed(row, view, pos, end, wire, kind, named, src, dst)
