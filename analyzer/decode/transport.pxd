"""TCP, UDP and ICMP, by the rules of the module beside."""

from libc.stdint cimport uint8_t, uint32_t

from analyzer.decode.row cimport CUT, DONE, ICMP, OTHER, TRANSPORT, TRANSPORT_HEADER, Row, short_of
from analyzer.octets cimport View, be16, be32, octets


cdef inline int tcp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef Py_ssize_t held = end - pos, payload
    cdef const uint8_t *head
    if held < 4:
        row.reason = short_of(pos + 4, wire)
        return DONE
    head = octets(view, pos, min(held, <Py_ssize_t>20))
    row.kind = TRANSPORT
    row.src_port = be16(head)
    row.dst_port = be16(head + 2)
    if held >= 8:
        row.seq = be32(head + 4)
    if held >= 12:
        row.ack = be32(head + 8)
    if held >= 14:
        row.flags = head[13]
    if held < 20:
        row.reason = short_of(pos + 20, wire)
        return DONE
    payload = pos + (head[12] >> 4) * 4
    if payload > wire and row.fragmented:
        return DONE
    if payload < pos + 20 or payload > wire:
        row.reason = TRANSPORT_HEADER
        return DONE
    row.payload_wire = wire - payload
    if payload > end:
        row.reason = CUT
        row.payload = end
    else:
        row.payload = payload
        row.payload_captured = end - payload
    return DONE


cdef inline int udp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef Py_ssize_t held = end - pos
    cdef const uint8_t *head
    cdef uint32_t length
    if held < 4:
        row.reason = short_of(pos + 4, wire)
        return DONE
    head = octets(view, pos, min(held, <Py_ssize_t>8))
    row.kind = TRANSPORT
    row.src_port = be16(head)
    row.dst_port = be16(head + 2)
    if held < 8:
        row.reason = short_of(pos + 8, wire)
        return DONE
    length = be16(head + 4)
    if length:
        if length < 8:
            row.reason = TRANSPORT_HEADER
            return DONE
        wire = min(wire, pos + length)
        end = min(end, wire)
    row.payload = pos + 8
    row.payload_wire = wire - row.payload
    row.payload_captured = end - row.payload
    # L2TP, GTP-U, VXLAN, Geneve
    if row.dst_port == 1701 or row.dst_port == 2152 or row.dst_port == 4789 or row.dst_port == 6081:
        return OTHER
    return DONE


cdef inline int icmp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef const uint8_t *head
    cdef uint32_t kind
    if end - pos < 2:
        row.reason = short_of(pos + 2, wire)
        return DONE
    head = octets(view, pos, 2)
    row.icmp = be16(head)
    kind = head[0]
    if row.transport == ICMP:
        row.quotes = kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12
    else:
        row.quotes = 1 <= kind <= 4
    row.quote = pos + 8
    row.end = end
    row.wire = wire
    return DONE
