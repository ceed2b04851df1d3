# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""Payloads that read the same, found in one pass: their bytes without what a reader does not look at.

A rule, named by ``Protocol.plain``, makes of a payload the plain one that the protocol reads the same, word for
word: a CoAP message without its message identifier, token and content, say. It knows no meanings, so the reader
in Python stays the only one who tells, and reads one payload of each kind. Where a rule does not know better it
leaves a payload as it is.
"""

from cython cimport boundscheck
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy, memset

cdef enum:
    ROOM = 1024  # longer payloads are left as they are; heads have at most 512 bytes
    WORDS = ROOM // 4 + 5
    RECENT = 4  # kinds that a payload is first compared with: what two hosts say alternates
    AHEAD = 12  # payloads fetched before they are looked at: they lie in order of time, and are read flow by flow
    NONE = 0
    COAP = 1
    TLS = 2
    BACNET = 3
    TFTP = 4
    DNS = 5
    NTP = 6
    STUN = 7
    SSDP = 8
    HTTP = 9
    BYTES = 10  # as NONE, and neither how much is missing matters nor where they go

RULES = {
    "": NONE, "coap": COAP, "tls": TLS, "bacnet": BACNET, "tftp": TFTP, "dns": DNS, "ntp": NTP, "stun": STUN,
    "ssdp": SSDP, "http": HTTP,
}
FACTORS = WORDS

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define FETCH(place) __builtin_prefetch(place)
    #else
    #define FETCH(place) ((void) (place))
    #endif
    """
    void FETCH(const void *place) noexcept nogil

cdef struct Plain:
    const uint8_t *data
    int64_t size
    int64_t wire

cdef struct Known:
    int64_t kind  # -1: none
    int64_t size
    int64_t wire
    uint64_t ports
    uint8_t data[ROOM + 64]


cdef inline int64_t u16(const uint8_t *data, int64_t at) noexcept nogil:
    return (<int64_t> data[at]) << 8 | data[at + 1]


# ---------------------------------------------------------------- rules: from, size, into → size, wire


cdef inline int64_t _extended(const uint8_t *data, int64_t size, int64_t *at, int64_t nibble) noexcept nogil:
    """A delta or a length that may go on in the next bytes; -1 where they end or it is reserved."""
    if nibble < 13:
        return nibble
    if nibble == 15 or at[0] + nibble - 12 > size:
        return -1
    at[0] += nibble - 12
    return data[at[0] - 1] + 13 if nibble == 13 else u16(data, at[0] - 2) + 269


cdef int64_t _coap(const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length) noexcept nogil:
    """RFC 7252 section 3: message identifier, token, payload, and options that are no part of a path."""
    cdef int64_t at, delta, value, number = 0
    cdef bint cut = wire > size
    if size < 4:
        return -1
    memcpy(out, data, size)
    out[2] = out[3] = 0
    length[0] = size
    if data[0] >> 6 != 1 or data[0] & 15 > 8 or data[1] == 0:
        return wire
    at = 4 + (data[0] & 15)
    if at > size:
        memset(out + 4, 0, size - 4)
        return size + cut
    memset(out + 4, 0, at - 4)
    while at < size:
        if data[at] == 0xFF:
            if at + 1 < size:
                out[at + 1] = 0
                length[0] = at + 2
            return length[0] + cut
        delta, value = data[at] >> 4, data[at] & 15
        at += 1
        delta = _extended(data, size, &at, delta)
        value = _extended(data, size, &at, value)
        if delta < 0 or value < 0:
            break
        number += delta
        if number > 0xFFFF or at + value > size:
            break
        if number != 11 and number != 15:
            memset(out + at, 0, value)
        at += value
    return size + cut


cdef bint _tiled(const uint8_t *data, int64_t size, int64_t *end) noexcept nogil:
    """Whether only TLS records begin in ``data``, and where the last one ends."""
    cdef int64_t at = 0
    while at + 5 <= size:
        if not 20 <= data[at] <= 24 or data[at + 1] != 3 or data[at + 2] > 4:
            return False
        at += 5 + u16(data, at + 3)
    end[0] = at
    return True


cdef int64_t _record(uint8_t kind, int64_t size, bint tiled, uint8_t *out, int64_t *length) noexcept nogil:
    memset(out, 0, 5 + size)
    out[0], out[1], out[2], out[4] = kind, 3, 3, <uint8_t> size
    length[0] = 5 + size
    return 5 + size if tiled else 6 + size


