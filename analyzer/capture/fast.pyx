# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""Compiled walks over pcap records and pcapng packet blocks, straight into FRAMES columns.

They stop at the same places for the same reasons as ``records.walk`` and ``blocks.walk``.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from analyzer.octets cimport View, be32, octets, soon, view_of

cdef enum:
    FULL = 0
    SHORT = 1
    DAMAGED = 2
    BLOCK = 3
    DOUBTED = 4

    LENGTHS = 1
    FRACTION = 2
    EMPTY = 4
    TIME = 8
    DAY = 86400

    SHB = 0x0A0D0D0A
    IDB = 1
    PB = 2
    SPB = 3
    EPB = 6

    AHEAD = 2048  # bytes: some hundred nanoseconds of walking

WHY = {FULL: "full", SHORT: "short", DAMAGED: "damaged", BLOCK: "block", DOUBTED: "doubted"}


cdef inline uint32_t word(const uint8_t *at, bint big) noexcept nogil:
    if big:
        return <uint32_t>be32(at)
    return at[0] | <uint32_t>at[1] << 8 | <uint32_t>at[2] << 16 | <uint32_t>at[3] << 24


cdef inline void prepare(const uint8_t *at) noexcept nogil:
    """Have four lines of the cache filled that a walk at ``at`` comes to: as many as most frames take.

    Where the next header is says the one before, so no processor guesses it, and each would be waited for.
    """
    soon(at + AHEAD)
    soon(at + AHEAD + 64)
    soon(at + AHEAD + 128)
    soon(at + AHEAD + 192)


cdef inline bint empty(View view, Py_ssize_t begin, Py_ssize_t end) except? True nogil:
    """Whether all bytes from ``begin`` to ``end``, or to the end of the view, are zero."""
    cdef Py_ssize_t at
    for at in range(begin, min(end, view.size)):
        if octets(view, at, 1)[0]:
            return False
    return True


cdef inline bint listed(uint32_t kind) noexcept nogil:
    """Whether a block of this type is none of ours: ``blocks.OTHERS`` and ``blocks.LOCAL``."""
    return (
        kind >> 31 != 0
        or (kind >= 4 and kind <= 11)
        or kind == 0xBAD
        or kind == 0x40000BAD
        or kind == 0x101
        or kind == 0x102
        or (kind >= 0x201 and kind < 0x220)
    )


def records(
    buffer, Py_ssize_t start, bint big, Py_ssize_t header, int64_t limit, Py_ssize_t zero_run, bint final,
    int64_t grain, uint16_t link_type, int64_t near, int doubts, int64_t snaplen, Py_ssize_t sure, frames,
):
    """pcap records from ``start`` on into ``frames`` (FRAMES; its length is the most that are wanted).

    Returns ``(rows, position, why, need, seconds)`` as ``records.walk`` does, and doubts what it does; ``near`` is
    -1 where no time is known. ``seconds`` is the last record's.
    """
    cdef const uint8_t[::1] kept = buffer
    cdef View view = view_of(kept)
    cdef int64_t[::1] offset = frames["offset"]
    cdef int64_t[::1] captured = frames["captured"]
    cdef int64_t[::1] wire = frames["wire"]
    cdef int64_t[::1] time = frames["time"]
    cdef uint16_t[::1] link = frames["link_type"]
    cdef uint32_t[::1] interface = frames["interface"]
    cdef Py_ssize_t most = offset.shape[0], end = view.size, position = start, need = 0, row = 0, following
    cdef int64_t held, stated, fraction, seconds = 0, ticks = 1000000000 // grain
    cdef const uint8_t *head
    cdef int why = FULL
    cdef bint known = near >= 0
    with nogil:
        while row < most:
            if position + header > end:
                why, need = SHORT, header
                break
            # No header is shorter than 16 bytes.
            head = octets(view, position, 16)
            prepare(head)
            held = word(head + 8, big)
            if held > limit:
                why = DAMAGED
                break
            if not held and empty(view, position, position + header):
                if position + zero_run > end and not final:
                    why, need = SHORT, zero_run
                    break
                if empty(view, position, position + zero_run):
                    why = DAMAGED
                    break
            stated = word(head + 12, big)
            seconds = word(head, big)
            fraction = word(head + 4, big)
            if position != sure and (
                (held != stated and doubts & LENGTHS and held != snaplen)
                or (fraction >= ticks and doubts & FRACTION)
                or (not held and doubts & EMPTY)
                or (known and (seconds > near + DAY or seconds < near - DAY) and doubts & TIME)
            ):
                why = DOUBTED
                break
            following = position + header + held
            if following > end:
                why, need = SHORT, header + held
                break
            offset[row] = position + header
            captured[row] = held
            wire[row] = max(held, stated)
            time[row] = seconds * 1000000000 + fraction * grain
            link[row] = link_type
            interface[row] = 0
            row += 1
            position = following
            near, known = seconds, True
    return row, position, WHY[why], need, near


