"""IPv4 and IPv6, by the rules of the module beside."""

from libc.stdint cimport uint8_t, uint32_t

from analyzer.decode.digest cimport digest
from analyzer.decode.row cimport CUT, DONE, FRAGMENT, ICMP, ICMPV6, IP, OTHER, TCP, UDP, Row
from analyzer.decode.transport cimport icmp, tcp, udp
from analyzer.octets cimport View, be16, be32, be64, octets

cdef enum:
    MOST_EXTENSIONS = 16  # longer chains go to the reference, which knows the limit


cdef inline int protocol(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef uint32_t transport = row.transport
    if transport == TCP:
        return tcp(row, view, pos, end, wire)
    if transport == UDP:
        return udp(row, view, pos, end, wire)
    if transport == ICMP or transport == ICMPV6:
        return icmp(row, view, pos, end, wire)
    # IP in IP, GRE, EtherIP, MPLS
    if transport == 4 or transport == 41 or transport == 47 or transport == 97 or transport == 137:
        return OTHER
    return DONE


cdef inline int ipv4(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef Py_ssize_t length, total
    cdef uint32_t fragment
    cdef const uint8_t *head
    if end - pos < 20:
        return OTHER
    head = octets(view, pos, 20)
    length = (head[0] & 0x0F) * 4
    if head[0] >> 4 != 4 or length < 20:
        return OTHER
    row.kind = IP
    row.version = 4
    row.transport = head[9]
    row.to.src_lo[row.at] = be32(head + 12)
    row.to.dst_lo[row.at] = be32(head + 16)
    row.to.ip_id[row.at] = be16(head + 4)
    total = be16(head + 2)
    if total:
        if total < length:
            return OTHER
        wire = pos + total
        end = min(end, wire)
    elif pos + length > wire:
        return OTHER
    if not row.quoted:
        row.to.digest[row.at] = digest(view, pos, end)
    fragment = be16(head + 6)
    if fragment & 0x1FFF:
        row.kind = FRAGMENT
        return DONE
    if fragment & 0x2000:
        row.fragmented = 1
    pos += length
    if pos > end:
        row.to.reason[row.at] = CUT
        return DONE
    if row.transport == 51:
        return OTHER
    return protocol(row, view, pos, end, wire)


cdef inline int ipv6(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef Py_ssize_t length
    cdef int step
    cdef uint32_t following, fragment
    cdef const uint8_t *head
    if end - pos < 40:
        return OTHER
    head = octets(view, pos, 40)
    if head[0] >> 4 != 6:
        return OTHER
    row.kind = IP
    row.version = 6
    row.transport = head[6]
    row.to.src_hi[row.at] = be64(head + 8)
    row.to.src_lo[row.at] = be64(head + 16)
    row.to.dst_hi[row.at] = be64(head + 24)
    row.to.dst_lo[row.at] = be64(head + 32)
    length = be16(head + 4)
    if length or row.transport == 59:
        wire = pos + 40 + length
        end = min(end, wire)
    if not row.quoted:
        row.to.digest[row.at] = digest(view, pos, end)
    pos += 40
    for step in range(MOST_EXTENSIONS):
        following = row.transport
        if following == 44:
            if end - pos < 8:
                return OTHER
            head = octets(view, pos, 8)
            row.transport = head[0]
            row.to.ip_id[row.at] = be32(head + 4)
            fragment = be16(head + 2)
            if fragment >> 3:
                row.kind = FRAGMENT
                return DONE
            if fragment & 1:
                row.fragmented = 1
            pos += 8
        elif following == 0 or following == 43 or following == 60 or following == 51:
            if end - pos < 8:
                return OTHER
            head = octets(view, pos, 2)
            row.transport = head[0]
            pos += (head[1] + 2) * 4 if following == 51 else (head[1] + 1) * 8
            if pos > end:
                return OTHER
        else:
            return protocol(row, view, pos, end, wire)
    return OTHER