cdef int64_t _hello(const uint8_t *data, int64_t size, uint8_t *out, int64_t *length) noexcept nogil:
    """A ClientHello but for its random, its offers, and all extensions but the first server name."""
    cdef int64_t at = 43, long_, kind
    length[0] = 11
    memcpy(out, data, 11)
    out[2], out[3], out[4], out[6], out[7], out[8], out[10] = 3, 0, 64, 0, 0, 38, 3
    if at + 1 > size:
        return 11
    at += 1 + data[at]
    if at + 2 > size:
        return 11
    at += 2 + u16(data, at)
    if at + 1 > size:
        return 11
    at += 1 + data[at] + 2
    while at + 4 <= size:
        kind, long_ = u16(data, at), u16(data, at + 2)
        at += 4
        if kind == 0:
            if at + 5 > size:
                return 11
            long_ = u16(data, at + 3)
            at += 5
            if at + long_ > size:
                return 11
            # Up to there: no session, no ciphers, no compressions, no extensions before the name.
            memset(out + 11, 0, 45)
            memcpy(out + 56, data + at - 2, 2 + long_)
            length[0] = 58 + long_
            return length[0]
        at += long_
    return 11


cdef int64_t _tls(const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length) noexcept nogil:
    """RFC 5246 section 6.2, RFC 8446 section 5: of a record what it is, and whether records fill the segment."""
    cdef int64_t record, shake, end = 0
    cdef bint tiled
    if size < 11:
        return -1
    length[0] = 11
    if data[0] & 0x80:
        memcpy(out, data, 11)
        return 11
    record = u16(data, 3)
    if not 20 <= data[0] <= 24 or data[1] != 3 or data[2] > 4 or not 0 < record <= 16384 + 2048:
        out[0], length[0] = 0, 1
        return 1
    tiled = _tiled(data, size, &end) and end == wire
    if data[0] >= 23:
        return _record(23, 1, tiled, out, length)
    if data[0] == 20:
        if record == 1:
            return _record(20, 1, tiled, out, length)
        out[0], length[0] = 0, 1
        return 1
    if data[0] == 21:
        if record != 2:
            return _record(21, 3, tiled, out, length)
        memcpy(out, data, 7)
        out[2], length[0] = 3, 7
        return 7
    shake = (<int64_t> data[6]) << 16 | u16(data, 7)
    if 1 <= data[5] <= 2 and 38 <= shake <= 1 << 17 and data[9] == 3:
        if data[5] == 1:
            return _hello(data, size, out, length)
        memcpy(out, data, 11)
        out[2], out[3], out[4], out[6], out[7], out[8] = 3, 0, 64, 0, 0, 38
        return 11
    memcpy(out, data, 11)
    # The same bytes, so records begin in them as they do in all: only where they end is left to say.
    return end + (not tiled) if _tiled(out, 11, &end) else 11


cdef int64_t _bacnet(const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length) noexcept nogil:
    """ASHRAE 135 annex J, clauses 6.2 and 20.1: addresses on the way, invoke identifiers, parameters."""
    cdef int64_t at = 4, to = 6, kind
    cdef uint8_t control
    if size < 4:
        return -1
    if u16(data, 2) != wire:
        out[0], out[1], out[2], out[3] = data[0], 0, 0, 0
        length[0] = 4
        return 4
    if data[0] != 0x81 or not 9 <= data[1] <= 11 or size < 6 or data[4] != 1:
        return -1
    control, at = data[5], 6
    if control & 0x20:
        if at + 3 > size:
            return -1
        at += 3 + data[at + 2]
    if control & 0x08:
        if at + 3 > size:
            return -1
        at += 3 + data[at + 2]
    if control & 0x20:
        at += 1
    if at > size:
        return -1
    out[0], out[1], out[2], out[4], out[5] = 0x81, 0x0A, 0, 1, control & 0x80
    if control & 0x80:
        if at + 1 > size:
            return -1
        out[to] = data[at]
        to += 1
    elif at < size:
        kind = data[at] >> 4
        if kind > 7:
            return -1
        out[to] = <uint8_t> (kind << 4)
        to, at = to + 1, at + 1
        if kind == 1:
            if at + 1 > size:
                return -1
            kind = 1 if data[at] != 0 and data[at] != 8 else 11  # Who-Is has two numbers, I-Am one
            kind = min(kind, size - at)
            memcpy(out + to, data + at, kind)
            to += kind
        else:
            if kind == 0:
                out[to] = 0
                to, at = to + 1, at + 1
            out[to] = 0
            to, at = to + 1, at + 1
            if (kind == 0 or kind == 3) and data[at - (3 if kind == 0 else 2)] & 8:
                at += 2  # the numbers of a segment
            if kind == 4:
                out[to] = 0
                to, at = to + 1, at + 1
            if at + 1 > size:
                return -1
            out[to] = data[at] if kind != 4 else 0
            to += 1
    out[3] = <uint8_t> to
    length[0] = to
    return to


