"""Which of a batch's CoAP messages have to be looked at one by one: the rules of ``pick.wanted``, which is the
reference; tests compare.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from analyzer.transfers.coap.message cimport ACK, CON, NON, Columns, Ends, Seen

cdef enum:
    # Numbers of analyzer.transfers.coap.pick; a test compares them.
    GET = 1
    FETCH = 5

    # Of an identifier, in the order of the confirmable message; of a token, in that of the request.
    ACKNOWLEDGED = 1
    SENT = 2
    KEPT = 4
    ANSWERED = 8
    LOUD = 16
    ASKED = 32
    USED = 128
    ALL = 255  # the rest of an entry is of its key


cdef inline uint64_t way(const Ends *ends, uint64_t factor) noexcept nogil:
    """A number for two ends in their order. ``factor``, odd, is nobody's to know."""
    cdef uint64_t key = (ends.src_lo ^ factor) * <uint64_t> 0x9E3779B97F4A7C15
    key = (key ^ key >> 29 ^ ends.dst_lo) * <uint64_t> 0xC2B2AE3D27D4EB4F
    key = (key ^ key >> 32 ^ ((<uint64_t> ends.src_port) << 32 | ends.dst_port)) * <uint64_t> 0x9E3779B97F4A7C15
    if ends.src_hi | ends.dst_hi:
        key = (key ^ key >> 29 ^ ends.src_hi) * <uint64_t> 0xC2B2AE3D27D4EB4F
        key = (key ^ key >> 32 ^ ends.dst_hi) * <uint64_t> 0x9E3779B97F4A7C15
    return key ^ key >> 29


cdef inline uint64_t keyed(uint64_t way, uint64_t name, uint64_t length, uint64_t factor) noexcept nogil:
    """A number for two ends and an identifier, or a token of a length."""
    cdef uint64_t key = (way ^ name ^ length << 59) * factor
    key = (key ^ key >> 32) * <uint64_t> 0xC2B2AE3D27D4EB4F
    return key ^ key >> 29


cdef inline Ends reversed_ends(const Ends *ends) noexcept nogil:
    return Ends(
        ends.dst_hi, ends.dst_lo, ends.src_hi, ends.src_lo, ends.dst_port, ends.src_port, ends.version
    )


cdef inline uint64_t way_of(const Columns *columns, int64_t row, uint8_t turned, uint64_t factor) noexcept nogil:
    """The same of the ends of a message, or of its answer's if it is ``turned``."""
    cdef const uint64_t *src_lo = columns.dst_lo if turned else columns.src_lo
    cdef const uint64_t *dst_lo = columns.src_lo if turned else columns.dst_lo
    cdef const uint16_t *src_port = columns.dst_port if turned else columns.src_port
    cdef const uint16_t *dst_port = columns.src_port if turned else columns.dst_port
    cdef Ends ends = Ends(0, src_lo[row], 0, dst_lo[row], src_port[row], dst_port[row], columns.version[row])
    if ends.version != 4:  # else the upper halves are 0
        ends.src_hi = columns.dst_hi[row] if turned else columns.src_hi[row]
        ends.dst_hi = columns.src_hi[row] if turned else columns.dst_hi[row]
    return way(&ends, factor)


cdef inline int32_t slot(uint64_t *table, uint64_t mask, uint64_t key, uint8_t flags) noexcept nogil:
    """Where ``key`` is, from now on, with ``flags`` as well."""
    cdef uint64_t at = key >> 8 & mask
    while (table[at] != 0) & ((table[at] ^ key) > ALL):  # one branch, for a collision: hardly ever taken
        at = (at + 1) & mask
    table[at] |= (key & ~<uint64_t> ALL) | USED | flags
    return <int32_t> at


cdef inline int want(const Columns *columns, Seen *seen, int64_t count, uint64_t factor) except -1:
    """Set ``kept`` of each message that has to be looked at."""
    cdef int64_t at
    cdef uint64_t mask = 31, there, back, key
    # What is true of a message is 0 or 1, and told without branches: what comes next nobody could foresee.
    cdef uint8_t request, response, sent, confirms, turned, loud, wants, answers, here, known
    cdef int32_t nowhere
    cdef Seen *one
    cdef uint64_t *table = NULL
    cdef int32_t *places = NULL  # of each message: its identifier's, its token's; the last of all where it matters not
    while mask < 3 * <uint64_t> count:
        mask = 2 * mask + 1
    nowhere = <int32_t> (mask + 1)
    table = <uint64_t *> calloc(mask + 2, sizeof(uint64_t))
    places = <int32_t *> malloc((2 * count + 1) * sizeof(int32_t))
    try:
        if table == NULL or places == NULL:
            raise MemoryError
        with nogil:
            for at in range(count):
                one = &seen[at]
                request, response = <uint8_t> (one.code - 1) < 31, one.code >= 64
                sent, confirms = one.kind == CON, one.kind >= ACK
                turned = response | confirms
                there = back = way_of(columns, one.row, turned, factor)
                if response & sent:  # its identifier is its own, its token the request's
                    there = way_of(columns, one.row, False, factor)
                elif request & confirms:  # no message, but asked for all the same
                    back = way_of(columns, one.row, False, factor)
                places[2 * at] = places[2 * at + 1] = nowhere
                # An identifier has another length than any token.
                if one.kind != NON:
                    key = keyed(there, one.mid, 31, factor)
                    places[2 * at] = slot(table, mask, key, ACKNOWLEDGED * confirms)
                if request | response:
                    loud = (one.code >= 128) | one.blocks
                    key = keyed(back, one.token, one.token_length, factor)
                    places[2 * at + 1] = slot(
                        table, mask, key, ASKED * request | (ANSWERED | LOUD * loud) * response
                    )
            for at in range(count):
                one = &seen[at]
                request, response = <uint8_t> (one.code - 1) < 31, one.code >= 64
                sent = one.kind == CON
                here, known = <uint8_t> table[places[2 * at + 1]], <uint8_t> table[places[2 * at]]
                answers = request & (here & ANSWERED != 0)
                wants = (one.code >= 128) | one.blocks | request & (here & LOUD != 0)
                wants |= sent & (answers ^ 1) & (known & ACKNOWLEDGED == 0)
                wants |= request & (answers ^ 1) & ((one.kind != NON) | (one.code == GET) | (one.code == FETCH))
                wants |= response & (one.kind != ACK) & (one.observe ^ 1) & (here & ASKED == 0)
                one.kept = wants
                table[places[2 * at]] |= sent * (SENT | KEPT * wants)
            for at in range(count):
                one = &seen[at]
                known, confirms = <uint8_t> table[places[2 * at]], one.kind >= ACK
                one.kept = one.sound & (one.kept | confirms & ((known & SENT == 0) | (known & KEPT != 0)))
    finally:
        free(table)
        free(places)
    return 0
