"""TCP, UDP and ICMP, by the rules of the module beside."""

from libc.stdint cimport uint8_t, uint32_t

from analyzer.decode.row cimport CUT, DONE, ICMP, OTHER, TRANSPORT, TRANSPORT_HEADER, Row, short_of
from analyzer.octets cimport View, be16, be32, octets


cdef inline int tcp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef Py_ssize_t held = end - pos, payload
    cdef const uint8_t *head
    if held < 4:
        row.to.reason[row.at] = short_of(pos + 4, wire)
        return DONE
    head = octets(view, pos, min(held, <Py_ssize_t>20))
    row.kind = TRANSPORT
    row.to.src_port[row.at] = be16(head)
    row.to.dst_port[row.at] = be16(head + 2)
    if held >= 8:
        row.to.seq[row.at] = be32(head + 4)
    if held >= 12:
        row.to.ack[row.at] = be32(head + 8)
    if held >= 14:
        row.to.flags[row.at] = head[13]
    if held < 20:
        row.to.reason[row.at] = short_of(pos + 20, wire)
        return DONE
    payload = pos + (head[12] >> 4) * 4
    if payload > wire and row.fragmented:
        return DONE
    if payload < pos + 20 or payload > wire:
        row.to.reason[row.at] = TRANSPORT_HEADER
        return DONE
    row.to.payload_wire[row.at] = wire - payload
    if payload > end:
        row.to.reason[row.at] = CUT
        row.to.payload[row.at] = end
    else:
        row.to.payload[row.at] = payload
        row.to.payload_captured[row.at] = end - payload
    return DONE


cdef inline int udp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef Py_ssize_t held = end - pos
    cdef const uint8_t *head
    cdef uint32_t length, to_port
    if held < 4:
        row.to.reason[row.at] = short_of(pos + 4, wire)
        return DONE
    head = octets(view, pos, min(held, <Py_ssize_t>8))
    row.kind = TRANSPORT
    row.to.src_port[row.at] = be16(head)
    to_port = be16(head + 2)
    row.to.dst_port[row.at] = to_port
    if held < 8:
        row.to.reason[row.at] = short_of(pos + 8, wire)
        return DONE
    length = be16(head + 4)
    if length:
        if length < 8:
            row.to.reason[row.at] = TRANSPORT_HEADER
            return DONE
        wire = min(wire, pos + length)
        end = min(end, wire)
    pos += 8
    row.to.payload[row.at] = pos
    row.to.payload_wire[row.at] = wire - pos
    row.to.payload_captured[row.at] = end - pos
    # L2TP, GTP-U, VXLAN, Geneve
    if to_port == 1701 or to_port == 2152 or to_port == 4789 or to_port == 6081:
        return OTHER
    return DONE


cdef inline int icmp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef const uint8_t *head
    cdef uint32_t kind
    if end - pos < 2:
        row.to.reason[row.at] = short_of(pos + 2, wire)
        return DONE
    head = octets(view, pos, 2)
    row.to.icmp[row.at] = be16(head)
    kind = head[0]
    if row.transport == ICMP:
        row.quotes = kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12
    else:
        row.quotes = 1 <= kind <= 4
    row.quote = pos + 8
    row.end = end
    row.wire = wire
    return DONE
