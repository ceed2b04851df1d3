# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled decoder: the layouts that make up nearly all traffic.

Ethernet, Linux cooked v1 and v2, raw IP; VLAN tags, 802.2, ARP; IPv4, IPv6 with extension headers and
fragments; TCP, UDP, ICMP, and what ICMP errors quote. The rules are those of the reference decoder, stated in
its docstrings. ``fill`` writes a row of PACKETS for each frame it knows and lists the others: broken and cut
link and IP headers, tunnels, every other link type. ``analyzer.decode`` gives those to the reference.

Of every range that is read both ends are looked up in a bounds-checked view.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "crc32.h" nogil:
    void crc32_prepare()
    uint32_t crc32_of(const uint8_t *data, size_t size)

crc32_prepare()

ctypedef const uint8_t[::1] View

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

    COOKED_V2 = 276
    COOKED_BROADCAST = 1
    SLL_INTERFACES = 0x10000
    MAX_LENGTH = 1500

    MOST_EXTENSIONS = 16  # longer chains go to the reference, which knows the limit

NUMBERS = {
    "TRANSPORT": TRANSPORT, "IP": IP, "FRAGMENT": FRAGMENT, "LINK": LINK, "CUT": CUT,
    "TRANSPORT_HEADER": TRANSPORT_HEADER, "ETHERTYPE": ETHERTYPE, "LLC": LLC, "SNAP": SNAP, "ARP": ARP,
    "ICMP": ICMP, "TCP": TCP, "UDP": UDP, "ICMPV6": ICMPV6, "TO_ALL": TO_ALL,
}

cdef uint64_t EVERYONE = 0xFFFFFFFFFFFF

# A stated length beyond this goes to the reference, lest sums overflow.
cdef int64_t FARTHEST = <int64_t>1 << 40

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

# What a layer gives: the row is complete, or the frame is one for the reference.
cdef enum:
    DONE = 1
    OTHER = 0


cdef inline const uint8_t *octets(View view, Py_ssize_t at, Py_ssize_t size) except NULL nogil:
    """Where the ``size`` bytes at ``at`` are, at least one, both ends checked."""
    return &view[at + size - 1] - (&view[at + size - 1] - &view[at])


cdef inline uint32_t be16(const uint8_t *at) noexcept nogil:
    return <uint32_t>at[0] << 8 | at[1]


cdef inline uint64_t be32(const uint8_t *at) noexcept nogil:
    return <uint64_t>at[0] << 24 | <uint64_t>at[1] << 16 | <uint64_t>at[2] << 8 | at[3]


cdef inline uint64_t be48(const uint8_t *at) noexcept nogil:
    return <uint64_t>be16(at) << 32 | be32(at + 2)


cdef inline uint64_t be64(const uint8_t *at) noexcept nogil:
    return be32(at) << 32 | be32(at + 4)


cdef inline uint32_t two(View view, Py_ssize_t at) except? 0xFFFFFFFF nogil:
    return be16(octets(view, at, 2))


cdef inline uint64_t four(View view, Py_ssize_t at) except? 0xFFFFFFFFFFFFFFFF nogil:
    return be32(octets(view, at, 4))


cdef inline uint64_t mac(View view, Py_ssize_t at) except? 0xFFFFFFFFFFFFFFFF nogil:
    return be48(octets(view, at, 6))


cdef inline uint32_t digest(View view, Py_ssize_t pos, Py_ssize_t end) except? 0xFFFFFFFF nogil:
    """The CRC-32 of the bytes from ``pos`` to ``end``, at least one."""
    cdef const uint8_t *first = &view[pos]
    cdef const uint8_t *last = &view[end - 1]
    return crc32_of(first, last - first + 1)


cdef inline uint8_t short_of(Py_ssize_t need, Py_ssize_t wire) noexcept nogil:
    return CUT if need <= wire else TRANSPORT_HEADER


cdef int tcp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
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


cdef int udp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
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


cdef int icmp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    cdef uint32_t kind
    if end - pos < 2:
        row.reason = short_of(pos + 2, wire)
        return DONE
    row.icmp = two(view, pos)
    kind = view[pos]
    if row.transport == ICMP:
        row.quotes = kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12
    else:
        row.quotes = 1 <= kind <= 4
    row.quote = pos + 8
    row.end = end
    row.wire = wire
    return DONE


