# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``fields`` and ``pick``: the same fields of the same messages, the same ones wanted.

Those two, in numpy, are the reference; tests compare. Every byte is read through a bounds-checked view.
``Ledger`` is beside ``gather``: it holds back what that would make nothing of.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

cdef enum:
    # Numbers of analyzer.protocols.coap and analyzer.transfers.coap.fields; a test compares them.
    _OBSERVE = 6
    _Q_BLOCK1 = 19
    _BLOCK2 = 23
    _BLOCK1 = 27
    _SIZE2 = 28
    _Q_BLOCK2 = 31
    _SIZE1 = 60
    _ECHO = 252
    _OPTION_BYTES = 256
    _OPTIONS = 48
    _VALUE_BYTES = 4

    CON = 0
    NON = 1
    ACK = 2
    RST = 3
    GET = 1
    FETCH = 5

NUMBERS = {
    "OBSERVE": _OBSERVE, "Q_BLOCK1": _Q_BLOCK1, "BLOCK2": _BLOCK2, "BLOCK1": _BLOCK1, "SIZE2": _SIZE2,
    "Q_BLOCK2": _Q_BLOCK2, "SIZE1": _SIZE1, "ECHO": _ECHO, "OPTION_BYTES": _OPTION_BYTES, "OPTIONS": _OPTIONS,
    "VALUE_BYTES": _VALUE_BYTES, "CON": CON, "NON": NON, "ACK": ACK, "RST": RST, "GET": GET, "FETCH": FETCH,
}


cdef inline int64_t _extended(const uint8_t[::1] octets, int64_t nibble, int64_t *place, int64_t last):
    """An option delta or length (RFC 7252 section 3.1); ``place`` moves to what follows it."""
    cdef int64_t at = place[0]
    if nibble == 13:
        place[0] = at + 1
        return octets[min(at, last)] + 13
    if nibble == 14:
        place[0] = at + 2
        return ((<int64_t> octets[min(at, last)]) << 8 | octets[min(at + 1, last)]) + 269
    return nibble


def fields(
    const uint8_t[::1] octets,
    const int64_t[::1] payload,
    const int64_t[::1] captured,
    const int64_t[::1] wires,
    const int64_t[::1] rows,
    dict out,
):
    """Fill the columns ``out`` of as many messages as there are ``rows``: places in the other columns."""
    cdef int64_t[::1] kind = out["kind"], code = out["code"], mid = out["mid"]
    cdef int64_t[::1] token_length = out["token_length"], options = out["options"], variable = out["variable"]
    cdef int64_t[::1] length = out["length"], observe = out["observe"], block1 = out["block1"]
    cdef int64_t[::1] block2 = out["block2"], size1 = out["size1"], size2 = out["size2"]
    cdef int64_t[::1] q_block = out["q_block"], echo = out["echo"]
    cdef uint64_t[::1] token = out["token"]
    cdef uint8_t[::1] sound = out["sound"]
    cdef int64_t row, place, begin, end, at, start, wire, last = len(octets) - 1, step, number, delta, size, value
    cdef int64_t after, first_block, content, count = len(rows), the_class
    cdef bint cut, good
    cdef uint64_t name
    cdef uint8_t head
    for place in range(count):
        row = rows[place]
        begin, wire = payload[row], wires[row]
        end = begin + min(captured[row], _OPTION_BYTES)
        head = octets[begin]
        kind[place], size = head >> 4 & 3, head & 15
        code[place] = octets[begin + 1]
        mid[place] = (<int64_t> octets[begin + 2]) << 8 | octets[begin + 3]
        the_class = code[place] >> 5
        cut = wire > end - begin
        start = begin + 4 + size
        good = size <= 8 and (the_class == 0 or the_class == 2 or the_class == 4 or the_class == 5)
        if code[place] == 0:
            good = good and kind[place] != NON and wire == 4 + size
        else:
            good = good and kind[place] != RST and not (the_class == 0 and kind[place] == ACK)
        good = good and (start <= end or cut)
        name = 0
        if start <= end:
            for step in range(min(size, 8)):
                name = name << 8 | octets[begin + 4 + step]
        token[place], token_length[place], options[place] = name, size, start
        observe[place] = block1[place] = block2[place] = size1[place] = size2[place] = -1
        q_block[place] = echo[place] = first_block = content = -1
        at, number = start, 0
        for step in range(_OPTIONS if good and code[place] else 0):
            if at >= end:
                if not cut:
                    content = at
                break
            head = octets[at]
            if head == 0xFF:
                content = at + 1
                break
            if head >> 4 == 15 or head & 15 == 15:
                good = False
                break
            after = at + 1
            delta = _extended(octets, head >> 4, &after, last)
            size = _extended(octets, head & 15, &after, last)
            if after + size > end:
                good = cut
                if first_block < 0:
                    first_block = at
                break
            number += delta
            if (
                number == _OBSERVE or number == _BLOCK1 or number == _BLOCK2 or number == _SIZE1
                or number == _SIZE2 or number == _Q_BLOCK1 or number == _Q_BLOCK2 or number == _ECHO
            ):
                value = 0
                if size <= _VALUE_BYTES:
                    for row in range(size):
                        value = value << 8 | octets[after + row]
                if number == _OBSERVE:
                    observe[place] = value
                elif number == _SIZE1:
                    size1[place] = value
                elif number == _SIZE2:
                    size2[place] = value
                elif number == _ECHO:
                    echo[place] = value
                else:
                    if number == _BLOCK1:
                        block1[place] = value
                    elif number == _BLOCK2:
                        block2[place] = value
                    else:
                        q_block[place] = value
                    if first_block < 0:
                        first_block = at
            at = after + size
        variable[place] = at if first_block < 0 else first_block
        length[place] = -1 if content < 0 else wire - (content - begin)
        sound[place] = good


