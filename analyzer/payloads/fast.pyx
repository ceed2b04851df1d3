# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""Payloads that read the same, found in one pass: their bytes without what a reader does not look at.

A rule, named by ``Protocol.plain``, makes of a payload the plain one that the protocol reads the same, word
for word: a CoAP message without its message identifier, token and content, say. It knows no meanings, so the
reader in Python stays the only one who tells, and reads one payload of each kind. Where a rule does not know
better it leaves a payload as it is.

The rules are in the ``.pxd`` files beside, one a protocol. A rule gets ``data``, the ``size`` bytes that were
captured of ``wire``, writes the plain payload into ``out``, which has room for some bytes more than ``data``, and
how many it wrote into ``length``; it returns the plain payload's length on the wire, or -1 to leave all as it is.
"""

from cython cimport boundscheck
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memcpy

from analyzer.octets cimport soon
from analyzer.payloads.bacnet cimport bacnet
from analyzer.payloads.coap cimport coap
from analyzer.payloads.dns cimport dns
from analyzer.payloads.ntp cimport ntp
from analyzer.payloads.stun cimport stun
from analyzer.payloads.text cimport text
from analyzer.payloads.tftp cimport tftp
from analyzer.payloads.tls cimport tls

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


cdef void _plain(
    int rule, bint stream, const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, Plain *plain
) noexcept nogil:
    cdef int64_t length = size, seen = -1
    if size <= ROOM:
        if rule == COAP:
            seen = coap(data, size, wire, out, &length)
        elif rule == TLS:
            seen = tls(data, size, wire, out, &length)
        elif rule == BACNET:
            seen = bacnet(data, size, wire, out, &length)
        elif rule == TFTP:
            seen = tftp(data, size, wire, out, &length)
        elif rule == DNS and not stream:
            seen = dns(data, size, wire, out, &length)
        elif rule == NTP:
            seen = ntp(data, size, wire, out, &length)
        elif rule == STUN:
            seen = stun(stream, data, size, wire, out, &length)
        elif rule == SSDP or rule == HTTP:
            seen = text(rule == HTTP, data, size, wire, out, &length)
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
            soon(&self.octets[self.begin[which[at + AHEAD]]])

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