cdef int protocol(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
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


cdef int ipv4(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
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
    row.src_lo = be32(head + 12)
    row.dst_lo = be32(head + 16)
    row.ip_id = be16(head + 4)
    total = be16(head + 2)
    if total:
        if total < length:
            return OTHER
        wire = pos + total
        end = min(end, wire)
    elif pos + length > wire:
        return OTHER
    if not row.quoted:
        row.digest = digest(view, pos, end)
    fragment = be16(head + 6)
    if fragment & 0x1FFF:
        row.kind = FRAGMENT
        return DONE
    if fragment & 0x2000:
        row.fragmented = 1
    pos += length
    if pos > end:
        row.reason = CUT
        return DONE
    if row.transport == 51:
        return OTHER
    return protocol(row, view, pos, end, wire)


cdef int ipv6(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
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
    row.src_hi = be64(head + 8)
    row.src_lo = be64(head + 16)
    row.dst_hi = be64(head + 24)
    row.dst_lo = be64(head + 32)
    length = be16(head + 4)
    if length or row.transport == 59:
        wire = pos + 40 + length
        end = min(end, wire)
    if not row.quoted:
        row.digest = digest(view, pos, end)
    pos += 40
    for step in range(MOST_EXTENSIONS):
        following = row.transport
        if following == 44:
            if end - pos < 8:
                return OTHER
            row.transport = view[pos]
            row.ip_id = four(view, pos + 4)
            fragment = two(view, pos + 2)
            if fragment >> 3:
                row.kind = FRAGMENT
                return DONE
            if fragment & 1:
                row.fragmented = 1
            pos += 8
        elif following == 0 or following == 43 or following == 60 or following == 51:
            if end - pos < 8:
                return OTHER
            row.transport = view[pos]
            pos += (view[pos + 1] + 2) * 4 if following == 51 else (view[pos + 1] + 1) * 8
            if pos > end:
                return OTHER
        else:
            return protocol(row, view, pos, end, wire)
    return OTHER


cdef inline int ip(Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire) except -1 nogil:
    if end <= pos:
        return OTHER
    return ipv6(row, view, pos, end, wire) if view[pos] >> 4 == 6 else ipv4(row, view, pos, end, wire)


cdef inline int linked(Row *row, uint32_t transport, uint64_t src, uint64_t dst) noexcept nogil:
    row.kind = LINK
    row.transport = transport
    row.src_lo = src
    row.dst_lo = dst
    return DONE


cdef int arp(Row *row, View view, Py_ssize_t pos, Py_ssize_t end) except -1 nogil:
    cdef Py_ssize_t sender, target
    cdef uint32_t opcode
    if end - pos < 8 or two(view, pos + 2) != 0x0800 or view[pos + 5] != 4:
        return OTHER
    sender = pos + 8 + view[pos + 4]
    target = sender + 4 + view[pos + 4]
    if target + 4 > end:
        return OTHER
    opcode = two(view, pos + 6)
    row.version = 4
    row.flags = min(opcode, <uint32_t>0xFF)
    return linked(row, ARP, four(view, sender), four(view, target))


cdef int llc(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, uint64_t src, uint64_t dst
) except -1 nogil:
    cdef uint32_t service, organisation, name
    if end - pos < 3:
        return OTHER
    service = view[pos]
    if view[pos + 2] != 0x03:
        return linked(row, LLC + service, src, dst)
    if service == 0x06:
        return OTHER
    if service != 0xAA:
        return linked(row, LLC + service, src, dst)
    if end - pos < 8:
        return OTHER
    organisation = view[pos + 3] << 16 | two(view, pos + 4)
    name = two(view, pos + 6)
    if organisation == 0x00000C:
        return linked(row, SNAP + name, src, dst)
    if (organisation == 0 or organisation == 0xF8) and name > MAX_LENGTH:
        return OTHER
    return linked(row, LLC + service, src, dst)


cdef int typed(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire, uint32_t kind,
    bint named, uint64_t src, uint64_t dst,
) except -1 nogil:
    """What Ethernet type ``kind`` says is at ``pos``; ``named`` says whether there are MAC addresses."""
    cdef Py_ssize_t size
    while True:
        if kind == 0x0800:
            return ipv4(row, view, pos, end, wire)
        if kind == 0x86DD:
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
        kind = two(view, pos - 2)
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


cdef inline int cooked(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire,
    uint32_t kind, uint32_t hardware, uint32_t size, Py_ssize_t address,
) except -1 nogil:
    # netlink, 802.11, radiotap
    if hardware == 824 or hardware == 801 or hardware == 803 or kind <= MAX_LENGTH:
        return OTHER
    return typed(row, view, pos, end, wire, kind, size == 6, mac(view, address) if size == 6 else 0, 0)


cdef int frame(
    Row *row, View view, Py_ssize_t pos, Py_ssize_t end, Py_ssize_t wire, uint32_t link_type
) except -1 nogil:
    cdef const uint8_t *head
    if link_type == 1:
        if end - pos < 14:
            return OTHER
        head = octets(view, pos, 14)
        row.to_all = be48(head) == EVERYONE
        return typed(row, view, pos + 14, end, wire, be16(head + 12), True, be48(head + 6), be48(head))
    if link_type == 113:
        if end - pos < 16:
            return OTHER
        row.to_all = two(view, pos) == COOKED_BROADCAST
        return cooked(
            row, view, pos + 16, end, wire,
            two(view, pos + 14), two(view, pos + 2), two(view, pos + 4), pos + 6,
        )
    if link_type == COOKED_V2:
        if end - pos < 20:
            return OTHER
        row.to_all = view[pos + 10] == COOKED_BROADCAST
        return cooked(
            row, view, pos + 20, end, wire, two(view, pos), two(view, pos + 8), view[pos + 11], pos + 12
        )
    if link_type == 101 or link_type == 12 or link_type == 14:
        return ip(row, view, pos, end, wire)
    if link_type == 228:
        return ipv4(row, view, pos, end, wire)
    if link_type == 229:
        return ipv6(row, view, pos, end, wire)
    return OTHER


cdef Row EMPTY


def fill(buffer, frames, packets, quotes, int64_t[::1] others):
    """Decode the rows of ``frames`` (FRAMES) that are of a known layout into ``packets`` (PACKETS).

    ``quotes`` is a QUOTES table with as many rows as ``frames``; it and ``others`` are filled from the front.
    Returns ``(rows in others, rows in quotes)``. ``others`` lists the rows left to the reference decoder, whose
    columns are left as they are (``interface`` excepted). ``frame``, ``time`` and ``wire`` are not written.
    """
    cdef View view = buffer
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
    cdef Py_ssize_t count = offset.shape[0], size = view.shape[0], index, pos, end, wire
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
                    number = SLL_INTERFACES + four(view, pos + 4)
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
