# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled decoder: the layouts that make up nearly all traffic.

Ethernet, Linux cooked v1 and v2, raw IP; VLAN tags, 802.2, ARP; IPv4, IPv6 with extension headers and
fragments; TCP, UDP, ICMP, and what ICMP errors quote. The rules are those of the reference decoder, stated in
its docstrings; each layer is in the ``.pxd`` beside the reference's module. ``fill`` writes a row of PACKETS for
each frame it knows and lists the others: broken and cut link and IP headers, tunnels, every other link type.
``analyzer.decode`` gives those to the reference.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from analyzer.decode.digest cimport crc32_best, crc32_by, crc32_prepare
from analyzer.decode.link cimport COOKED_V2, frame
from analyzer.decode.network cimport ipv4, ipv6
from analyzer.decode.row cimport (
    ARP, CUT, DONE, ETHERTYPE, FRAGMENT, ICMP, ICMPV6, IP, LINK, LLC, OTHER, SNAP, TCP, TO_ALL, TRANSPORT,
    TRANSPORT_HEADER, UDP, Row,
)
from analyzer.octets cimport View, be32, octets, view_of

cdef extern from *:
    """
    /* The layers are one call after the other, a packet through all of them: a call costs more than most do. */
    #undef CYTHON_INLINE
    #if defined(__GNUC__)
    #define CYTHON_INLINE inline __attribute__((always_inline))
    #elif defined(_MSC_VER)
    #define CYTHON_INLINE __forceinline
    #else
    #define CYTHON_INLINE inline
    #endif
    """

crc32_prepare()

NUMBERS = {
    "TRANSPORT": TRANSPORT, "IP": IP, "FRAGMENT": FRAGMENT, "LINK": LINK, "CUT": CUT,
    "TRANSPORT_HEADER": TRANSPORT_HEADER, "ETHERTYPE": ETHERTYPE, "LLC": LLC, "SNAP": SNAP, "ARP": ARP,
    "ICMP": ICMP, "TCP": TCP, "UDP": UDP, "ICMPV6": ICMPV6, "TO_ALL": TO_ALL,
}

cdef enum:
    SLL_INTERFACES = 0x10000

# A stated length beyond this goes to the reference, lest sums overflow.
cdef int64_t FARTHEST = <int64_t>1 << 40

cdef Row EMPTY


def digests(const uint8_t[::1] data):
    """The CRC-32 of ``data``, once by each way that this processor knows; packets get that of the last."""
    cdef int way
    cdef const uint8_t *first = &data[0] if data.shape[0] else NULL
    return [crc32_by(way, first, data.shape[0]) for way in range(crc32_best + 1)]


