"""Which of a batch's CoAP messages have to be looked at one by one: the rules of ``pick.wanted``, which is the
reference; tests compare.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from analyzer.transfers.coap.message cimport ACK, CON, NON, RST, Columns, Ends, Seen, ends_of

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


cdef inline int32_t slot(uint64_t *table, uint64_t mask, uint64_t key, uint8_t flags) noexcept nogil:
    """Where ``key`` is, from now on, with ``flags`` as well."""
    cdef uint64_t at = key >> 8 & mask
    while table[at] and (table[at] ^ key) > ALL:
        at = (at + 1) & mask
    table[at] |= (key & ~<uint64_t> ALL) | USED | flags
    return <int32_t> at


cdef inline bint loud(const Seen *one) noexcept nogil:
    return one.code >= 128 or one.blocks


cdef inline int want(const Columns *columns, Seen *seen, int64_t count, uint64_t factor) except -1:
    """Set ``kept`` of each message that has to be looked at."""
    cdef int64_t at
    cdef uint64_t mask = 31, there, back, key
    cdef bint request, response, wants, answers
    cdef uint8_t here
    cdef Ends ends
    cdef Seen *one
    cdef uint64_t *table = NULL
    cdef int32_t *places = NULL  # of each message: its identifier's, its token's; -1 where it matters not
    while mask < 3 * <uint64_t> count:
        mask = 2 * mask + 1
    table = <uint64_t *> calloc(mask + 1, sizeof(uint64_t))
    places = <int32_t *> malloc((2 * count + 1) * sizeof(int32_t))
    try:
        if table == NULL or places == NULL:
            raise MemoryError
        for at in range(count):
            one = &seen[at]
            ends = ends_of(columns, one.row)
            request, response = 0 < one.code < 32, one.code >= 64
            there = back = 0
            if request or one.kind == CON:
                there = way(&ends, factor)
            if response or one.kind == ACK or one.kind == RST:
                ends = reversed_ends(&ends)
                back = way(&ends, factor)
            places[2 * at] = places[2 * at + 1] = -1
            # An identifier has another length than any token.
            if one.kind == CON:
                places[2 * at] = slot(table, mask, keyed(there, one.mid, 31, factor), 0)
            elif one.kind != NON:
                places[2 * at] = slot(table, mask, keyed(back, one.mid, 31, factor), ACKNOWLEDGED)
            if request:
                key = keyed(there, one.token, one.token_length, factor)
                places[2 * at + 1] = slot(table, mask, key, ASKED)
            elif response:
                key = keyed(back, one.token, one.token_length, factor)
                places[2 * at + 1] = slot(table, mask, key, ANSWERED | (LOUD if loud(one) else 0))
        for at in range(count):
            one = &seen[at]
            request, response = 0 < one.code < 32, one.code >= 64
            here = table[places[2 * at + 1]] & ALL if places[2 * at + 1] >= 0 else 0
            answers = request and here & ANSWERED
            wants = loud(one) or (request and here & LOUD)
            if one.kind == CON and not answers:
                wants = wants or not table[places[2 * at]] & ACKNOWLEDGED
            wants = wants or (
                request and not answers and (one.kind != NON or one.code == GET or one.code == FETCH)
            )
            one.kept = wants or (response and one.kind != ACK and not one.observe and not here & ASKED)
            if one.kind == CON:
                table[places[2 * at]] |= SENT | (KEPT if one.kept else 0)
        for at in range(count):
            one = &seen[at]
            if (one.kind == ACK or one.kind == RST) and not one.kept:
                here = table[places[2 * at]] & ALL
                one.kept = not here & SENT or here & KEPT
            one.kept = one.kept and one.sound
    finally:
        free(table)
        free(places)
    return 0
