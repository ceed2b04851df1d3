# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``stretches``: one pass over a batch instead of a sort.

The one in numpy is the reference; tests compare what both are joined to.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free

cdef enum:
    # Places looked at for a host. Who prepares hosts that all want the same place gets more stretches, and
    # costs no time: they are joined later like any others.
    PROBES = 16
    FEWEST = 64


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
