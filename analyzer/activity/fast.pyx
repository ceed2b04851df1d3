# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``stretches``: one pass over a batch instead of a sort, and one table of the hosts for
all batches.

The part in numpy is the reference; tests compare what both are joined to.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define SOON(place) __builtin_prefetch(place, 1)
    #else
    #define SOON(place)
    #endif
    """
    void SOON(const void *place) noexcept

cdef struct Stretch:
    uint64_t hi
    uint64_t lo
    int64_t begin
    int64_t end
    int64_t begin_frame
    int64_t end_frame
    uint8_t version

cdef enum:
    # Places looked at for a host. Who prepares hosts that all want the same place gets more stretches, and
    # costs no time: they are joined later like any others.
    PROBES = 16
    FEWEST = 64
    # Rows ahead of which the place of a host is called into the cache.
    AHEAD = 8


def within(
    const uint8_t[::1] version,
    const uint8_t[::1] kind,
    const uint64_t[::1] hi,
    const uint64_t[::1] lo,
    const int64_t[::1] time,
    int64_t apart,
    int64_t[::1] firsts,
    int64_t[::1] lasts,
):
    """Fill ``firsts`` and ``lasts``, as long as the columns, with the rows that begin and end each stretch;
    how many there are."""
    cdef int64_t count = len(time), row, found = 0, now, one, begin, end
    cdef uint64_t size = FEWEST, mix, at
    cdef int32_t *places  # 1 + the latest stretch of the host that has the place, 0 of none
    cdef int probe
    while size < 2 * <uint64_t> count and size < 1 << 20:
        size *= 2
    places = <int32_t *> calloc(size, sizeof(int32_t))
    if places == NULL:
        raise MemoryError
    try:
        for row in range(count):
            if not version[row] or not kind[row]:
                continue
            mix = (lo[row] ^ hi[row] * 0x9E3779B97F4A7C15u ^ version[row]) * 0xD6E8FEB86659FD93u
            at = mix >> 40
            now = time[row]
            for probe in range(PROBES):
                at &= size - 1
                one = places[at] - 1
                if one < 0:
                    break
                begin = firsts[one]
                if lo[begin] == lo[row] and hi[begin] == hi[row] and version[begin] == version[row]:
                    break
                at += 1
            else:
                firsts[found] = lasts[found] = row
                found += 1
                continue
            if one >= 0:
                end = time[lasts[one]]
                begin = time[begin]
                # As numbers without sign differences of whatever times are right.
                if now >= end and <uint64_t> now - <uint64_t> begin <= <uint64_t> apart:
                    lasts[one] = row
                    continue
                if now < begin and <uint64_t> end - <uint64_t> now <= <uint64_t> apart:
                    firsts[one] = row
                    continue
                if begin <= now < end:
                    continue
            firsts[found] = lasts[found] = row
            found += 1
            places[at] = <int32_t> found
    finally:
        free(places)
    return found


cdef inline uint64_t mixed(uint8_t version, uint64_t hi, uint64_t lo, const uint64_t *factors) noexcept:
    """Where the host's place is goes by secret factors: nobody can prepare hosts that all want the same."""
    cdef uint64_t mix = (lo + factors[0]) * factors[3] + (hi + factors[1]) * factors[4]
    mix += (version + factors[2]) * factors[5]
    return mix ^ mix >> 32


def advance(
    Stretch[::1] slots,
    int64_t used,
    const uint64_t[::1] factors,
    const uint8_t[::1] version,
    const uint8_t[::1] kind,
    const uint64_t[::1] hi,
    const uint64_t[::1] lo,
    const int64_t[::1] time,
    const int64_t[::1] frame,
    int64_t apart,
    int64_t row,
    Stretch[::1] closed,
):
    """Take the packets from ``row`` on into ``slots``, the latest stretch of each host, of which ``used`` are
    taken; a power of two. Stretches that are over go to ``closed``.

    Returns the row before which ``slots`` was half full, or ``closed`` was full, ``used``, and how many were
    closed.
    """
    cdef int64_t count = len(time), found = 0, room = len(closed), now
    cdef uint64_t mask = len(slots) - 1, mix
    cdef Stretch *slot
    while row < count:
        if row + AHEAD < count:
            mix = mixed(version[row + AHEAD], hi[row + AHEAD], lo[row + AHEAD], &factors[0])
            SOON(&slots[mix & mask])
        if not version[row] or not kind[row]:
            row += 1
            continue
        mix = mixed(version[row], hi[row], lo[row], &factors[0])
        slot = &slots[mix & mask]
        while slot.version and (slot.lo != lo[row] or slot.hi != hi[row] or slot.version != version[row]):
            mix += 1
            slot = &slots[mix & mask]
        now = time[row]
        if slot.version:
            # As numbers without sign differences of whatever times are right.
            if now >= slot.end and <uint64_t> now - <uint64_t> slot.end <= <uint64_t> apart:
                slot.end, slot.end_frame = now, frame[row]
                row += 1
                continue
            if now < slot.begin and <uint64_t> slot.begin - <uint64_t> now <= <uint64_t> apart:
                slot.begin, slot.begin_frame = now, frame[row]
                row += 1
                continue
            if slot.begin <= now < slot.end:
                row += 1
                continue
            if found == room:
                break
            closed[found] = slot[0]
            found += 1
        else:
            if 2 * used >= <int64_t> mask:
                break
            used += 1
            slot.version, slot.hi, slot.lo = version[row], hi[row], lo[row]
        slot.begin = slot.end = now
        slot.begin_frame = slot.end_frame = frame[row]
        row += 1
    return row, used, found