cdef int64_t _tftp(const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length) noexcept nogil:
    """RFC 1350 section 5: DATA but for its bytes and whether they fill a block, and ACK."""
    if size < 4 or data[0] != 0 or not 3 <= data[1] <= 4:
        return -1
    memcpy(out, data, 4)
    length[0] = 4
    return 516 if data[1] == 3 and wire >= 516 else 4


cdef int64_t _dns(const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length) noexcept nogil:
    """RFC 1035 section 4.1: the identifier, flags, numbers of records, and what follows the first name."""
    cdef int64_t questions, records, at = 12, labels = 0
    if size < 12:
        return -1
    questions = u16(data, 4)
    records = u16(data, 6) + u16(data, 8) + u16(data, 10)
    if 12 + 5 * questions + 11 * records > wire:
        return -1
    memset(out, 0, 12)
    out[2] = data[2] & 0xF8
    length[0] = 12
    if questions + records == 0:
        return 12
    while True:
        if at + 1 > size or 63 < data[at] < 0xC0 or labels > 127:
            return -1
        if data[at] >= 0xC0:
            at += 2
            break
        if data[at] == 0:
            at += 1
            break
        at += 1 + data[at]
        labels += 1
    if at + 2 > size:
        return -1
    out[5] = 1
    memcpy(out + 12, data + 12, at + 2 - 12)
    length[0] = at + 2
    return max(at + 2, 17)  # no question is shorter


cdef int64_t _ntp(const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length) noexcept nogil:
    """RFC 5905 section 7.3: all but version, mode and what a control message is (RFC 9327 section 2)."""
    if size < 4 or wire < 48:
        return -1
    out[0], out[1], out[2], out[3] = data[0] & 0x3F, 0, 0, 0
    if data[0] & 7 == 6:
        out[1] = data[1] & 0x80
    length[0] = 4
    return 48


