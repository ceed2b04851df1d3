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
    TRANSPORT_HEADER, UDP, Cells, Columns, Row, clear, columns_of, finish, row_of,
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
    BLOCK = 256  # rows that are cleared at a time: they stay in the innermost cache until they are written

# A stated length beyond this goes to the reference, lest sums overflow.
cdef int64_t FARTHEST = <int64_t>1 << 40


def digests(const uint8_t[::1] data):
    """The CRC-32 of ``data``, once by each way that this processor knows; packets get that of the last."""
    cdef int way
    cdef const uint8_t *first = &data[0] if data.shape[0] else NULL
    return [crc32_by(way, first, data.shape[0]) for way in range(crc32_best + 1)]


cdef Columns _columns(packets, Py_ssize_t count) except *:
    """The columns of ``packets``, which has to outlive them. Of each its row ``count`` is looked up."""
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
    cdef uint16_t[::1] icmp = packets["icmp"]
    cdef uint8_t[::1] fragmented = packets["fragmented"]
    cdef int64_t[::1] payload = packets["payload"]
    cdef int64_t[::1] payload_wire = packets["payload_wire"]
    cdef int64_t[::1] payload_captured = packets["payload_captured"]
    cdef uint32_t[::1] digest = packets["digest"]
    cdef Py_ssize_t last = count - 1
    cdef Columns to
    to.kind = &kind[last] - last
    to.reason = &reason[last] - last
    to.version = &version[last] - last
    to.transport = &transport[last] - last
    to.src_hi = &src_hi[last] - last
    to.src_lo = &src_lo[last] - last
    to.dst_hi = &dst_hi[last] - last
    to.dst_lo = &dst_lo[last] - last
    to.src_port = &src_port[last] - last
    to.dst_port = &dst_port[last] - last
    to.flags = &flags[last] - last
    to.seq = &seq[last] - last
    to.ack = &ack[last] - last
    to.ip_id = &ip_id[last] - last
    to.icmp = &icmp[last] - last
    to.fragmented = &fragmented[last] - last
    to.payload = &payload[last] - last
    to.payload_wire = &payload_wire[last] - last
    to.payload_captured = &payload_captured[last] - last
    to.digest = &digest[last] - last
    return to


def fill(buffer, frames, packets, quotes, int64_t[::1] others):
    """Decode the rows of ``frames`` (FRAMES) that are of a known layout into ``packets`` (PACKETS).

    ``quotes`` is a QUOTES table with as many rows as ``frames``; it and ``others`` are filled from the front.
    Returns ``(rows in others, rows in quotes)``. ``others`` lists the rows left to the reference decoder, in which
    something may be written. ``frame``, ``time`` and ``wire`` are not touched, and ``interface`` only where a header
    names one.
    """
    cdef const uint8_t[::1] kept = buffer
    cdef View view = view_of(kept)
    cdef const int64_t[::1] offset = frames["offset"]
    cdef const int64_t[::1] captured = frames["captured"]
    cdef const int64_t[::1] wires = frames["wire"]
    cdef const uint16_t[::1] link_type = frames["link_type"]
    cdef uint32_t[::1] interface = packets["interface"]
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
    cdef Cells cells
    cdef Columns to, aside = columns_of(&cells)
    if not count:
        return 0, 0
    to = _columns(packets, count)
    with nogil:
        for index in range(count):
            if index % BLOCK == 0:
                clear(&to, index, min(<Py_ssize_t>BLOCK, count - index))
            state = OTHER
            row = row_of(&to, index)
            pos = offset[index]
            if 0 <= pos <= size and 0 <= captured[index] <= FARTHEST and 0 <= wires[index] <= FARTHEST:
                end = min(pos + captured[index], size)
                wire = max(pos + wires[index], end)
                state = frame(&row, view, pos, end, wire, link_type[index])
                if link_type[index] == COOKED_V2 and end - pos >= 20:
                    number = SLL_INTERFACES + be32(octets(view, pos + 4, 4))
                    interface[index] = min(number, <uint64_t>0xFFFFFFFF)
                if state == DONE and row.quotes:
                    clear(&aside, 0, 1)
                    quoted = row_of(&aside, 0)
                    quoted.quoted = True
                    if row.transport == ICMP:
                        state = ipv4(&quoted, view, row.quote, row.end, row.wire)
                    else:
                        state = ipv6(&quoted, view, row.quote, row.end, row.wire)
                    if state == DONE:
                        quote_row[quoting] = index
                        quote_version[quoting] = quoted.version
                        quote_transport[quoting] = quoted.transport
                        quote_src_hi[quoting] = cells.src_hi
                        quote_src_lo[quoting] = cells.src_lo
                        quote_dst_hi[quoting] = cells.dst_hi
                        quote_dst_lo[quoting] = cells.dst_lo
                        quote_src_port[quoting] = cells.src_port
                        quote_dst_port[quoting] = cells.dst_port
                        quoting += 1
            if state != DONE:
                others[other] = index
                other += 1
                continue
            finish(&row)
    return other, quoting
