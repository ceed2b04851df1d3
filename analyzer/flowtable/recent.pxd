# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""Packets that were looked at one by one, as ``copies.Plain`` remembers them."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memmove, memset

cdef enum:
    # Numbers of analyzer.flowtable.copies; a test compares them.
    RECENT = 8192
    ELSEWHERE = 50_000_000
    IDENTIFIED = 20_000_000
    UNIDENTIFIED = 1_000_000

    PLACES = 2 * RECENT

cdef struct Seen:
    int64_t time
    int64_t wire
    uint32_t digest
    uint32_t ip_id
    uint32_t interface

cdef struct Memory:
    # Packets in the order in which they were first seen, and where each is by a hash with secret factors.
    Seen[RECENT] seen
    uint16_t[PLACES] places  # 1 + the place in seen, 0 of none
    uint64_t[3] factors
    int count


cdef inline int found(const Memory *memory, uint32_t digest, int64_t wire, uint32_t ip_id) noexcept nogil:
    """Which of the places is the packet's, or the empty one where it belongs."""
    cdef const Seen *one
    cdef uint64_t mix = digest * memory.factors[0] + <uint64_t> wire * memory.factors[1]
    mix += ip_id * memory.factors[2]
    mix ^= mix >> 32
    while True:
        mix &= PLACES - 1
        if not memory.places[mix]:
            return <int> mix
        one = &memory.seen[memory.places[mix] - 1]
        if one.digest == digest and one.wire == wire and one.ip_id == ip_id:
            return <int> mix
        mix += 1


cdef inline void arrange(Memory *memory) noexcept nogil:
    """Give all that is remembered its place."""
    cdef int at
    cdef Seen *one
    memset(memory.places, 0, sizeof(memory.places))
    for at in range(memory.count):
        one = &memory.seen[at]
        memory.places[found(memory, one.digest, one.wire, one.ip_id)] = <uint16_t> (at + 1)


cdef inline bint again(
    Memory *memory, uint32_t digest, int64_t wire, uint32_t ip_id, int64_t time, uint32_t interface
) noexcept nogil:
    """Whether the packet is a copy of one that is remembered; it is remembered too, or in its place."""
    cdef int place = found(memory, digest, wire, ip_id)
    cdef Seen *one
    cdef uint64_t apart, limit
    if memory.places[place]:
        one = &memory.seen[memory.places[place] - 1]
        # As numbers without sign the difference of whatever times is right.
        apart = <uint64_t> time - <uint64_t> one.time
        if time < one.time:
            apart = 0 - apart
        if one.interface != interface:
            limit = ELSEWHERE
        else:
            limit = IDENTIFIED if ip_id else UNIDENTIFIED
        if apart <= limit:
            return True
    if memory.count >= RECENT:
        memory.count -= RECENT // 2
        memmove(memory.seen, &memory.seen[RECENT // 2], memory.count * sizeof(Seen))
        arrange(memory)
        place = found(memory, digest, wire, ip_id)
    if not memory.places[place]:
        one = &memory.seen[memory.count]
        one.digest, one.wire, one.ip_id = digest, wire, ip_id
        memory.count += 1
        memory.places[place] = <uint16_t> memory.count
    one = &memory.seen[memory.places[place] - 1]
    one.time, one.interface = time, interface
    return False
