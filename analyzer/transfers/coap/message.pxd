"""CoAP messages of a batch, their ends, and what is read of them: the fields of ``fields.Fields``.

``fields`` and ``protocols.coap`` are the reference; tests compare.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from analyzer.octets cimport View, be16, octets, soon, view_of

cdef enum:
    # Numbers of analyzer.protocols.coap and analyzer.transfers.coap.fields; a test compares them.
    OBSERVE = 6
    Q_BLOCK1 = 19
    BLOCK2 = 23
    BLOCK1 = 27
    SIZE2 = 28
    Q_BLOCK2 = 31
    SIZE1 = 60
    ECHO = 252
    OPTION_BYTES = 256
    OPTIONS = 48
    VALUE_BYTES = 4
    HEADER = 4
    CON = 0
    NON = 1
    ACK = 2
    RST = 3


cdef struct Columns:
    # The columns of PACKETS that are read, ``count`` long, and the bytes that they speak of.
    View view
    const uint8_t *version
    const uint64_t *src_hi
    const uint64_t *src_lo
    const uint64_t *dst_hi
    const uint64_t *dst_lo
    const uint16_t *src_port
    const uint16_t *dst_port
    const int64_t *payload
    const int64_t *captured
    const int64_t *wires
    int64_t count


cdef struct Ends:
    uint64_t src_hi
    uint64_t src_lo
    uint64_t dst_hi
    uint64_t dst_lo
    uint16_t src_port
    uint16_t dst_port
    uint8_t version


cdef struct Seen:
    # What all messages are asked for; ``variable`` counts from the payload's first byte.
    int64_t row
    int64_t length
    uint64_t token
    int32_t variable
    uint16_t mid
    uint8_t kind
    uint8_t code
    uint8_t token_length
    bint blocks  # whether it has a Block or Q-Block option
    bint observe
    bint sound
    bint kept


cdef struct Values:
    # What options say, -1 for an absent one.
    int64_t observe
    int64_t block1
    int64_t block2
    int64_t size1
    int64_t size2
    int64_t q_block
    int64_t echo


cdef inline Columns columns_of(const uint8_t[::1] buffer, dict columns) except *:
    """Where the columns are, which have to outlive the answer."""
    cdef const uint8_t[::1] version = columns["version"]
    cdef const uint64_t[::1] src_hi = columns["src_hi"], src_lo = columns["src_lo"]
    cdef const uint64_t[::1] dst_hi = columns["dst_hi"], dst_lo = columns["dst_lo"]
    cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
    cdef const int64_t[::1] payload = columns["payload"], captured = columns["payload_captured"]
    cdef const int64_t[::1] wires = columns["payload_wire"]
    cdef Columns found
    found.view, found.count = view_of(buffer), len(version)
    if not (
        found.count == len(src_hi) == len(src_lo) == len(dst_hi) == len(dst_lo) == len(src_port) == len(dst_port)
        == len(payload) == len(captured) == len(wires)
    ):
        raise ValueError("columns of unequal length")
    if not found.count:
        return found
    found.version = &version[0]
    found.src_hi, found.src_lo, found.src_port = &src_hi[0], &src_lo[0], &src_port[0]
    found.dst_hi, found.dst_lo, found.dst_port = &dst_hi[0], &dst_lo[0], &dst_port[0]
    found.payload, found.captured, found.wires = &payload[0], &captured[0], &wires[0]
    return found


cdef inline Ends ends_of(const Columns *columns, int64_t row) noexcept nogil:
    if columns.version[row] == 4:  # the upper halves are 0
        return Ends(
            0, columns.src_lo[row], 0, columns.dst_lo[row], columns.src_port[row], columns.dst_port[row], 4
        )
    return Ends(
        columns.src_hi[row], columns.src_lo[row], columns.dst_hi[row], columns.dst_lo[row],
        columns.src_port[row], columns.dst_port[row], columns.version[row],
    )


cdef inline void soon_read(const Columns *columns, int64_t row) noexcept nogil:
    """Have the processor fetch a message."""
    soon(columns.view.data + columns.payload[row])
    soon(columns.view.data + columns.payload[row] + 32)


cdef inline int32_t extended(const uint8_t *data, int32_t end, int32_t nibble, int32_t *at) noexcept nogil:
    """An option delta or length (RFC 7252 section 3.1); ``at`` moves to what follows it, behind ``end`` where
    it is not whole."""
    if nibble == 13:
        at[0] += 1
        return data[at[0] - 1] + 13 if at[0] <= end else 0
    if nibble == 14:
        at[0] += 2
        return <int32_t> be16(data + at[0] - 2) + 269 if at[0] <= end else 0
    return nibble


cdef inline int read(const Columns *columns, int64_t row, Seen *one, Values *values) except -1:
    """Read the message in ``row``; ``values`` too, unless they are NULL."""
    cdef int32_t end = <int32_t> min(columns.captured[row], <int64_t> OPTION_BYTES)
    cdef int32_t at, step, place, number = 0, delta, size, after, first_block = -1, content = -1
    cdef const uint8_t *data = octets(columns.view, columns.payload[row], max(end, <int32_t> HEADER))
    cdef int64_t wire = columns.wires[row], value
    cdef bint cut = wire > end, good
    cdef uint8_t head = data[0], the_class = data[1] >> 5
    one.row, one.kind, one.code, size = row, head >> 4 & 3, data[1], head & 15
    one.mid = <uint16_t> be16(data + 2)
    at = 4 + size
    good = size <= 8 and (the_class == 0 or the_class == 2 or the_class == 4 or the_class == 5)
    if one.code == 0:
        good = good and one.kind != NON and wire == at
    else:
        good = good and one.kind != RST and not (the_class == 0 and one.kind == ACK)
    good = good and (at <= end or cut)
    one.token, one.token_length = 0, <uint8_t> size
    one.blocks = one.observe = False
    if at <= end:
        for place in range(min(size, 8)):
            one.token = one.token << 8 | data[4 + place]
    for step in range(OPTIONS if good and one.code else 0):
        if at >= end:
            if not cut:
                content = at
            break
        head = data[at]
        if head == 0xFF:
            content = at + 1
            break
        if head >> 4 == 15 or head & 15 == 15:
            good = False
            break
        after = at + 1
        delta = extended(data, end, head >> 4, &after)
        size = extended(data, end, head & 15, &after)
        if after + size > end:
            good = cut
            if first_block < 0:
                first_block = at
            break
        number += delta
        if number == BLOCK1 or number == BLOCK2 or number == Q_BLOCK1 or number == Q_BLOCK2:
            one.blocks = True
            if first_block < 0:
                first_block = at
        elif number == OBSERVE:
            one.observe = True
        if values != NULL:
            value = 0
            if size <= VALUE_BYTES:
                for place in range(size):
                    value = value << 8 | data[after + place]
            if number == OBSERVE:
                values.observe = value
            elif number == BLOCK1:
                values.block1 = value
            elif number == BLOCK2:
                values.block2 = value
            elif number == SIZE1:
                values.size1 = value
            elif number == SIZE2:
                values.size2 = value
            elif number == ECHO:
                values.echo = value
            elif number == Q_BLOCK1 or number == Q_BLOCK2:
                values.q_block = value
        at = after + size
    one.variable = at if first_block < 0 else first_block
    one.length = -1 if content < 0 else wire - content
    one.sound = good
    return 0