def fill(buffer, frames, packets, quotes, int64_t[::1] others):
    """Decode the rows of ``frames`` (FRAMES) that are of a known layout into ``packets`` (PACKETS).

    ``quotes`` is a QUOTES table with as many rows as ``frames``; it and ``others`` are filled from the front.
    Returns ``(rows in others, rows in quotes)``. ``others`` lists the rows left to the reference decoder, whose
    columns are left as they are (``interface`` excepted). ``frame``, ``time`` and ``wire`` are not written.
    """
    cdef const uint8_t[::1] kept = buffer
    cdef View view = view_of(kept)
    cdef const int64_t[::1] offset = frames["offset"]
    cdef const int64_t[::1] captured = frames["captured"]
    cdef const int64_t[::1] wires = frames["wire"]
    cdef const uint16_t[::1] link_type = frames["link_type"]
    cdef uint32_t[::1] interface = packets["interface"]
    cdef uint8_t[::1] kind = packets["kind"]
    cdef uint8_t[::1] reason = packets["reason"]
    cdef uint8_t[::1] version = packets["version"]
    cdef uint32_t[::1] transport = packets["transport"]
    cdef uint64_t[::1] src_hi = packets["src_hi"]
    cdef uint64_t[::1] src_lo = packets["src_lo"]
    cdef uint64_t[::1] dst_hi = packets["dst_hi"]
    cdef uint64_t[::1] dst_lo = packets["dst_lo"]
    cdef uint16_t[::1] src_port = packets["src_port"]
    cdef uint16_t[::1] dst_port = packets["dst_port"]
    cdef uint8_t[::1] flags = packets["flags"]
    cdef uint32_t[::1] seq = packets["seq"]
    cdef uint32_t[::1] ack = packets["ack"]
    cdef uint32_t[::1] ip_id = packets["ip_id"]
    cdef uint16_t[::1] icmp_column = packets["icmp"]
    cdef uint8_t[::1] fragmented = packets["fragmented"]
    cdef int64_t[::1] payload = packets["payload"]
    cdef int64_t[::1] payload_wire = packets["payload_wire"]
    cdef int64_t[::1] payload_captured = packets["payload_captured"]
    cdef uint32_t[::1] digests = packets["digest"]
    cdef int64_t[::1] quote_row = quotes["row"]
    cdef uint8_t[::1] quote_version = quotes["version"]
    cdef uint32_t[::1] quote_transport = quotes["transport"]
    cdef uint64_t[::1] quote_src_hi = quotes["src_hi"]
    cdef uint64_t[::1] quote_src_lo = quotes["src_lo"]
    cdef uint64_t[::1] quote_dst_hi = quotes["dst_hi"]
    cdef uint64_t[::1] quote_dst_lo = quotes["dst_lo"]
    cdef uint16_t[::1] quote_src_port = quotes["src_port"]
    cdef uint16_t[::1] quote_dst_port = quotes["dst_port"]
    cdef Py_ssize_t count = offset.shape[0], size = view.size, index, pos, end, wire
    cdef Py_ssize_t other = 0, quoting = 0
    cdef uint64_t number
    cdef int state
    cdef Row row, quoted

    with nogil:
        for index in range(count):
            state = OTHER
            row = EMPTY
            pos = offset[index]
            if 0 <= pos <= size and 0 <= captured[index] <= FARTHEST and 0 <= wires[index] <= FARTHEST:
                end = min(pos + captured[index], size)
                wire = max(pos + wires[index], end)
                state = frame(&row, view, pos, end, wire, link_type[index])
                if link_type[index] == COOKED_V2 and end - pos >= 20:
                    number = SLL_INTERFACES + be32(octets(view, pos + 4, 4))
                    interface[index] = min(number, <uint64_t>0xFFFFFFFF)
                if state == DONE and row.quotes:
                    quoted = EMPTY
                    quoted.quoted = 1
                    if row.transport == ICMP:
                        state = ipv4(&quoted, view, row.quote, row.end, row.wire)
                    else:
                        state = ipv6(&quoted, view, row.quote, row.end, row.wire)
                    if state == DONE:
                        quote_row[quoting] = index
                        quote_version[quoting] = quoted.version
                        quote_transport[quoting] = quoted.transport
                        quote_src_hi[quoting] = quoted.src_hi
                        quote_src_lo[quoting] = quoted.src_lo
                        quote_dst_hi[quoting] = quoted.dst_hi
                        quote_dst_lo[quoting] = quoted.dst_lo
                        quote_src_port[quoting] = quoted.src_port
                        quote_dst_port[quoting] = quoted.dst_port
                        quoting += 1
            if state != DONE:
                others[other] = index
                other += 1
                continue
            kind[index] = row.kind
            reason[index] = row.reason
            version[index] = row.version
            transport[index] = row.transport
            src_hi[index] = row.src_hi
            src_lo[index] = row.src_lo
            dst_hi[index] = row.dst_hi
            dst_lo[index] = row.dst_lo
            src_port[index] = row.src_port
            dst_port[index] = row.dst_port
            flags[index] = TO_ALL if row.to_all and row.transport == UDP else row.flags
            seq[index] = row.seq
            ack[index] = row.ack
            ip_id[index] = row.ip_id
            icmp_column[index] = row.icmp
            fragmented[index] = row.fragmented
            payload[index] = row.payload
            payload_wire[index] = row.payload_wire
            payload_captured[index] = row.payload_captured
            digests[index] = row.digest
    return other, quoting
