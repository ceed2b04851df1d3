# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""What is known of each direction of a flow."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    # Numbers of analyzer.tables; a test compares them.
    TCP = 6
    UDP = 17
    ARP = 0x10806
    SYN = 0x02
    RST = 0x04
    ACK = 0x10
    TO_ALL = 0x80
    NOT_TO_ALL = 0x40

    # Where in End.few the counts of Rare begin.
    DUPLICATES = 0
    SYNS = 4
    SYNACKS = 8
    RSTS = 12

cdef struct End:
    int64_t packets
    int64_t bytes
    int64_t payload
    int64_t first_frame
    int64_t last_frame
    int64_t first_time
    int64_t last_time
    int32_t head  # 1 + place of the first head, 0 without one
    uint8_t heads
    uint8_t flags
    uint16_t few  # the counts of Rare, four bits each: up to 7, and whether Rare has more

cdef struct Rare:
    int64_t duplicates
    int64_t syn
    int64_t synack
    int64_t rst


cdef inline void one_more(End *end, int64_t *more, int count) noexcept nogil:
    """Count in ``few``, or where that is full in ``more``: most ends have so few that theirs is never touched."""
    if end.few >> count & 7 == 7:
        more[0] += 8
        end.few = <uint16_t>(end.few & ~(7 << count) | 8 << count)
    else:
        end.few += <uint16_t>(1 << count)


cdef inline int64_t in_all(const End *end, const int64_t *more, int count, bint always) noexcept nogil:
    """One of the counts of Rare; ``always``: an end may not know that ``more`` has some of it."""
    cdef int64_t number = end.few >> count & 7
    return number + more[0] if always or end.few >> count & 8 else number


cdef inline void counted(
    End *end, Rare *rare, int64_t frame, int64_t time, int64_t wire, int64_t payload, uint32_t transport,
    uint8_t flags,
) noexcept nogil:
    """Count a packet, later than any before it."""
    if end.packets == 0:
        end.first_frame = frame
        end.first_time = time
        end.last_time = time
    else:
        end.first_time = min(end.first_time, time)
        end.last_time = max(end.last_time, time)
    end.last_frame = frame
    end.packets += 1
    end.bytes += wire
    end.payload += payload
    if transport == TCP:
        end.flags |= flags
        if flags & SYN:
            if flags & ACK:
                one_more(end, &rare.synack, SYNACKS)
            else:
                one_more(end, &rare.syn, SYNS)
        if flags & RST:
            one_more(end, &rare.rst, RSTS)
    elif transport == UDP:
        end.flags |= <uint8_t>(TO_ALL if flags & TO_ALL else NOT_TO_ALL)
    elif transport == ARP and flags < 8:
        end.flags |= <uint8_t>(1 << flags)
