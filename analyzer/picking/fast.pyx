# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``claims``: one pass over a batch for all who claim packets of it.

The part in numpy is the reference; tests compare.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from analyzer.octets cimport View, octets, soon, view_of

cdef enum:
    # Numbers of analyzer.tables and analyzer.picking.claims; a test compares them.
    _TCP = 6
    _TRANSPORT = 1
    _AT_ONCE = 8

    _SOME = 64  # packets whose first bytes are called into the cache before any is read
    _NOBODY = 0x10000  # stands for all ports that no claim names

NUMBERS = {"TCP": _TCP, "TRANSPORT": _TRANSPORT, "AT_ONCE": _AT_ONCE}

cdef struct Found:
    # The rows of each claim, how many, and the bytes that it asks for.
    int64_t *rows[_AT_ONCE]
    int64_t counts[_AT_ONCE]
    int64_t least[_AT_ONCE]
    int claims

cdef struct Pending:
    # A packet whose first byte has to be read.
    int64_t row
    int64_t begin
    uint8_t which
    uint8_t claims


cdef inline void _put(Found *found, uint8_t claims, int64_t row) noexcept nogil:
    """Give a row to each of some claims."""
    cdef int at
    for at in range(found.claims):
        # Written in any case, and over again unless it counts: which protocol comes next nobody could foresee.
        found.rows[at][found.counts[at]] = row
        found.counts[at] += claims >> at & 1


cdef inline uint8_t _enough(const Found *found, uint8_t claims, int64_t held) noexcept nogil:
    """Those of some claims that so many bytes are enough for."""
    cdef int at
    for at in range(found.claims):
        if held < found.least[at]:
            claims &= ~(1 << at)
    return claims


cdef inline uint16_t _marks(const uint8_t *named, const uint16_t *ports, uint16_t port) noexcept nogil:
    """What is claimed of a port. Most ports have one answer: without a branch, which nobody could foresee."""
    return ports[_NOBODY + (<int> port - _NOBODY) * (named[port >> 3] >> (port & 7) & 1)]


def sort(
    dict columns,
    const uint8_t[::1] buffer,
    const uint8_t[:, ::1] named,
    const uint16_t[:, ::1] ports,
    const uint8_t[:, ::1] openings,
    uint8_t unread,
    list least,
    list rows,
):
    """Put the rows of each claim into one of ``rows``, each one longer than the columns of PACKETS; how many
    there are of each. For the others see ``claims._Pass``."""
    cdef const uint32_t[::1] transports = columns["transport"]
    cdef const uint8_t[::1] kinds = columns["kind"]
    cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
    cdef const int64_t[::1] payload = columns["payload"], captured = columns["payload_captured"]
    cdef int64_t row, held, enough = 0, count = len(kinds)
    cdef View view = view_of(buffer)
    cdef int64_t[::1] line
    cdef int at, which, pending = 0
    cdef uint8_t claims
    cdef uint16_t marks
    cdef Found found
    cdef Pending waiting[_SOME]
    found.claims = len(rows)
    if not count:
        return [0] * found.claims
    if not count == len(transports) == len(src_port) == len(dst_port) == len(payload) == len(captured):
        raise ValueError("columns of unequal length")
    if found.claims > _AT_ONCE or len(named[0]) < _NOBODY // 8 or len(ports[0]) <= _NOBODY or len(openings[0]) < 256:
        raise ValueError("more claims than a pass serves, or no tables of them")
    for at in range(found.claims):
        line = rows[at]
        if len(line) <= count:
            raise ValueError("no room for all rows")
        found.rows[at], found.counts[at], found.least[at] = &line[0], 0, least[at]
        enough = max(enough, found.least[at])
    with nogil:
        for row in range(count):
            if (&kinds[0])[row] == _TRANSPORT:
                which = (&transports[0])[row] == _TCP
                marks = _marks(&named[which, 0], &ports[which, 0], (&src_port[0])[row])
                marks |= _marks(&named[which, 0], &ports[which, 0], (&dst_port[0])[row])
                claims = marks & ~(marks >> _AT_ONCE)
                held = (&captured[0])[row]
                if held < enough:
                    claims = _enough(&found, claims, held)
                if claims & unread:
                    _put(&found, claims & unread, row)
                    claims &= ~unread
                waiting[pending].row, waiting[pending].begin = row, (&payload[0])[row]
                waiting[pending].which, waiting[pending].claims = which, claims
                soon(view.data + waiting[pending].begin)
                pending += claims != 0
            if pending == _SOME or row == count - 1:
                for at in range(pending):
                    claims = (&openings[0, 0])[waiting[at].which << 8 | octets(view, waiting[at].begin, 1)[0]]
                    _put(&found, claims & waiting[at].claims, waiting[at].row)
                pending = 0
    return [found.counts[at] for at in range(found.claims)]