# ---------------------------------------------------------------- which are wanted


cdef struct Ends:
    uint64_t src_hi
    uint64_t src_lo
    uint64_t dst_hi
    uint64_t dst_lo
    uint16_t src_port
    uint16_t dst_port
    uint8_t version


cdef inline uint64_t _way(const Ends *ends, uint64_t factor) noexcept nogil:
    """A number for two ends in their order. ``factor``, odd, is nobody's to know."""
    cdef uint64_t key = (ends.src_hi ^ factor) * <uint64_t> 0x9E3779B97F4A7C15
    key = (key ^ key >> 29 ^ ends.src_lo) * <uint64_t> 0xC2B2AE3D27D4EB4F
    key = (key ^ key >> 32 ^ ends.dst_hi) * <uint64_t> 0x9E3779B97F4A7C15
    key = (key ^ key >> 29 ^ ends.dst_lo) * <uint64_t> 0xC2B2AE3D27D4EB4F
    key = (key ^ key >> 32 ^ ((<uint64_t> ends.src_port) << 32 | ends.dst_port)) * <uint64_t> 0x9E3779B97F4A7C15
    return key ^ key >> 29


cdef inline uint64_t _keyed(uint64_t way, uint64_t name, uint64_t length, uint64_t factor) noexcept nogil:
    """A number for two ends and an identifier, or a token of a length."""
    cdef uint64_t key = (way ^ name ^ length << 59) * factor
    key = (key ^ key >> 32) * <uint64_t> 0xC2B2AE3D27D4EB4F
    return key ^ key >> 29


cdef inline Ends _reversed(const Ends *ends) noexcept nogil:
    return Ends(
        ends.dst_hi, ends.dst_lo, ends.src_hi, ends.src_lo, ends.dst_port, ends.src_port, ends.version
    )


cdef enum:
    # Of an identifier, in the order of the confirmable message; of a token, in that of the request.
    ACKNOWLEDGED = 1
    SENT = 2
    KEPT = 4
    ANSWERED = 8
    LOUD = 16
    ASKED = 32
    USED = 128


cdef struct Entry:
    uint64_t key
    uint8_t flags  # 0: empty


cdef inline int64_t _slot(Entry *table, uint64_t mask, uint64_t key) noexcept nogil:
    """Where ``key`` is, from now on."""
    cdef uint64_t slot = key & mask
    while table[slot].flags and table[slot].key != key:
        slot = (slot + 1) & mask
    table[slot].key = key
    table[slot].flags |= USED
    return <int64_t> slot


