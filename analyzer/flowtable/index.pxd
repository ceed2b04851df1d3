# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The keys of flows and their rows, by open addressing."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef enum:
    FACTORS = 13
    WIDE = 0x80000000  # in Key.what

cdef struct Words:
    uint64_t hi0
    uint64_t lo0
    uint64_t hi1
    uint64_t lo1
    uint64_t ports  # port0 << 16 | port1
    uint64_t what  # transport << 16 | version << 8 | ported

cdef struct Key:
    # Of two IPv4 addresses. Of any others ``what`` is WIDE, ``ports`` 0, and ``pair`` where their Words are.
    uint64_t pair  # lo0 << 32 | lo1
    uint32_t ports
    uint32_t what  # transport << 1 | ported

cdef struct Table:
    # An open-addressing table of one of the two kinds of keys: a slot holds the upper half of the hash and
    # 1 + the row. ``words`` are the wide keys, which have a table of their own.
    uint64_t *slots
    uint64_t mask
    Key *keys
    Words *words
    const uint64_t *factors


cdef inline uint64_t mixed(const Key *key, const uint64_t *factors) noexcept nogil:
    """Multilinear in secret factors: nobody can prepare a capture whose flows share a chain."""
    cdef uint64_t rest = <uint64_t>key.ports << 32 | key.what
    cdef uint64_t total = (key.pair + factors[0]) * factors[6] + (rest + factors[1]) * factors[7]
    total ^= total >> 32
    total *= factors[12]
    return total ^ total >> 29


cdef inline uint64_t mixed_words(const Words *key, const uint64_t *factors) noexcept nogil:
    cdef uint64_t total = (
        (key.hi0 + factors[0]) * factors[6] + (key.lo0 + factors[1]) * factors[7]
        + (key.hi1 + factors[2]) * factors[8] + (key.lo1 + factors[3]) * factors[9]
        + (key.ports + factors[4]) * factors[10] + (key.what + factors[5]) * factors[11]
    )
    total ^= total >> 32
    total *= factors[12]
    return total ^ total >> 29


cdef inline bint same(const Key *one, const Key *other) noexcept nogil:
    return one.pair == other.pair and one.ports == other.ports and one.what == other.what


cdef inline bint same_words(const Words *one, const Words *other) noexcept nogil:
    return (
        one.lo0 == other.lo0 and one.lo1 == other.lo1 and one.ports == other.ports
        and one.hi0 == other.hi0 and one.hi1 == other.hi1 and one.what == other.what
    )


cdef inline uint64_t place(const Table *table, const Key *key, uint64_t mix) noexcept nogil:
    """Where ``key`` is in the slots, or the empty place where it belongs."""
    cdef uint64_t at = mix & table.mask, slot
    while True:
        slot = table.slots[at]
        if not slot or (slot >> 32 == mix >> 32 and same(&table.keys[<uint32_t>slot - 1], key)):
            return at
        at = (at + 1) & table.mask


cdef inline uint64_t place_words(const Table *table, const Words *key, uint64_t mix) noexcept nogil:
    cdef uint64_t at = mix & table.mask, slot
    while True:
        slot = table.slots[at]
        if not slot or (slot >> 32 == mix >> 32 and same_words(&table.words[<uint32_t>slot - 1], key)):
            return at
        at = (at + 1) & table.mask


cdef inline bint narrow(const Words *words) noexcept nogil:
    """Whether a Key holds all of it."""
    return (
        not words.hi0 and not words.hi1 and not words.lo0 >> 32 and not words.lo1 >> 32
        and words.what >> 8 & 0xFF == 4 and words.what >> 16 < 0x40000000
    )


cdef inline bint key_of(
    const Table *wide, int64_t *count, const Words *words, bint add, Key *key
) noexcept nogil:
    """The Key of some words; of wide ones that are not known yet only where they may be added."""
    cdef uint64_t mix, at
    if narrow(words):
        key.pair = words.lo0 << 32 | words.lo1
        key.ports = <uint32_t>words.ports
        key.what = <uint32_t>(words.what >> 16 << 1 | words.what & 1)
        return True
    mix = mixed_words(words, wide.factors)
    at = place_words(wide, words, mix)
    if not wide.slots[at]:
        if not add:
            return False
        wide.words[count[0]] = words[0]
        count[0] += 1
        wide.slots[at] = mix >> 32 << 32 | <uint64_t>count[0]
    key.pair = <uint32_t>wide.slots[at] - 1
    key.ports, key.what = 0, WIDE
    return True


cdef inline void words_of(const Key *key, const Words *wide, Words *words) noexcept nogil:
    if key.what & WIDE:
        words[0] = wide[key.pair]
        return
    words.hi0, words.lo0, words.hi1, words.lo1 = 0, key.pair >> 32, 0, <uint32_t>key.pair
    words.ports = key.ports
    words.what = <uint64_t>(key.what >> 1) << 16 | 4 << 8 | key.what & 1


cdef inline Table tabled(
    uint64_t[::1] slots, Key[::1] keys, Words[::1] words, const uint64_t[::1] factors
) except *:
    cdef Table table
    assert factors.shape[0] == FACTORS and slots.shape[0] & slots.shape[0] - 1 == 0
    table.slots, table.mask, table.factors = &slots[0], slots.shape[0] - 1, &factors[0]
    table.keys = &keys[0] if keys is not None and keys.shape[0] else NULL
    table.words = &words[0] if words is not None and words.shape[0] else NULL
    return table


cdef inline bint arranged(
    uint64_t src_hi, uint64_t src_lo, uint64_t src_port, uint64_t dst_hi, uint64_t dst_lo, uint64_t dst_port,
    uint64_t what, Words *words,
) noexcept nogil:
    """The words of a packet, the smaller end first; whether that is its destination."""
    cdef bint back = src_hi > dst_hi or (
        src_hi == dst_hi and (src_lo > dst_lo or (src_lo == dst_lo and src_port > dst_port))
    )
    words.what = what
    if back:
        words.hi0, words.lo0, words.hi1, words.lo1 = dst_hi, dst_lo, src_hi, src_lo
        words.ports = dst_port << 16 | src_port
    else:
        words.hi0, words.lo0, words.hi1, words.lo1 = src_hi, src_lo, dst_hi, dst_lo
        words.ports = src_port << 16 | dst_port
    return back
