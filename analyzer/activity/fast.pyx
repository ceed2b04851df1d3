# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``stretches``: one pass over a batch instead of a sort, and one table of the hosts for
all batches.

The part in numpy is the reference; tests compare what both are joined to.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free

from analyzer.octets cimport soon

cdef struct Stretch:
    uint64_t hi
    uint64_t lo
    int64_t begin
    int64_t end
    int64_t begin_frame
    int64_t end_frame
    uint8_t version

cdef struct Slot:
    # A stretch, its fields so that it fills a line of the cache, if it begins where one does.
    uint64_t lo
    uint64_t hi
    int64_t begin
    int64_t end
    int64_t begin_frame
    int64_t end_frame
    uint64_t version
    uint64_t nothing

TAKEN = SOME

cdef enum:
    # Places looked at for a host. Who prepares hosts that all want the same place gets more stretches, and
    # costs no time: they are joined later like any others.
    PROBES = 16
    FEWEST = 64
    # Packets taken at a time: what is asked of each is called into the cache for all of them first.
    SOME = 64


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


cdef inline bint _of(const Slot *slot, uint8_t version, uint64_t hi, uint64_t lo) noexcept:
    return slot.lo == lo and slot.hi == hi and slot.version == version


cdef int64_t _search(
    Slot *held, int64_t *used, uint64_t *index, uint64_t mask, uint64_t mix, uint8_t version, uint64_t hi, uint64_t lo,
    bint sure
) noexcept:
    """The place of a host in ``held``, a new one where it has none. Unless ``sure`` half of its hash is enough,
    which looks at ``index`` alone: who comes there compares the host."""
    cdef uint64_t at = mix, entry
    cdef Slot *slot
    while True:
        at &= mask
        entry = index[at]
        if not entry:
            break
        if (entry ^ mix) >> 32 == 0:
            slot = &held[(entry & 0xFFFFFFFFu) - 1]
            if not sure or _of(slot, version, hi, lo):
                return <int64_t> (entry & 0xFFFFFFFFu) - 1
        at += 1
    slot = &held[used[0]]
    slot.lo, slot.hi, slot.version, slot.begin_frame = lo, hi, version, 0
    used[0] += 1
    index[at] = (mix & ~<uint64_t> 0xFFFFFFFFu) | <uint64_t> used[0]
    return used[0] - 1


def indexed(const Slot[::1] held, int64_t used, uint64_t[::1] index, const uint64_t[::1] factors):
    """Fill an empty ``index``, a power of two, with the places of the hosts ``held``."""
    cdef uint64_t mask = len(index) - 1, mix, at
    cdef int64_t place
    for place in range(used):
        mix = mixed(<uint8_t> held[place].version, held[place].hi, held[place].lo, &factors[0])
        at = mix & mask
        while index[at]:
            at = (at + 1) & mask
        index[at] = (mix & ~<uint64_t> 0xFFFFFFFFu) | <uint64_t> (place + 1)


def advance(
    Slot[::1] held,
    int64_t used,
    uint64_t[::1] index,
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
    """Take the packets from ``row`` on into ``held``, the latest stretch of each host, of which ``used`` are
    taken; ``index``, a power of two and at least twice as long, says by a hash which is whose. Stretches that
    are over go to ``closed``.

    Returns the row before which there might have been no room in one of them, ``used``, and how many were closed.
    """
    cdef int64_t count = len(time), found = 0, now, place
    cdef uint64_t mask = len(index) - 1
    cdef uint64_t mixes[SOME]
    cdef int64_t places[SOME]
    cdef int at, some
    cdef Slot *slot
    while row < count and used + 2 * SOME <= len(held) and found + SOME <= len(closed):
        some = <int> min(<int64_t> SOME, count - row)
        for at in range(some):
            mixes[at] = mixed(version[row + at], hi[row + at], lo[row + at], &factors[0])
            soon(<const uint8_t *> &index[mixes[at] & mask])
        for at in range(some):
            places[at] = -1
            if version[row + at] and kind[row + at]:
                places[at] = _search(
                    &held[0], &used, &index[0], mask, mixes[at], version[row + at], hi[row + at], lo[row + at], False
                )
                soon(<const uint8_t *> &held[places[at]])
        for at in range(some):
            place = places[at]
            if place < 0:
                row += 1
                continue
            slot = &held[place]
            if not _of(slot, version[row], hi[row], lo[row]):
                slot = &held[
                    _search(&held[0], &used, &index[0], mask, mixes[at], version[row], hi[row], lo[row], True)
                ]
            now = time[row]
            # As numbers without sign differences of whatever times are right.
            if slot.begin_frame and now >= slot.end and <uint64_t> now - <uint64_t> slot.end <= <uint64_t> apart:
                slot.end, slot.end_frame = now, frame[row]
            elif slot.begin_frame and now < slot.begin and <uint64_t> slot.begin - <uint64_t> now <= <uint64_t> apart:
                slot.begin, slot.begin_frame = now, frame[row]
            elif not slot.begin_frame or not slot.begin <= now < slot.end:
                if slot.begin_frame:
                    closed[found] = Stretch(
                        slot.hi, slot.lo, slot.begin, slot.end, slot.begin_frame, slot.end_frame,
                        <uint8_t> slot.version
                    )
                    found += 1
                slot.begin = slot.end = now
                slot.begin_frame = slot.end_frame = frame[row]
            row += 1
    return row, used, found
