# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The heads of payloads: the first distinct ones of each direction of a flow."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcmp, memcpy

from analyzer.flowtable.ends cimport End

cdef struct Kept:
    int64_t frame
    int64_t time
    int64_t wire
    int64_t slot
    int64_t at
    int32_t size
    int32_t following  # 1 + place of the slot's next head, 0 at the last


cdef inline const uint8_t *octets(const uint8_t[::1] view, Py_ssize_t at, Py_ssize_t size) except? NULL nogil:
    """Where the ``size`` bytes at ``at`` are, both ends checked; NULL for no bytes."""
    if size <= 0:
        return NULL
    return &view[at + size - 1] - (&view[at + size - 1] - &view[at])


cdef inline int keep(
    End *end, Kept[::1] kept, uint8_t[::1] arena, int64_t[::1] used, int64_t slot,
    int64_t frame, int64_t time, int64_t wire, const uint8_t *data, int32_t size,
) except -1 nogil:
    """Keep a payload's head unless ``end``, which is ``slot``, has an equal one. 0 where there is no room.
    ``used`` counts the heads and the bytes of the arena."""
    cdef int32_t at = end.head, last = 0
    while at:
        last = at
        if kept[at - 1].wire == wire and kept[at - 1].size == size:
            if not size or memcmp(octets(arena, kept[at - 1].at, size), data, size) == 0:
                return 1
        at = kept[at - 1].following
    if used[0] >= kept.shape[0] or used[1] + size > arena.shape[0]:
        return 0
    kept[used[0]] = Kept(frame, time, wire, slot, used[1], size, 0)
    if size:
        memcpy(<uint8_t *>octets(arena, used[1], size), data, size)
    used[0] += 1
    used[1] += size
    if last:
        kept[last - 1].following = <int32_t>used[0]
    else:
        end.head = <int32_t>used[0]
    end.heads += 1
    return 1