def wanted(dict columns, dict told, const int64_t[::1] rows, uint64_t factor, uint8_t[::1] keep):
    """Set ``keep`` of each message that has to be looked at one by one: the rules of ``pick.wanted``.

    ``told`` are the columns of ``fields.Fields``. ``factor``, odd, is of a hash, and nobody's to know.
    """
    cdef const int64_t[::1] kind = told["kind"], code = told["code"], observe = told["observe"]
    cdef const int64_t[::1] block1 = told["block1"], block2 = told["block2"], q_block = told["q_block"]
    cdef const int64_t[::1] mids = told["mid"], lengths = told["token_length"]
    cdef const uint64_t[::1] tokens = told["token"]
    cdef const uint8_t[::1] sound = told["sound"]
    cdef const uint64_t[::1] src_hi = columns["src_hi"], src_lo = columns["src_lo"]
    cdef const uint64_t[::1] dst_hi = columns["dst_hi"], dst_lo = columns["dst_lo"]
    cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
    cdef int64_t count = len(keep), at, row
    cdef uint64_t mask = 31, there, back
    cdef bint request, response, loud, answers, confirmed, wants
    cdef uint8_t here
    cdef Ends ends, reverse
    cdef Entry *table = NULL
    cdef int64_t *places = NULL  # of each message: its identifier's, its token's; -1 where it matters not
    while mask < 4 * <uint64_t> count:
        mask = 2 * mask + 1
    table = <Entry *> calloc(mask + 1, sizeof(Entry))
    places = <int64_t *> malloc((2 * count + 1) * sizeof(int64_t))
    try:
        if table == NULL or places == NULL:
            raise MemoryError
        for at in range(count):
            row = rows[at]
            ends = Ends(
                src_hi[row], src_lo[row], dst_hi[row], dst_lo[row], src_port[row], dst_port[row], 0
            )
            request, response = 0 < code[at] < 32, code[at] >= 64
            there = back = 0
            if request or kind[at] == CON:
                there = _way(&ends, factor)
            if response or kind[at] == ACK or kind[at] == RST:
                reverse = _reversed(&ends)
                back = _way(&reverse, factor)
            places[2 * at] = places[2 * at + 1] = -1
            if kind[at] != NON:
                # An identifier has another length than any token.
                places[2 * at] = _slot(
                    table, mask, _keyed(there if kind[at] == CON else back, mids[at], 31, factor)
                )
                if kind[at] != CON:
                    table[places[2 * at]].flags |= ACKNOWLEDGED
            if request or response:
                places[2 * at + 1] = _slot(
                    table, mask, _keyed(there if request else back, tokens[at], lengths[at], factor)
                )
                if request:
                    table[places[2 * at + 1]].flags |= ASKED
                else:
                    loud = code[at] >= 128 or block1[at] >= 0 or block2[at] >= 0 or q_block[at] >= 0
                    table[places[2 * at + 1]].flags |= ANSWERED | (LOUD if loud else 0)
        for at in range(count):
            request, response = 0 < code[at] < 32, code[at] >= 64
            wants = code[at] >= 128 or block1[at] >= 0 or block2[at] >= 0 or q_block[at] >= 0
            here = table[places[2 * at + 1]].flags if places[2 * at + 1] >= 0 else 0
            answers = request and here & ANSWERED
            wants = wants or (request and here & LOUD)
            if kind[at] == CON:
                confirmed = answers or table[places[2 * at]].flags & ACKNOWLEDGED
                wants = wants or not confirmed
            wants = wants or (
                request and not answers and (kind[at] != NON or code[at] == GET or code[at] == FETCH)
            )
            wants = wants or (response and kind[at] != ACK and observe[at] < 0 and not here & ASKED)
            keep[at] = wants
            if kind[at] == CON:
                table[places[2 * at]].flags |= SENT | (KEPT if wants else 0)
        for at in range(count):
            if (kind[at] == ACK or kind[at] == RST) and not keep[at]:
                here = table[places[2 * at]].flags
                keep[at] = not here & SENT or here & KEPT
            keep[at] = keep[at] != 0 and sound[at] != 0
    finally:
        free(table)
        free(places)


# ---------------------------------------------------------------- what needs no look


cdef enum:
    _REQUEST_CLASS_END = 32
    _FRAMES = 8
    _MAX_RETRANSMIT = 4
    _LIFETIME = 247  # seconds: a number of an enum has 32 bits
    _ELSEWHERE = 50_000_000
    _IDENTIFIED = 20_000_000
    _UNIDENTIFIED = 1_000_000

    HELD = 1  # known here alone
    SHOWN = 2  # known to the gatherer: only a mark is here

    BY_MID = 1  # may be acknowledged: a confirmable message
    BY_TOKEN = 2  # may be answered: the latest request with its token

