"""What the layers of the compiled decoder hand to each other. Positions are those of the reference's layers."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

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

# The columns of PACKETS that the decoder fills, and one row of them.
cdef struct Columns:
    uint8_t *kind
    uint8_t *reason
    uint8_t *version
    uint32_t *transport
    uint64_t *src_hi
    uint64_t *src_lo
    uint64_t *dst_hi
    uint64_t *dst_lo
    uint16_t *src_port
    uint16_t *dst_port
    uint8_t *flags
    uint32_t *seq
    uint32_t *ack
    uint32_t *ip_id
    uint16_t *icmp
    uint8_t *fragmented
    int64_t *payload
    int64_t *payload_wire
    int64_t *payload_captured
    uint32_t *digest

cdef struct Cells:
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
    int64_t payload
    int64_t payload_wire
    int64_t payload_captured
    uint32_t digest

# A packet on its way through the layers. What they need of each other is here, and goes into the columns once it
# is known; all else goes there as it is read, but for zeros, of which the cleared columns are full: stores are what
# a packet costs.
cdef struct Row:
    const Columns *to
    Py_ssize_t at  # in the columns
    uint8_t kind
    uint8_t version
    uint32_t transport
    bint fragmented
    bint to_all  # the link layer's destination is everyone
    bint quoted  # this is a quoted packet: no digest, no further quotes
    bint quotes
    Py_ssize_t quote  # where the quoted packet begins
    Py_ssize_t end
    Py_ssize_t wire


cdef inline void clear(const Columns *to, Py_ssize_t at, Py_ssize_t rows) noexcept nogil:
    """Put zeros into ``rows`` rows from ``at`` on, but where ``finish`` writes."""
    memset(to.reason + at, 0, rows * sizeof(uint8_t))
    memset(to.src_hi + at, 0, rows * sizeof(uint64_t))
    memset(to.src_lo + at, 0, rows * sizeof(uint64_t))
    memset(to.dst_hi + at, 0, rows * sizeof(uint64_t))
    memset(to.dst_lo + at, 0, rows * sizeof(uint64_t))
    memset(to.src_port + at, 0, rows * sizeof(uint16_t))
    memset(to.dst_port + at, 0, rows * sizeof(uint16_t))
    memset(to.flags + at, 0, rows * sizeof(uint8_t))
    memset(to.seq + at, 0, rows * sizeof(uint32_t))
    memset(to.ack + at, 0, rows * sizeof(uint32_t))
    memset(to.ip_id + at, 0, rows * sizeof(uint32_t))
    memset(to.icmp + at, 0, rows * sizeof(uint16_t))
    memset(to.payload + at, 0, rows * sizeof(int64_t))
    memset(to.payload_wire + at, 0, rows * sizeof(int64_t))
    memset(to.payload_captured + at, 0, rows * sizeof(int64_t))
    memset(to.digest + at, 0, rows * sizeof(uint32_t))


cdef inline Row row_of(const Columns *to, Py_ssize_t at) noexcept nogil:
    """A packet of which nothing is known; its row was cleared."""
    cdef Row row
    row.to = to
    row.at = at
    row.kind = row.version = row.transport = 0
    row.fragmented = row.to_all = row.quoted = row.quotes = False
    row.quote = row.end = row.wire = 0
    return row


cdef inline int linked(Row *row, uint32_t transport, uint64_t src, uint64_t dst) noexcept nogil:
    """A frame without IP, and its addresses."""
    row.kind = LINK
    row.transport = transport
    row.to.src_lo[row.at] = src
    row.to.dst_lo[row.at] = dst
    return DONE


cdef inline uint8_t short_of(Py_ssize_t need, Py_ssize_t wire) noexcept nogil:
    """Why there is less than ``need``: the capture was cut, or it never was there."""
    return CUT if need <= wire else TRANSPORT_HEADER


cdef inline void finish(const Row *row) noexcept nogil:
    """Put into the columns what the layers needed of each other."""
    row.to.kind[row.at] = row.kind
    row.to.version[row.at] = row.version
    row.to.transport[row.at] = row.transport
    row.to.fragmented[row.at] = row.fragmented
    if row.to_all and row.transport == UDP:
        row.to.flags[row.at] = TO_ALL


cdef inline Columns columns_of(Cells *cells) noexcept nogil:
    """Columns of that one row."""
    cdef Columns to
    to.kind = &cells.kind
    to.reason = &cells.reason
    to.version = &cells.version
    to.transport = &cells.transport
    to.src_hi = &cells.src_hi
    to.src_lo = &cells.src_lo
    to.dst_hi = &cells.dst_hi
    to.dst_lo = &cells.dst_lo
    to.src_port = &cells.src_port
    to.dst_port = &cells.dst_port
    to.flags = &cells.flags
    to.seq = &cells.seq
    to.ack = &cells.ack
    to.ip_id = &cells.ip_id
    to.icmp = &cells.icmp
    to.fragmented = &cells.fragmented
    to.payload = &cells.payload
    to.payload_wire = &cells.payload_wire
    to.payload_captured = &cells.payload_captured
    to.digest = &cells.digest
    return to
