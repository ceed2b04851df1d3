# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""Packets that the next ones may be copies of, by the rules of the module ``copies``."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    SIGHTS = 2048  # kept in the ring: more than ever are compared with the next one

cdef struct Sight:
    int64_t frame
    int64_t time
    int64_t row
    uint8_t way
    uint32_t digest
    int64_t payload
    uint32_t ip_id
    uint32_t interface
    uint8_t copy

cdef struct Shortly:
    # When a packet is a copy, see analyzer.flowtable.copies.
    int64_t near
    int64_t candidates
    int64_t elsewhere
    int64_t identified
    int64_t unidentified

cdef struct Ring:
    # The latest sights, by the lower bits of their numbers, which count from 1 on and some day begin again.
    # Chains lead from each to the one before whose hash has the same place in ``latest``: a link is a part of
    # the hash and, in its lower half, the number.
    Sight *sights
    uint64_t *previous
    uint64_t *latest
    uint32_t mask
    uint64_t first
    uint64_t second


cdef inline Ring ringed(
    Sight[::1] sights, uint64_t[::1] previous, uint64_t[::1] latest, const uint64_t[::1] factors
) except *:
    cdef Ring ring
    assert sights.shape[0] == SIGHTS and previous.shape[0] == SIGHTS
    assert latest.shape[0] > 0 and latest.shape[0] & latest.shape[0] - 1 == 0
    ring.sights, ring.previous, ring.latest = &sights[0], &previous[0], &latest[0]
    ring.mask = <uint32_t>(latest.shape[0] - 1)
    ring.first, ring.second = factors[0] | 1, factors[1] | 1
    return ring


cdef inline uint64_t chained(const Ring *ring, const Sight *one, uint32_t number) noexcept nogil:
    """Make a sight the latest of its chain, and give its link."""
    cdef uint64_t mix = <uint64_t>(one.row * 2 + one.way) * ring.first + one.digest * ring.second
    cdef uint64_t link = mix << 32 | number
    cdef uint32_t at = <uint32_t>(mix >> 32) & ring.mask
    ring.previous[number & SIGHTS - 1] = ring.latest[at]
    ring.latest[at] = link
    return link


cdef inline bint is_copy(
    const Ring *ring, const Sight *one, uint64_t link, const Shortly *shortly
) noexcept nogil:
    """Whether an earlier one of the chain of a sight shows the same packet shortly before."""
    cdef int64_t apart, limit, left = shortly.candidates
    cdef uint32_t age, younger = 0
    cdef uint64_t chain = ring.previous[<uint32_t>link & SIGHTS - 1]
    cdef const Sight *other
    while chain and left:
        age = <uint32_t>link - <uint32_t>chain
        if age >= SIGHTS or age <= younger:
            return False  # another sight has its place by now
        younger = age
        if (chain ^ link) >> 32:
            chain = ring.previous[chain & SIGHTS - 1]
            continue
        other = &ring.sights[chain & SIGHTS - 1]
        if one.frame - other.frame > shortly.near:
            return False
        chain = ring.previous[chain & SIGHTS - 1]
        if (
            other.digest != one.digest or other.row != one.row or other.way != one.way
            or other.payload != one.payload or other.ip_id != one.ip_id
        ):
            continue
        left -= 1
        apart = one.time - other.time
        if apart < 0:
            apart = -apart
        if other.interface != one.interface:
            limit = shortly.elsewhere
        else:
            limit = shortly.identified if one.ip_id else shortly.unidentified
        if apart <= limit:
            return True
    return False