NUMBERS |= {
    "FRAMES": _FRAMES, "MAX_RETRANSMIT": _MAX_RETRANSMIT, "EXCHANGE_LIFETIME": <int64_t> _LIFETIME * 1_000_000_000,
    "DUPLICATE_ELSEWHERE": _ELSEWHERE, "DUPLICATE_IDENTIFIED": _IDENTIFIED,
    "DUPLICATE_UNIDENTIFIED": _UNIDENTIFIED,
}

cdef struct Sight:
    int64_t frame
    int64_t time
    int64_t wire
    uint32_t digest
    uint32_t ip_id
    uint32_t interface

cdef struct Open:
    Ends ends
    uint64_t token
    int64_t first
    int64_t last
    Sight sights[_FRAMES]  # of each copy
    int32_t copies
    int32_t after_mid  # next in its chain, -1 at the end
    int32_t after_token
    uint16_t mid
    uint16_t held  # bytes of raw
    uint16_t options  # places in raw
    uint16_t variable
    uint8_t token_length
    uint8_t code
    uint8_t what  # HELD, SHOWN
    uint8_t links
    uint8_t acknowledged
    uint8_t reset
    uint8_t raw[_OPTION_BYTES]


cdef inline bint _alike(const Ends *one, const Ends *other) noexcept nogil:
    return (
        one.src_lo == other.src_lo and one.dst_lo == other.dst_lo and one.src_port == other.src_port
        and one.dst_port == other.dst_port and one.src_hi == other.src_hi and one.dst_hi == other.dst_hi
        and one.version == other.version
    )


cdef inline Ends _unaddressed(const Ends *ends) noexcept nogil:
    """The ends of a request to a group: whoever answers, answers it."""
    return Ends(ends.src_hi, ends.src_lo, 0, 0, ends.src_port, 0, ends.version)


cdef inline bint _group(const Ends *ends) noexcept nogil:
    """Multicast or broadcast: the rules of ``analyzer.addresses``."""
    if ends.version == 4:
        return ends.dst_lo >> 28 == 0xE or ends.dst_lo == <uint64_t> 0xFFFFFFFF
    if ends.version == 6:
        return ends.dst_hi >> 56 == 0xFF
    return ends.dst_lo >> 40 & 1