cdef int64_t _stun(
    bint stream, const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 8489 section 5: the transaction and the attributes; what has no cookie is none."""
    cdef int64_t attributes
    if size >= 20 and not data[0] & 0xC0 and memcmp(data + 4, b"\x21\x12\xa4\x42", 4) == 0:
        attributes = u16(data, 2)
        if attributes % 4 == 0 and (stream or 20 + attributes == wire):
            memset(out, 0, 20)
            out[0], out[1] = data[0], data[1]
            memcpy(out + 4, data + 4, 4)
            length[0] = 20
            return 20
    out[0], length[0] = 0, 1
    return 1


cdef int64_t _text(
    bint line, const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 9112 sections 3 and 4: what follows the first line, and all where no start line can begin so."""
    cdef const uint8_t *end
    if size < 2:
        return -1
    if not (65 <= data[1] <= 90 or data[1] == 32 or data[1] == 45 or data[1] == 95):  # letter, space, - and _
        out[0], out[1], length[0] = 0, 0, 2
        return 2
    end = <const uint8_t *> memchr(data, 10, size) if line else NULL
    if end == NULL:
        return -1
    length[0] = end - data + 1
    memcpy(out, data, length[0])
    return length[0]


cdef void _plain(
    int rule, bint stream, const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, Plain *plain
) noexcept nogil:
    cdef int64_t length = size, seen = -1
    if size <= ROOM:
        if rule == COAP:
            seen = _coap(data, size, wire, out, &length)
        elif rule == TLS:
            seen = _tls(data, size, wire, out, &length)
        elif rule == BACNET:
            seen = _bacnet(data, size, wire, out, &length)
        elif rule == TFTP:
            seen = _tftp(data, size, wire, out, &length)
        elif rule == DNS and not stream:
            seen = _dns(data, size, wire, out, &length)
        elif rule == NTP:
            seen = _ntp(data, size, wire, out, &length)
        elif rule == STUN:
            seen = _stun(stream, data, size, wire, out, &length)
        elif rule == SSDP or rule == HTTP:
            seen = _text(rule == HTTP, data, size, wire, out, &length)
    if seen < 0:
        plain.data, plain.size, plain.wire = data, size, wire
    else:
        plain.data, plain.size, plain.wire = out, length, seen


def plain(str name, bint stream, bytes data, int64_t wire):
    """The plain payload of one, as ``(data, wire)``; ``stream`` says that it is a TCP segment's."""
    cdef uint8_t out[ROOM + 64]
    cdef Plain found
    cdef int rule = RULES[name]
    _plain(rule, stream, data, len(data), wire, out, &found)
    return (<const char *> found.data)[:found.size], found.wire


# ---------------------------------------------------------------- kinds


cdef uint64_t _hashed(Plain *plain, uint64_t ports, const uint64_t *factors) noexcept nogil:
    """Multilinear (Lemire and Kaser 2014): with factors that nobody knows, two keys meet once in 2**32 times."""
    cdef uint64_t total = factors[0]
    cdef int64_t whole = min(plain.size, ROOM), at = 0, place = 1
    cdef uint32_t word
    total += factors[place] * <uint32_t> plain.size
    total += factors[place + 1] * <uint32_t> plain.wire
    total += factors[place + 2] * <uint32_t> ports
    place += 3
    while at + 4 <= whole:
        memcpy(&word, plain.data + at, 4)
        total += factors[place] * word
        at, place = at + 4, place + 1
    word = 0
    if at < whole:
        memcpy(&word, plain.data + at, whole - at)
        total += factors[place] * word
    return total >> 32


cdef class Heads:
    """The heads of a flow table and the ports of its rows, in columns, which must not change while this lives.

    Heads are named by their numbers. Raises ``ValueError`` for arrays that do not fit each other.
    """

    cdef const uint8_t[::1] octets
    cdef const int64_t[::1] begin
    cdef const int32_t[::1] size
    cdef const int64_t[::1] wire
    cdef const int64_t[::1] slot
    cdef const uint16_t[::1] a_port
    cdef const uint16_t[::1] b_port

    def __init__(
        self,
        const uint8_t[::1] octets,
        const int64_t[::1] begin,
        const int32_t[::1] size,
        const int64_t[::1] wire,
        const int64_t[::1] slot,
        const uint16_t[::1] a_port,
        const uint16_t[::1] b_port,
    ):
        if min(len(size), len(wire), len(slot)) < len(begin) or len(b_port) < len(a_port):
            raise ValueError("arrays too short")
        self.octets, self.begin, self.size, self.wire = octets, begin, size, wire
        self.slot, self.a_port, self.b_port = slot, a_port, b_port

    @boundscheck(False)
    cdef const uint8_t *data(self, int64_t head) noexcept nogil:
        # Of a payload without bytes there is no first one to point at.
        return &self.octets[self.begin[head]] if self.size[head] else NULL

    @boundscheck(False)
    cdef int check(self, const int64_t[::1] which) except -1:
        """Raise for a head that is none. What goes on without looking at bounds relies on it."""
        cdef int64_t at, head, heads = len(self.begin), rows = len(self.a_port), limit = len(self.octets)
        for at in range(len(which)):
            head = which[at]
            if not 0 <= head < heads or not 0 <= self.slot[head] >> 1 < rows:
                raise ValueError("no such payload")
            if self.begin[head] < 0 or self.size[head] < 0 or self.begin[head] > limit - self.size[head]:
                raise ValueError("a payload beyond its bytes")
        return 0

    @boundscheck(False)
    cdef void fetch(self, const int64_t[::1] which, int64_t at) noexcept nogil:
        if at + AHEAD < which.shape[0] and self.size[which[at + AHEAD]]:
            FETCH(&self.octets[self.begin[which[at + AHEAD]]])

    def opening(self, const int64_t[::1] which, int16_t[::1] first, int16_t[::1] second):
        """The first two bytes of the heads ``which``, -1 behind their end."""
        cdef int64_t at, head
        cdef const uint8_t *data
        if min(len(first), len(second)) < len(which):
            raise ValueError("arrays too short")
        self.check(which)
        for at in range(len(which)):
            self.fetch(which, at)
            head = which[at]
            data = self.data(head)
            first[at] = data[0] if self.size[head] > 0 else -1
            second[at] = data[1] if self.size[head] > 1 else -1

    def kinds(
        self,
        str name,
        bint stream,
        const int64_t[::1] which,
        const uint8_t[::1] claimed,
        const uint64_t[::1] factors,
        int64_t[::1] of,
        int64_t[::1] firsts,
    ):
        """Number the heads ``which`` by what is plain in them, into ``of``; the first of each kind, as its place
        in ``which``, into ``firsts``. ``claimed`` says of each port whether it matters. Without a name only
        their bytes count.

        Returns how many kinds there are.
        """
        cdef uint8_t one[ROOM + 64]
        cdef uint8_t two[ROOM + 64]
        cdef Known recent[RECENT]
        cdef Plain mine, other
        cdef int rule = BYTES if name is None else RULES[name], turn = 0, near
        cdef int64_t total = len(which), at, first, kind, count = 0
        cdef uint64_t ports, mask = 1023, slot, moved
        cdef uint32_t code
        cdef int64_t room = 512
        cdef int64_t *slots = NULL  # 1 + kind
        cdef int64_t *wider = NULL
        cdef uint32_t *codes = NULL
        cdef uint32_t *more = NULL
        if min(len(of), len(firsts)) < total or len(factors) < WORDS or len(claimed) < 1 << 16:
            raise ValueError("arrays too short")
        self.check(which)
        for near in range(RECENT):
            recent[near].kind = -1
        slots = <int64_t *> calloc(mask + 1, sizeof(int64_t))
        codes = <uint32_t *> malloc(room * sizeof(uint32_t))
        try:
            if slots == NULL or codes == NULL:
                raise MemoryError
            for at in range(total):
                self.fetch(which, at)
                ports = self.ports(rule, which[at], claimed)
                self.plain(rule, stream, which[at], one, &mine)
                kind = -1
                for near in range(RECENT):
                    if (
                        recent[near].kind >= 0
                        and recent[near].size == mine.size
                        and recent[near].wire == mine.wire
                        and recent[near].ports == ports
                        and memcmp(recent[near].data, mine.data, mine.size) == 0
                    ):
                        kind = recent[near].kind
                        break
                if kind >= 0:
                    of[at] = kind
                    continue
                code = <uint32_t> _hashed(&mine, ports, &factors[0])
                slot = code & mask
                while slots[slot]:
                    if codes[slots[slot] - 1] == code:
                        first = which[firsts[slots[slot] - 1]]
                        self.plain(rule, stream, first, two, &other)
                        if (
                            mine.size == other.size
                            and mine.wire == other.wire
                            and ports == self.ports(rule, first, claimed)
                            and memcmp(mine.data, other.data, mine.size) == 0
                        ):
                            kind = slots[slot] - 1
                            break
                    slot = (slot + 1) & mask
                if kind < 0:
                    if count == room:
                        more = <uint32_t *> realloc(codes, 2 * room * sizeof(uint32_t))
                        if more == NULL:
                            raise MemoryError
                        codes, room = more, 2 * room
                    kind = count
                    codes[kind] = code
                    firsts[kind] = at
                    slots[slot] = kind + 1
                    count += 1
                    if 2 * <uint64_t> count > mask:
                        mask = 2 * mask + 1
                        wider = <int64_t *> calloc(mask + 1, sizeof(int64_t))
                        if wider == NULL:
                            raise MemoryError
                        free(slots)
                        slots = wider
                        for first in range(count):
                            moved = codes[first] & mask
                            while slots[moved]:
                                moved = (moved + 1) & mask
                            slots[moved] = first + 1
                of[at] = kind
                if mine.size <= ROOM:
                    recent[turn].kind, recent[turn].size, recent[turn].wire = kind, mine.size, mine.wire
                    recent[turn].ports = ports
                    memcpy(recent[turn].data, mine.data, mine.size)
                    turn = (turn + 1) % RECENT
        finally:
            free(slots)
            free(codes)
        return count

    @boundscheck(False)
    cdef uint64_t ports(self, int rule, int64_t head, const uint8_t[::1] claimed) noexcept nogil:
        cdef int64_t row = self.slot[head] >> 1
        cdef uint64_t a = self.a_port[row], b = self.b_port[row]
        if rule == BYTES:
            return 0
        a, b = a if claimed[a] else 0, b if claimed[b] else 0
        return b << 16 | a if self.slot[head] & 1 else a << 16 | b

    @boundscheck(False)
    cdef void plain(self, int rule, bint stream, int64_t head, uint8_t *out, Plain *plain) noexcept nogil:
        if self.size[head]:
            _plain(rule, stream, self.data(head), self.size[head], self.wire[head], out, plain)
        else:
            plain.data, plain.size, plain.wire = out, 0, self.wire[head]
        if rule == BYTES:
            plain.wire = 0
