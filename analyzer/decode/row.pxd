"""What the layers of the compiled decoder hand to each other. Positions are those of the reference's layers."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

# Numbers of analyzer.tables; a test compares them.
cdef enum:
    TRANSPORT = 1
    IP = 2
    FRAGMENT = 3
    LINK = 4

    CUT = 1
    TRANSPORT_HEADER = 8

    ETHERTYPE = 0x10000
    LLC = 0x20000
    SNAP = 0x30000
    ARP = 0x10806

    ICMP = 1
    TCP = 6
    UDP = 17
    ICMPV6 = 58

    TO_ALL = 0x80

# What a layer gives: the row is complete, or the frame is one for the reference.
cdef enum:
    DONE = 1
    OTHER = 0

cdef struct Row:
    uint8_t kind
    uint8_t reason
    uint8_t version
    uint32_t transport
    uint64_t src_hi
    uint64_t src_lo
    uint64_t dst_hi
    uint64_t dst_lo
    uint16_t src_port
    uint16_t dst_port
    uint8_t flags
    uint32_t seq
    uint32_t ack
    uint32_t ip_id
    uint16_t icmp
    uint8_t fragmented
    Py_ssize_t payload
    Py_ssize_t payload_wire
    Py_ssize_t payload_captured
    uint32_t digest
    uint8_t quotes
    Py_ssize_t quote  # where the quoted packet begins
    Py_ssize_t end
    Py_ssize_t wire
    uint8_t to_all  # the link layer's destination is everyone
    uint8_t quoted  # this is a quoted packet: no digest, no further quotes


cdef inline int linked(Row *row, uint32_t transport, uint64_t src, uint64_t dst) noexcept nogil:
    """A frame without IP, and its addresses."""
    row.kind = LINK
    row.transport = transport
    row.src_lo = src
    row.dst_lo = dst
    return DONE


cdef inline uint8_t short_of(Py_ssize_t need, Py_ssize_t wire) noexcept nogil:
    """Why there is less than ``need``: the capture was cut, or it never was there."""
    return CUT if need <= wire else TRANSPORT_HEADER