cdef class Ledger:
    """Messages of exchanges in which all went well so far, as a table: nobody else has to look at them.

    It goes by the rules of ``exchange`` and ``gather`` as far as they concern requests without blocks whose
    path is no image's, answers without blocks or errors, acknowledgements, and pings. Where another message
    refers to one that is held, that one is told first, with all that happened to it, and a mark stays.
    """

    cdef Open *table
    cdef int32_t *mids  # first of each chain
    cdef int32_t *tokens
    cdef readonly int64_t count
    cdef readonly int64_t limit
    cdef int64_t room
    cdef uint64_t mask
    cdef uint64_t factor
    cdef bint forgot  # whether marks had to go: then what nothing here refers to has to be looked at
    cdef dict images

    def __cinit__(self, int64_t limit, uint64_t factor, bint forgot=False, bytes entries=b""):
        """``limit`` messages are held at most. ``factor``, odd, is of a hash, and nobody's to know."""
        self.limit, self.factor, self.forgot, self.images = max(limit, 2), factor | 1, forgot, {}
        self.count = len(entries) // <int64_t> sizeof(Open)
        self._grow(max(self.count, min(64, self.limit)))
        memcpy(self.table, <const uint8_t *> entries, self.count * sizeof(Open))
        self._link_all()

    def __dealloc__(self):
        free(self.table)
        free(self.mids)
        free(self.tokens)

    def __reduce__(self):
        entries = (<const char *> self.table)[: self.count * <int64_t> sizeof(Open)]
        return Ledger, (self.limit, self.factor, self.forgot, entries)

    # ------------------------------------------------------------ the table

    cdef int _grow(self, int64_t room) except -1:
        cdef Open *table = <Open *> realloc(self.table, room * sizeof(Open))
        if table == NULL:
            raise MemoryError
        self.table, self.room, self.mask = table, room, 127
        while self.mask < 2 * <uint64_t> room:
            self.mask = 2 * self.mask + 1
        free(self.mids)
        free(self.tokens)
        self.mids = <int32_t *> malloc((self.mask + 1) * sizeof(int32_t))
        self.tokens = <int32_t *> malloc((self.mask + 1) * sizeof(int32_t))
        if self.mids == NULL or self.tokens == NULL:
            raise MemoryError
        return 0

    cdef inline int32_t *_mid_chain(self, const Ends *ends, uint64_t mid) noexcept:
        return &self.mids[_keyed(_way(ends, self.factor), mid, 31, self.factor) & self.mask]

    cdef inline int32_t *_token_chain(self, const Ends *ends, uint64_t token, uint64_t length) noexcept:
        return &self.tokens[_keyed(_way(ends, self.factor), token, length, self.factor) & self.mask]

    cdef void _link(self, int32_t place) noexcept:
        cdef Open *one = &self.table[place]
        cdef int32_t *chain
        if one.links & BY_MID:
            chain = self._mid_chain(&one.ends, one.mid)
            one.after_mid, chain[0] = chain[0], place
        if one.links & BY_TOKEN:
            chain = self._token_chain(&one.ends, one.token, one.token_length)
            one.after_token, chain[0] = chain[0], place

    cdef void _link_all(self) noexcept:
        cdef int64_t place
        memset(self.mids, 0xFF, (self.mask + 1) * sizeof(int32_t))
        memset(self.tokens, 0xFF, (self.mask + 1) * sizeof(int32_t))
        for place in range(self.count):
            self._link(<int32_t> place)

    cdef void _supersede(self, int32_t place) noexcept:
        """A later request has its token: no answer is its own any more."""
        cdef Open *one = &self.table[place]
        cdef int32_t *chain = self._token_chain(&one.ends, one.token, one.token_length)
        while chain[0] != place:
            chain = &self.table[chain[0]].after_token
        chain[0] = one.after_token
        one.links &= ~BY_TOKEN

    cdef int32_t _by_mid(self, const Ends *ends, uint16_t mid) noexcept:
        cdef int32_t place = self._mid_chain(ends, mid)[0]
        while place >= 0:
            if self.table[place].mid == mid and _alike(&self.table[place].ends, ends):
                break
            place = self.table[place].after_mid
        return place

    cdef int32_t _by_token(self, const Ends *ends, uint64_t token, uint8_t length) noexcept:
        cdef int32_t place = self._token_chain(ends, token, length)[0]
        cdef Open *one
        while place >= 0:
            one = &self.table[place]
            if one.token == token and one.token_length == length and _alike(&one.ends, ends):
                break
            place = one.after_token
        return place

    cdef Open *_new(self, list told, int64_t now) except NULL:
        """Room for one more, empty; the older half goes where there is none."""
        cdef int64_t place, gone
        if self.count >= self.limit:
            gone = self.count - self.limit // 2
            for place in range(gone):
                if self._exhausted(<int32_t> place):
                    told.append((now, self._tell(<int32_t> place)))
                elif self.table[place].what == SHOWN:
                    self.forgot = True
            self.count -= gone
            memmove(self.table, self.table + gone, self.count * sizeof(Open))
            self._link_all()
        elif self.count == self.room:
            self._grow(min(2 * self.room, self.limit))
            self._link_all()
        memset(&self.table[self.count], 0, sizeof(Open))
        self.count += 1
        return &self.table[self.count - 1]

    # ------------------------------------------------------------ telling

    cdef bint _exhausted(self, int32_t place) noexcept:
        cdef Open *one = &self.table[place]
        return (
            one.what == HELD and one.links & BY_MID != 0 and one.copies > _MAX_RETRANSMIT
            and not one.acknowledged and not one.reset
        )

    cdef tuple _tell(self, int32_t place):
        """A message that was held, as ``gather.Held``; its mark stays."""
        cdef Open *one = &self.table[place]
        cdef Ends *ends = &one.ends
        cdef bytes raw = (<const char *> one.raw)[: one.held]
        one.what = SHOWN
        return (
            (ends.version, ends.src_hi, ends.src_lo, ends.src_port),
            (ends.version, ends.dst_hi, ends.dst_lo, ends.dst_port),
            one.links & BY_MID != 0, one.links & BY_TOKEN != 0,
            one.code, one.mid, one.token, one.token_length,
            one.first, one.last, one.copies, [one.sights[at].frame for at in range(one.copies)],
            one.acknowledged != 0, one.reset != 0, raw, raw[one.options : one.variable],
            [
                (
                    one.sights[at].digest, one.sights[at].wire, one.sights[at].ip_id, one.sights[at].time,
                    one.sights[at].interface,
                )
                for at in range(one.copies)
            ],
        )

    def exhausted(self):
        """Those that were repeated to exhaustion and never acknowledged, each told once."""
        return [self._tell(<int32_t> place) for place in range(self.count) if self._exhausted(<int32_t> place)]

    # ------------------------------------------------------------ messages

    cdef bint _image(self, int64_t kind, int64_t code, const Open *one, object like_image) except -1:
        """Whether a request's path is an image's; asked once for those that say the same."""
        cdef bytes raw = (<const char *> one.raw)[: one.held]
        key = (kind, code, raw[one.options : one.variable])
        known = self.images.get(key)
        if known is None:
            if len(self.images) >= 4096:
                self.images.clear()
            known = self.images[key] = bool(like_image(raw))
        return known

    def take(
        self,
        const uint8_t[::1] octets,
        dict columns,
        dict told,
        const int64_t[::1] rows,
        const int64_t[::1] wanted,
        object like_image,
        int64_t[::1] shown,
    ):
        """Take the messages ``wanted``, places in ``told`` (``fields.Fields``) and ``rows``, in frame order.

        Those that have to be looked at are put into ``shown``, as long as ``wanted``. Answers how many those
        are, and ``(before how many of them, message)`` for what was held and is told now.
        ``like_image`` is asked with the first bytes of a request.
        """
        cdef const int64_t[::1] kinds = told["kind"], codes = told["code"], mids = told["mid"]
        cdef const int64_t[::1] lengths = told["token_length"], contents = told["length"]
        cdef const int64_t[::1] block1 = told["block1"], block2 = told["block2"], q_block = told["q_block"]
        cdef const int64_t[::1] options = told["options"], variable = told["variable"]
        cdef const uint64_t[::1] tokens = told["token"]
        cdef const uint64_t[::1] src_hi = columns["src_hi"], src_lo = columns["src_lo"]
        cdef const uint64_t[::1] dst_hi = columns["dst_hi"], dst_lo = columns["dst_lo"]
        cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
        cdef const uint8_t[::1] version = columns["version"]
        cdef const int64_t[::1] times = columns["time"], frames = columns["frame"]
        cdef const int64_t[::1] payload = columns["payload"], captured = columns["payload_captured"]
        cdef const int64_t[::1] wires = columns["payload_wire"]
        cdef const uint32_t[::1] ip_id = columns["ip_id"], interface = columns["interface"]
        cdef const uint32_t[::1] digest = columns["digest"]
        cdef int64_t at, here, row, kind, code, begin, step, now = 0
        cdef int32_t same, asked, other
        cdef bint request, response, plain, group, held, known
        cdef uint8_t links
        cdef Ends ends, back, whom
        cdef Sight sight
        cdef Open now_one
        cdef Open *one
        cdef list before = []
        for at in range(len(wanted)):
            here = wanted[at]
            row, kind, code, begin = rows[here], kinds[here], codes[here], payload[rows[here]]
            ends = Ends(
                src_hi[row], src_lo[row], dst_hi[row], dst_lo[row], src_port[row], dst_port[row], version[row]
            )
            back = _reversed(&ends)
            sight = Sight(frames[row], times[row], wires[row], digest[row], ip_id[row], interface[row])
            request, response = 0 < code < _REQUEST_CLASS_END, code >= 64
            group = request and _group(&ends)
            plain = not group and code < 128 and block1[here] < 0 and block2[here] < 0 and q_block[here] < 0
            # What it refers to: a message of the same identifier, and the request that has or had its token.
            same = asked = -1
            if kind == CON:
                same = self._by_mid(&ends, <uint16_t> mids[here])
            elif kind != NON:
                same = self._by_mid(&back, <uint16_t> mids[here])
            if request:
                whom = _unaddressed(&ends) if group else ends
                asked = self._by_token(&whom, tokens[here], <uint8_t> lengths[here])
            elif response:
                asked = self._by_token(&back, tokens[here], <uint8_t> lengths[here])
                if asked < 0:
                    whom = _unaddressed(&back)
                    asked = self._by_token(&whom, tokens[here], <uint8_t> lengths[here])
            held = False
            if plain and (kind == CON or request):
                if same >= 0:
                    one = &self.table[same]
                    held = (
                        one.what == HELD and one.code == code and times[row] - one.first <= <int64_t> _LIFETIME * 1_000_000_000
                        and (not request or (
                            one.token == tokens[here] and one.token_length == lengths[here]
                            and asked >= 0 and self.table[asked].what == HELD
                        ))
                        and not (response and asked >= 0 and self.table[asked].what == SHOWN)
                        and not (response and asked < 0 and self.forgot)
                        and one.copies < _FRAMES
                    )
                    if held and not self._copy(one, &sight):
                        one.sights[one.copies] = sight
                        one.copies += 1
                        one.last = max(one.last, times[row])
                        if response and asked >= 0:
                            self._confirm(asked)
                elif not response or (self.table[asked].what == HELD if asked >= 0 else not self.forgot):
                    memset(&now_one, 0, sizeof(Open))
                    now_one.ends, now_one.token = ends, tokens[here]
                    now_one.token_length, now_one.mid = <uint8_t> lengths[here], <uint16_t> mids[here]
                    now_one.code, now_one.what, now_one.copies = <uint8_t> code, HELD, 1
                    now_one.links = (BY_MID if kind == CON else 0) | (BY_TOKEN if request else 0)
                    now_one.first, now_one.last, now_one.sights[0] = times[row], times[row], sight
                    held = True
                    if request:
                        now_one.held = <uint16_t> min(captured[row], _OPTION_BYTES)
                        for step in range(now_one.held):
                            now_one.raw[step] = octets[begin + step]
                        now_one.options = <uint16_t> (options[here] - begin)
                        now_one.variable = <uint16_t> (variable[here] - begin)
                        # A payload marker without payload is an error (RFC 7252 section 3), and whose options
                        # are not all here has a path that nobody knows.
                        held = (
                            contents[here] >= 0
                            and (contents[here] > 0 or now_one.variable == now_one.held)
                            and not self._image(kind, code, &now_one, like_image)
                        )
                    if held:
                        if request and asked >= 0:
                            self._supersede(asked)
                        elif response and asked >= 0:
                            self._confirm(asked)
                        self._new(before, now)[0] = now_one
                        self._link(<int32_t> (self.count - 1))
            elif plain:
                # An acknowledgement, or an answer that wants none.
                known = (same < 0 or self.table[same].what == HELD) and (
                    asked < 0 or self.table[asked].what == HELD
                )
                held = known and not (
                    self.forgot and ((same < 0 and kind != NON) or (asked < 0 and response))
                )
                if held:
                    if same >= 0 and not self.table[same].acknowledged and not self.table[same].reset:
                        if kind == ACK:
                            self.table[same].acknowledged = 1
                        else:
                            self.table[same].reset = 1
                    if asked >= 0:
                        self._confirm(asked)
            if held:
                continue
            for other in (min(same, asked), max(same, asked)):
                if other >= 0 and self.table[other].what == HELD:
                    before.append((now, self._tell(other)))
            shown[now] = here
            now += 1
            # Marks of what is shown.
            if group and asked < 0:
                one = self._new(before, now)
                one.ends, one.token, one.token_length = whom, tokens[here], <uint8_t> lengths[here]
                one.what, one.links = SHOWN, BY_TOKEN
                self._link(<int32_t> (self.count - 1))
            links = (BY_MID if kind == CON and same < 0 else 0) | (
                BY_TOKEN if request and not group and asked < 0 else 0
            )
            if links:
                one = self._new(before, now)
                one.ends, one.token, one.token_length = ends, tokens[here], <uint8_t> lengths[here]
                one.mid, one.code, one.what, one.links = <uint16_t> mids[here], <uint8_t> code, SHOWN, links
                self._link(<int32_t> (self.count - 1))
        return now, before

    cdef inline void _confirm(self, int32_t place) noexcept:
        if not self.table[place].reset:
            self.table[place].acknowledged = 1

    cdef bint _copy(self, const Open *one, const Sight *sight) noexcept:
        """Whether a mirror saw a copy twice: the rules of ``analyzer.flowtable.copies.Recent``."""
        cdef int32_t place
        cdef int64_t apart
        cdef const Sight *before
        for place in range(one.copies - 1, -1, -1):
            before = &one.sights[place]
            if before.digest == sight.digest and before.wire == sight.wire and before.ip_id == sight.ip_id:
                apart = sight.time - before.time if sight.time > before.time else before.time - sight.time
                if before.interface != sight.interface:
                    return apart <= _ELSEWHERE
                return apart <= (_IDENTIFIED if sight.ip_id else _UNIDENTIFIED)
        return False
