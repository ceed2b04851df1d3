# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``pick``: the same messages of a batch, found in one pass.

That one, in numpy, is the reference; tests compare. Every byte is read through a bounds-checked view.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from analyzer.octets cimport soon

cdef enum:
    # Numbers of analyzer.tables, analyzer.protocols.bacnet and pick; a test compares them.
    _IPV6 = 0x82
    _REJECT_MESSAGE = 3
    _HEADER = 4
    _PLAIN = 1
    _TIED = 2

    LOOKED_AT = 4  # whatever the others say
    REFUSED = 8
    REPLIED = 16

    AHEAD = 12  # messages before its turn comes that one is called into the cache

NUMBERS = {
    "IPV6": _IPV6, "REJECT_MESSAGE": _REJECT_MESSAGE,
    "HEADER": _HEADER, "PLAIN": _PLAIN, "TIED": _TIED,
}

cdef struct Candidate:
    int64_t row
    uint64_t key  # of the request: its own, or the one that is answered
    uint8_t what

cdef struct Entry:
    uint64_t key
    uint8_t flags  # 0: empty


cdef inline Entry *_entry(Entry *table, uint64_t mask, uint64_t key) noexcept nogil:
    """The place of ``key``, or the empty one where it belongs."""
    cdef uint64_t slot = key >> 20 & mask
    while table[slot].flags and table[slot].key != key:
        slot = (slot + 1) & mask
    return &table[slot]


cdef inline uint64_t _mixed(uint64_t key, uint64_t value) noexcept nogil:
    key = (key ^ value) * <uint64_t> 0x9E3779B97F4A7C15
    return key ^ key >> 29


def sift(
    const uint8_t[::1] octets,
    dict columns,
    const int64_t[::1] rows,
    const int64_t[:, ::1] carriers,
    int64_t latest,
    int64_t[::1] kept,
    uint8_t[::1] ties,
    uint64_t[::1] keys,
):
    """Fill the last three, each as long as ``rows``, with what of these is in ``pick.Sifted``; how many there are.

    ``carriers`` are the bytes between BVLC header and NPDU by type and function, ``latest`` the requests
    without reply that are kept.
    """
    cdef const uint8_t[::1] fragmented = columns["fragmented"]
    cdef const int64_t[::1] payload = columns["payload"], captured = columns["payload_captured"]
    cdef const int64_t[::1] wires = columns["payload_wire"]
    cdef const uint64_t[::1] src_hi = columns["src_hi"], src_lo = columns["src_lo"]
    cdef const uint64_t[::1] dst_hi = columns["dst_hi"], dst_lo = columns["dst_lo"]
    cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
    cdef int64_t row, begin, end, npdu, place, between, last = len(octets) - 1, count = len(rows)
    cdef int64_t held = 0, asked = 0, tied = 0, found = 0, at, waiting = 0
    cdef uint8_t first, control, kind, invoke, what
    cdef uint64_t key, mask = 15
    cdef bint own, answer
    cdef Candidate *candidates = NULL
    cdef Entry *table = NULL
    cdef Entry *entry
    candidates = <Candidate *> malloc((count + 1) * sizeof(Candidate))
    if candidates == NULL:
        raise MemoryError
    try:
        for at in range(count):
            if at + AHEAD < count:
                row = payload[rows[at + AHEAD]]
                if 0 <= row <= last:
                    soon(&octets[row])
            row = rows[at]
            begin = payload[row]
            if fragmented[row] or ((<int64_t> octets[begin + 2]) << 8 | octets[begin + 3]) != wires[row]:
                continue
            first = octets[begin]
            what, key = 0, 0
            between = carriers[first == _IPV6, octets[begin + 1]]
            if between < 0:
                what = LOOKED_AT
            else:
                end, npdu = begin + captured[row], begin + _HEADER + between
                control = octets[min(npdu + 1, last)]
                place = npdu + 2
                if control & 0x20:
                    place += 3 + octets[min(place + 2, last)]
                if control & 0x08:
                    place += 3 + octets[min(place + 2, last)]
                if control & 0x20:
                    place += 1
                if place >= end or octets[min(npdu, last)] != 1:
                    continue
                first = octets[place]
                kind = first >> 4
                if control & 0x80:
                    if first != _REJECT_MESSAGE:
                        continue
                    what = LOOKED_AT
                elif kind == 1:
                    first = octets[min(place + 1, last)]
                    if first != 0 and first != 8:
                        continue
                    what = LOOKED_AT
                elif kind == 4:
                    what = LOOKED_AT
                elif kind > 7:
                    continue
                else:
                    # What ties it to a request: an Abort goes either way (5.4).
                    invoke = octets[min(place + (2 if kind == 0 else 1), last)]
                    own = kind == 0 or (kind == 7 and not first & 1)
                    key = invoke
                    if own:
                        key = _mixed(_mixed(_mixed(key, src_hi[row]), src_lo[row]), src_port[row])
                    key = _mixed(_mixed(_mixed(key, dst_hi[row]), dst_lo[row]), dst_port[row])
                    if not own:
                        key = _mixed(_mixed(_mixed(key, src_hi[row]), src_lo[row]), src_port[row])
                    if kind == 0:
                        what, asked = _PLAIN, asked + 1
                        if first & 8:
                            what = LOOKED_AT | _TIED
                    elif kind >= 5:
                        what = LOOKED_AT | _TIED | REFUSED | (0 if own else REPLIED)
                    elif kind == 3 and first & 8:
                        what, key = LOOKED_AT, 0
                    else:
                        what = REPLIED
            if what & (REFUSED | REPLIED):
                tied += 1
            candidates[held].row, candidates[held].key, candidates[held].what = row, key, what
            held += 1
        if asked:
            while mask < 2 * <uint64_t> tied:
                mask = 2 * mask + 1
            table = <Entry *> calloc(mask + 1, sizeof(Entry))
            if table == NULL:
                raise MemoryError
            for at in range(held):
                if candidates[at].what & (REFUSED | REPLIED):
                    entry = _entry(table, mask, candidates[at].key)
                    entry.key = candidates[at].key
                    entry.flags |= candidates[at].what & (REFUSED | REPLIED)
            for at in range(held - 1, -1, -1):
                if candidates[at].what != _PLAIN:
                    continue
                what = _entry(table, mask, candidates[at].key).flags
                if what & REFUSED:
                    candidates[at].what |= LOOKED_AT
                elif not what and waiting < latest:
                    candidates[at].what |= LOOKED_AT
                    waiting += 1
        for at in range(held):
            if candidates[at].what & LOOKED_AT:
                kept[found], keys[found] = candidates[at].row, candidates[at].key
                ties[found] = candidates[at].what & (_PLAIN | _TIED)
                found += 1
        return found
    finally:
        free(candidates)
        free(table)
