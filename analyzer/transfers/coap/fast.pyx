# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``fields`` and ``pick``: the same fields of the same messages, the same ones wanted.

Those two, in numpy, are the reference; tests compare. Every byte is read through a bounds-checked view.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free

cdef enum:
    # Numbers of analyzer.protocols.coap and analyzer.transfers.coap.fields; a test compares them.
    _OBSERVE = 6
    _Q_BLOCK1 = 19
    _BLOCK2 = 23
    _BLOCK1 = 27
    _SIZE2 = 28
    _Q_BLOCK2 = 31
    _SIZE1 = 60
    _ECHO = 252
    _OPTION_BYTES = 256
    _OPTIONS = 48
    _VALUE_BYTES = 4

    CON = 0
    NON = 1
    ACK = 2
    RST = 3
    GET = 1
    FETCH = 5

NUMBERS = {
    "OBSERVE": _OBSERVE, "Q_BLOCK1": _Q_BLOCK1, "BLOCK2": _BLOCK2, "BLOCK1": _BLOCK1, "SIZE2": _SIZE2,
    "Q_BLOCK2": _Q_BLOCK2, "SIZE1": _SIZE1, "ECHO": _ECHO, "OPTION_BYTES": _OPTION_BYTES, "OPTIONS": _OPTIONS,
    "VALUE_BYTES": _VALUE_BYTES, "CON": CON, "NON": NON, "ACK": ACK, "RST": RST, "GET": GET, "FETCH": FETCH,
}


cdef inline int64_t _extended(const uint8_t[::1] octets, int64_t nibble, int64_t *place, int64_t last):
    """An option delta or length (RFC 7252 section 3.1); ``place`` moves to what follows it."""
    cdef int64_t at = place[0]
    if nibble == 13:
        place[0] = at + 1
        return octets[min(at, last)] + 13
    if nibble == 14:
        place[0] = at + 2
        return ((<int64_t> octets[min(at, last)]) << 8 | octets[min(at + 1, last)]) + 269
    return nibble


def fields(
    const uint8_t[::1] octets,
    const int64_t[::1] payload,
    const int64_t[::1] captured,
    const int64_t[::1] wires,
    const int64_t[::1] rows,
    dict out,
):
    """Fill the columns ``out`` of as many messages as there are ``rows``: places in the other columns."""
    cdef int64_t[::1] kind = out["kind"], code = out["code"], mid = out["mid"]
    cdef int64_t[::1] token_length = out["token_length"], options = out["options"], variable = out["variable"]
    cdef int64_t[::1] length = out["length"], observe = out["observe"], block1 = out["block1"]
    cdef int64_t[::1] block2 = out["block2"], size1 = out["size1"], size2 = out["size2"]
    cdef int64_t[::1] q_block = out["q_block"], echo = out["echo"]
    cdef uint64_t[::1] token = out["token"]
    cdef uint8_t[::1] sound = out["sound"]
    cdef int64_t row, place, begin, end, at, start, wire, last = len(octets) - 1, step, number, delta, size, value
    cdef int64_t after, first_block, content, count = len(rows), the_class
    cdef bint cut, good
    cdef uint64_t name
    cdef uint8_t head
    for place in range(count):
        row = rows[place]
        begin, wire = payload[row], wires[row]
        end = begin + min(captured[row], _OPTION_BYTES)
        head = octets[begin]
        kind[place], size = head >> 4 & 3, head & 15
        code[place] = octets[begin + 1]
        mid[place] = (<int64_t> octets[begin + 2]) << 8 | octets[begin + 3]
        the_class = code[place] >> 5
        cut = wire > end - begin
        start = begin + 4 + size
        good = size <= 8 and (the_class == 0 or the_class == 2 or the_class == 4 or the_class == 5)
        if code[place] == 0:
            good = good and kind[place] != NON and wire == 4 + size
        else:
            good = good and kind[place] != RST and not (the_class == 0 and kind[place] == ACK)
        good = good and (start <= end or cut)
        name = 0
        if start <= end:
            for step in range(min(size, 8)):
                name = name << 8 | octets[begin + 4 + step]
        token[place], token_length[place], options[place] = name, size, start
        observe[place] = block1[place] = block2[place] = size1[place] = size2[place] = -1
        q_block[place] = echo[place] = first_block = content = -1
        at, number = start, 0
        for step in range(_OPTIONS if good and code[place] else 0):
            if at >= end:
                if not cut:
                    content = at
                break
            head = octets[at]
            if head == 0xFF:
                content = at + 1
                break
            if head >> 4 == 15 or head & 15 == 15:
                good = False
                break
            after = at + 1
            delta = _extended(octets, head >> 4, &after, last)
            size = _extended(octets, head & 15, &after, last)
            if after + size > end:
                good = cut
                if first_block < 0:
                    first_block = at
                break
            number += delta
            if (
                number == _OBSERVE or number == _BLOCK1 or number == _BLOCK2 or number == _SIZE1
                or number == _SIZE2 or number == _Q_BLOCK1 or number == _Q_BLOCK2 or number == _ECHO
            ):
                value = 0
                if size <= _VALUE_BYTES:
                    for row in range(size):
                        value = value << 8 | octets[after + row]
                if number == _OBSERVE:
                    observe[place] = value
                elif number == _SIZE1:
                    size1[place] = value
                elif number == _SIZE2:
                    size2[place] = value
                elif number == _ECHO:
                    echo[place] = value
                else:
                    if number == _BLOCK1:
                        block1[place] = value
                    elif number == _BLOCK2:
                        block2[place] = value
                    else:
                        q_block[place] = value
                    if first_block < 0:
                        first_block = at
            at = after + size
        variable[place] = at if first_block < 0 else first_block
        length[place] = -1 if content < 0 else wire - (content - begin)
        sound[place] = good


