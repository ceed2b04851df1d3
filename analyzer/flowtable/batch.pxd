"""A batch of PACKETS: the columns that are counted."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef struct Packets:
    Py_ssize_t total
    const int64_t *frame
    const int64_t *time
    const int64_t *wire
    const int64_t *payload
    const int64_t *payload_wire
    const int64_t *payload_captured
    const uint8_t *kind
    const uint8_t *reason
    const uint8_t *version
    const uint8_t *flags
    const uint8_t *fragmented
    const uint32_t *transport
    const uint32_t *interface
    const uint32_t *ip_id
    const uint32_t *digest
    const uint64_t *src_hi
    const uint64_t *src_lo
    const uint64_t *dst_hi
    const uint64_t *dst_lo
    const uint16_t *src_port
    const uint16_t *dst_port


cdef inline Packets packets_of(columns) except *:
    """The columns, which have to outlive this.

    Raises ``IndexError`` for a batch without packets, ``ValueError`` for columns of unequal length.
    """
    cdef Packets of
    cdef const int64_t[::1] frame = columns["frame"], time = columns["time"], wire = columns["wire"]
    cdef const int64_t[::1] payload = columns["payload"], payload_wire = columns["payload_wire"]
    cdef const int64_t[::1] payload_captured = columns["payload_captured"]
    cdef const uint8_t[::1] kind = columns["kind"], reason = columns["reason"], version = columns["version"]
    cdef const uint8_t[::1] flags = columns["flags"], fragmented = columns["fragmented"]
    cdef const uint32_t[::1] transport = columns["transport"], interface = columns["interface"]
    cdef const uint32_t[::1] ip_id = columns["ip_id"], digest = columns["digest"]
    cdef const uint64_t[::1] src_hi = columns["src_hi"], src_lo = columns["src_lo"]
    cdef const uint64_t[::1] dst_hi = columns["dst_hi"], dst_lo = columns["dst_lo"]
    cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
    of.total = frame.shape[0]
    if not of.total:
        raise IndexError("a batch without packets")
    for name in (
        "time", "wire", "payload", "payload_wire", "payload_captured", "kind", "reason", "version", "flags",
        "fragmented", "transport", "interface", "ip_id", "digest", "src_hi", "src_lo", "dst_hi", "dst_lo",
        "src_port", "dst_port",
    ):
        if len(columns[name]) != of.total:
            raise ValueError(f"{name}: not as long as the other columns")
    of.frame = &frame[0]
    of.time = &time[0]
    of.wire = &wire[0]
    of.payload = &payload[0]
    of.payload_wire = &payload_wire[0]
    of.payload_captured = &payload_captured[0]
    of.kind = &kind[0]
    of.reason = &reason[0]
    of.version = &version[0]
    of.flags = &flags[0]
    of.fragmented = &fragmented[0]
    of.transport = &transport[0]
    of.interface = &interface[0]
    of.ip_id = &ip_id[0]
    of.digest = &digest[0]
    of.src_hi = &src_hi[0]
    of.src_lo = &src_lo[0]
    of.dst_hi = &dst_hi[0]
    of.dst_lo = &dst_lo[0]
    of.src_port = &src_port[0]
    of.dst_port = &dst_port[0]
    return of