def packets(
    buffer, Py_ssize_t start, bint big, int64_t longest, interfaces, uint32_t base, Py_ssize_t most, frames,
    int64_t[::1] blocks,
):
    """At most ``most`` pcapng enhanced packet blocks from ``start`` on into ``frames`` (FRAMES), and their places
    into ``blocks``.

    ``interfaces`` are the section's: ``(link type, ns of a tick, offset in ns, bound)`` arrays; ``bound`` is what
    the upper half of a time stamp has to stay below for the arithmetic to stay within 64 bits.
    Returns ``(rows, position, why, need, exact)`` as ``blocks.walk`` does. Unless ``exact``, some packet needs
    a closer look (its interface, its length or its time stamp), and only ``blocks`` counts.
    """
    cdef const uint8_t[::1] kept = buffer
    cdef View view = view_of(kept)
    cdef const uint16_t[::1] links = interfaces[0]
    cdef const int64_t[::1] ticks = interfaces[1]
    cdef const int64_t[::1] offsets = interfaces[2]
    cdef const int64_t[::1] bounds = interfaces[3]
    cdef int64_t[::1] offset = frames["offset"]
    cdef int64_t[::1] captured = frames["captured"]
    cdef int64_t[::1] wire = frames["wire"]
    cdef int64_t[::1] time = frames["time"]
    cdef uint16_t[::1] link = frames["link_type"]
    cdef uint32_t[::1] interface = frames["interface"]
    cdef Py_ssize_t end = view.size, known = links.shape[0]
    cdef Py_ssize_t position = start, need = 0, row = 0, following, who
    cdef int64_t length, least, held, stated, high
    cdef uint32_t kind, mark
    cdef int why = FULL
    cdef bint exact = True
    cdef const uint8_t *head
    with nogil:
        while row < most:
            if position + 12 > end:
                why, need = SHORT, 12
                break
            head = octets(view, position, 12)
            prepare(head)
            kind = word(head, big)
            length = word(head + 4, big)
            if kind == SHB:
                mark = word(head + 8, True)
                if mark != 0x1A2B3C4D and mark != 0x4D3C2B1A:
                    why = DAMAGED
                    break
                length = word(head + 4, mark == 0x1A2B3C4D)
            if kind == EPB or kind == PB:
                least = 32
            elif kind == SHB:
                least = 28
            elif kind == IDB:
                least = 20
            elif kind == SPB:
                least = 16
            else:
                least = 12
            if length % 4 or length < least or length > longest:
                why = DAMAGED
                break
            following = position + length
            if following > end:
                why, need = SHORT, length
                break
            # At least 12 bytes long, and 32 where it is a packet.
            head = octets(view, position, length)
            if word(head + length - 4, True) != word(head + 4, True):
                why = DAMAGED
                break
            if kind == EPB:
                who = word(head + 8, big)
                held = word(head + 20, big)
                stated = word(head + 24, big)
                high = word(head + 12, big)
                blocks[row] = position
                if who >= known or held > length - 32:
                    exact = False
                elif high >= bounds[who]:
                    exact = False
                else:
                    offset[row] = position + 28
                    captured[row] = held
                    wire[row] = max(held, stated)
                    time[row] = (high << 32 | <int64_t>word(head + 16, big)) * ticks[who] + offsets[who]
                    link[row] = links[who]
                    interface[row] = <uint32_t>who + base
                row += 1
            elif least != 12 or not listed(kind):
                why, need = BLOCK, length
                break
            position = following
    return row, position, WHY[why], need, exact