# ---------------------------------------------------------------- which are wanted


cdef struct Entry:
    uint64_t key
    uint8_t flags  # 0: empty


cdef inline void _put(Entry *table, uint64_t mask, uint64_t factor, uint64_t key, uint8_t flags) noexcept nogil:
    cdef uint64_t slot = key * factor >> 32 & mask
    while table[slot].flags and table[slot].key != key:
        slot = (slot + 1) & mask
    table[slot].key = key
    table[slot].flags |= flags


cdef inline uint8_t _get(Entry *table, uint64_t mask, uint64_t factor, uint64_t key) noexcept nogil:
    cdef uint64_t slot = key * factor >> 32 & mask
    while table[slot].flags and table[slot].key != key:
        slot = (slot + 1) & mask
    return table[slot].flags


def wanted(
    const uint64_t[::1] by_mid,
    const uint64_t[::1] to_mid,
    const uint64_t[::1] by_token,
    const uint64_t[::1] to_token,
    dict told,
    uint64_t factor,
    uint8_t[::1] keep,
):
    """Set ``keep`` of each message that has to be looked at one by one: the rules of ``pick.wanted``.

    The first four name the two ends with the identifier or the token, in the order of the message and in that
    of its answer. ``factor``, odd, is of a hash, and nobody's to know.
    """
    cdef const int64_t[::1] kind = told["kind"], code = told["code"], observe = told["observe"]
    cdef const int64_t[::1] block1 = told["block1"], block2 = told["block2"], q_block = told["q_block"]
    cdef const uint8_t[::1] sound = told["sound"]
    cdef int64_t count = len(keep), at
    cdef uint64_t mask = 15
    cdef bint request, response, loud, acknowledges, answers, confirmed, wants
    cdef uint8_t here
    cdef Entry *responses = NULL  # to_token: 1, loud ones 2
    cdef Entry *acknowledged = NULL  # to_mid
    cdef Entry *requests = NULL  # by_token
    cdef Entry *confirmables = NULL  # by_mid: 1, kept ones 2
    while mask < 2 * <uint64_t> count:
        mask = 2 * mask + 1
    responses = <Entry *> calloc(mask + 1, sizeof(Entry))
    acknowledged = <Entry *> calloc(mask + 1, sizeof(Entry))
    requests = <Entry *> calloc(mask + 1, sizeof(Entry))
    confirmables = <Entry *> calloc(mask + 1, sizeof(Entry))
    try:
        if responses == NULL or acknowledged == NULL or requests == NULL or confirmables == NULL:
            raise MemoryError
        for at in range(count):
            if code[at] >= 64:
                loud = code[at] >= 128 or block1[at] >= 0 or block2[at] >= 0 or q_block[at] >= 0
                _put(responses, mask, factor, to_token[at], 3 if loud else 1)
            elif code[at] > 0 and code[at] < 32:
                _put(requests, mask, factor, by_token[at], 1)
            if kind[at] == ACK or kind[at] == RST:
                _put(acknowledged, mask, factor, to_mid[at], 1)
        for at in range(count):
            request, response = 0 < code[at] < 32, code[at] >= 64
            wants = code[at] >= 128 or block1[at] >= 0 or block2[at] >= 0 or q_block[at] >= 0
            here = _get(responses, mask, factor, by_token[at])
            answers = here != 0
            confirmed = _get(acknowledged, mask, factor, by_mid[at]) or (request and answers)
            wants = wants or (request and here & 2)
            wants = wants or (kind[at] == CON and not confirmed)
            wants = wants or (
                request and not answers and (kind[at] != NON or code[at] == GET or code[at] == FETCH)
            )
            wants = wants or (
                response
                and kind[at] != ACK
                and observe[at] < 0
                and not _get(requests, mask, factor, to_token[at])
            )
            keep[at] = wants
            if kind[at] == CON:
                _put(confirmables, mask, factor, by_mid[at], 3 if wants else 1)
        for at in range(count):
            acknowledges = kind[at] == ACK or kind[at] == RST
            if acknowledges and not keep[at]:
                here = _get(confirmables, mask, factor, to_mid[at])
                keep[at] = here == 0 or here & 2
            keep[at] = keep[at] != 0 and sound[at] != 0
    finally:
        free(responses)
        free(acknowledged)
        free(requests)
        free(confirmables)
