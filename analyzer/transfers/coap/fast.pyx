# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``fields`` and ``pick``: the same fields of the same messages, the same ones wanted. What
they go by is in the .pxd beside.

Those two, in numpy, are the reference; tests compare. ``Ledger`` is beside ``gather``: it holds back what that
would make nothing of.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memmove, memset

from analyzer.octets cimport octets
from analyzer.transfers.coap cimport message
from analyzer.transfers.coap.message cimport (
    ACK, CON, HEADER, NON, OPTION_BYTES, OPTIONS, RST, Columns, Ends, Seen, Values, columns_of, ends_of, read, soon_read
)
from analyzer.transfers.coap.pick cimport FETCH, GET, keyed, reversed_ends, want, way

NUMBERS = {
    "OBSERVE": message.OBSERVE, "Q_BLOCK1": message.Q_BLOCK1, "BLOCK2": message.BLOCK2, "BLOCK1": message.BLOCK1,
    "SIZE2": message.SIZE2, "Q_BLOCK2": message.Q_BLOCK2, "SIZE1": message.SIZE1, "ECHO": message.ECHO,
    "OPTION_BYTES": OPTION_BYTES, "OPTIONS": OPTIONS, "VALUE_BYTES": message.VALUE_BYTES, "HEADER": HEADER,
    "CON": CON, "NON": NON, "ACK": ACK, "RST": RST, "GET": GET, "FETCH": FETCH,
}


cdef enum:
    _AHEAD = 12  # messages before its turn comes that one is called into the cache


def fields(const uint8_t[::1] octets, dict columns, const int64_t[::1] rows, dict out):
    """Fill the columns ``out`` of as many messages as there are ``rows``: places in the other columns."""
    cdef int64_t[::1] kind = out["kind"], code = out["code"], mid = out["mid"]
    cdef int64_t[::1] token_length = out["token_length"], options = out["options"], variable = out["variable"]
    cdef int64_t[::1] length = out["length"], observe = out["observe"], block1 = out["block1"]
    cdef int64_t[::1] block2 = out["block2"], size1 = out["size1"], size2 = out["size2"]
    cdef int64_t[::1] q_block = out["q_block"], echo = out["echo"]
    cdef uint64_t[::1] token = out["token"]
    cdef uint8_t[::1] sound = out["sound"]
    cdef Columns table = columns_of(octets, columns)
    cdef int64_t at, begin
    cdef Seen one
    cdef Values said
    for at in range(len(rows)):
        if not 0 <= rows[at] < table.count:
            raise IndexError("a row that is not there")
        said = Values(-1, -1, -1, -1, -1, -1, -1)
        read(&table, rows[at], &one, &said)
        begin = table.payload[rows[at]]
        kind[at], code[at], mid[at], token_length[at] = one.kind, one.code, one.mid, one.token_length
        token[at], options[at], length[at] = one.token, begin + HEADER + one.token_length, one.length
        variable[at] = begin + one.variable
        observe[at], block1[at], block2[at] = said.observe, said.block1, said.block2
        size1[at], size2[at], q_block[at], echo[at] = said.size1, said.size2, said.q_block, said.echo
        sound[at] = one.sound


cdef class Sifted:
    """Messages of a batch that have to be looked at, in order."""

    cdef Seen *seen
    cdef int64_t count

    def __dealloc__(self):
        free(self.seen)

    def __len__(self):
        return self.count


def sift(
    const uint8_t[::1] octets, dict columns, const int64_t[::1] rows, uint64_t factor, int64_t[::1] kept
):
    """The messages in ``rows`` that have to be looked at one by one; their rows are put into ``kept``, as long
    as ``rows``.

    ``factor``, odd, is of a hash, and nobody's to know.
    """
    cdef Columns table = columns_of(octets, columns)
    cdef int64_t at, count = len(rows), found = 0
    cdef Sifted sifted = Sifted.__new__(Sifted)
    cdef Seen *seen = <Seen *> malloc((count + 1) * sizeof(Seen))
    if seen == NULL:
        raise MemoryError
    try:
        with nogil:
            for at in range(count):
                if not 0 <= rows[at] < table.count:
                    with gil:
                        raise IndexError("a row that is not there")
            for at in range(count):
                if at + _AHEAD < count:
                    soon_read(&table, rows[at + _AHEAD])
                read(&table, rows[at], &seen[at], NULL)
        want(&table, seen, count, factor | 1)
        for at in range(count):
            if seen[at].kept:
                kept[found] = seen[at].row
                seen[found] = seen[at]
                found += 1
        sifted.seen = <Seen *> malloc((found + 1) * sizeof(Seen))
        if sifted.seen == NULL:
            raise MemoryError
        memcpy(sifted.seen, seen, found * sizeof(Seen))
        sifted.count = found
    finally:
        free(seen)
    return sifted


# ---------------------------------------------------------------- what needs no look


cdef enum:
    _REQUEST_CLASS_END = 32
    _FRAMES = 8
    _MAX_RETRANSMIT = 4
    _IMAGES = 4096  # kinds of requests of which is remembered whether they ask for an image
    _ASKED = 64  # of those that do not, those that are at hand
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
    int32_t copies
    int32_t after_mid  # next in its chain, -1 at the end
    int32_t after_token
    uint16_t mid
    uint16_t held  # bytes of raw
    uint16_t options  # place in raw
    uint8_t token_length
    uint8_t code
    uint8_t what  # HELD, SHOWN
    uint8_t links
    uint8_t acknowledged
    uint8_t reset
    # Only so much of what follows was ever written: nothing else is read.
    Sight sights[_FRAMES]  # of each copy
    uint8_t raw[OPTION_BYTES]  # of a request, until its options end

cdef struct Asked:
    # What a request says whose path is no image's, without identifier and token.
    uint16_t size
    uint8_t kind
    uint8_t code
    uint8_t said[OPTION_BYTES]


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
    cdef Asked asked[_ASKED]

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
        cdef int64_t place
        cdef Open *one
        for place in range(self.count):
            one = &self.table[place]
            memset(&one.sights[one.copies], 0, (_FRAMES - one.copies) * sizeof(Sight))
            memset(&one.raw[one.held], 0, OPTION_BYTES - one.held)
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
        return &self.mids[keyed(way(ends, self.factor), mid, 31, self.factor) & self.mask]

    cdef inline int32_t *_token_chain(self, const Ends *ends, uint64_t token, uint64_t length) noexcept:
        return &self.tokens[keyed(way(ends, self.factor), token, length, self.factor) & self.mask]

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
        cdef Open *one
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
        one = &self.table[self.count]
        memset(one, 0, <char *> &one.sights - <char *> one)
        self.count += 1
        return one

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
            one.acknowledged != 0, one.reset != 0, raw, raw[one.options :],
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

    cdef bint _image(self, const Seen *seen, const uint8_t *data, object like_image) except -1:
        """Whether a request's path is an image's; asked once for those that say the same."""
        cdef const uint8_t *said = data + HEADER + seen.token_length
        cdef uint16_t size = <uint16_t> (seen.variable - HEADER - seen.token_length)
        cdef uint64_t mix = size, word
        cdef int32_t at
        cdef bint image
        cdef Asked *one
        for at in range(0, size, 8):
            word = 0
            memcpy(&word, said + at, min(8, size - at))
            mix = (mix ^ word) * <uint64_t> 0x9E3779B97F4A7C15
        one = &self.asked[(mix >> 32) % _ASKED]
        if (
            one.size == size and one.kind == seen.kind and one.code == seen.code
            and memcmp(one.said, said, size) == 0
        ):
            return False
        image = self._known((<const char *> data)[: seen.variable], seen, like_image)
        if not image and size <= OPTION_BYTES:
            one.size, one.kind, one.code = size, seen.kind, seen.code
            memcpy(one.said, said, size)
        return image

    cdef bint _known(self, bytes raw, const Seen *seen, object like_image) except -1:
        cdef tuple key = (seen.kind, seen.code, raw[HEADER + seen.token_length :])
        cdef object known = self.images.get(key)
        if known is None:
            if len(self.images) >= _IMAGES:
                self.images.clear()
            known = self.images[key] = bool(like_image(raw))
        return known

    def take(
        self,
        const uint8_t[::1] octets,
        dict columns,
        Sifted sifted,
        object like_image,
        int64_t[::1] shown,
    ):
        """Take the messages of a batch that were ``sifted``, in frame order.

        Rows of those that have to be looked at are put into ``shown``, as long as they are many. Answers how many
        those are, and ``(before how many of them, message)`` for what was held and is told now. ``like_image``
        says of the first bytes of a request whether its path is an image's.
        """
        cdef Columns table = columns_of(octets, columns)
        cdef const int64_t[::1] times = columns["time"], frames = columns["frame"]
        cdef const uint32_t[::1] ip_id = columns["ip_id"], interface = columns["interface"], digest = columns["digest"]
        cdef int64_t at, row, now = 0
        cdef list before = []
        cdef Sight sight
        cdef Seen *seen = sifted.seen
        for at in range(sifted.count):
            row = seen[at].row
            if row >= table.count:
                raise IndexError("a row that is not there")
            sight = Sight(frames[row], times[row], table.wires[row], digest[row], ip_id[row], interface[row])
            if not self._hold(&table, &seen[at], &sight, like_image, before, now):
                shown[now] = row
                now += 1
        return now, before

    cdef bint _hold(
        self, const Columns *columns, const Seen *seen, const Sight *sight, object like_image, list before, int64_t now
    ) except -1:
        """Whether a message is held, or of one that is, and needs no look. Where it does, what it refers to is
        put into ``before``, and its mark is set."""
        cdef int64_t row = seen.row, begin = columns.payload[row]
        cdef int32_t same = -1, asked = -1, other, kind = seen.kind, code = seen.code
        cdef bint request = 0 < code < _REQUEST_CLASS_END, response = code >= 64, held = False
        cdef uint8_t length = <uint8_t> seen.token_length, links
        cdef uint16_t mid = <uint16_t> seen.mid
        cdef Ends ends = ends_of(columns, row), back = reversed_ends(&ends), whom = ends
        cdef bint group = request and _group(&ends)
        cdef bint plain = not group and code < 128 and not seen.blocks
        cdef const uint8_t *data = NULL
        cdef Open *one
        # What it refers to: a message of the same identifier, and the request that has or had its token.
        if kind == CON:
            same = self._by_mid(&ends, mid)
        elif kind != NON:
            same = self._by_mid(&back, mid)
        if request:
            if group:
                whom = _unaddressed(&ends)
            asked = self._by_token(&whom, seen.token, length)
        elif response:
            asked = self._by_token(&back, seen.token, length)
            if asked < 0:
                whom = _unaddressed(&back)
                asked = self._by_token(&whom, seen.token, length)
        if plain and (kind == CON or request):
            if same >= 0:
                one = &self.table[same]
                held = (
                    one.what == HELD and one.code == code and one.copies < _FRAMES
                    and sight.time - one.first <= <int64_t> _LIFETIME * 1_000_000_000
                )
                if request:
                    held = (
                        held and one.token == seen.token and one.token_length == length
                        and asked >= 0 and self.table[asked].what == HELD
                    )
                elif response:
                    held = held and (self.table[asked].what == HELD if asked >= 0 else not self.forgot)
                if held and not self._copy(one, sight):
                    one.sights[one.copies] = sight[0]
                    one.copies += 1
                    one.last = max(one.last, sight.time)
                    if response and asked >= 0:
                        self._confirm(asked)
            elif not response or (self.table[asked].what == HELD if asked >= 0 else not self.forgot):
                held = True
                if request:
                    # A payload marker without payload is an error (RFC 7252 section 3), and whose options are
                    # not all here has a path that nobody knows.
                    held = seen.length > 0 or (
                        seen.length == 0 and seen.variable == min(columns.captured[row], <int64_t> OPTION_BYTES)
                    )
                    if held:
                        data = octets(columns.view, begin, seen.variable)
                        held = not self._image(seen, data, like_image)
                if held:
                    if request and asked >= 0:
                        self._supersede(asked)
                    elif response and asked >= 0:
                        self._confirm(asked)
                    one = self._new(before, now)
                    one.what, one.copies = HELD, 1
                    one.links = (BY_MID if kind == CON else 0) | (BY_TOKEN if request else 0)
                    one.first, one.last, one.sights[0] = sight.time, sight.time, sight[0]
                    if request:
                        one.options, one.held = HEADER + length, <uint16_t> seen.variable
                        memcpy(one.raw, data, seen.variable)
                    self._name(one, &ends, seen)
        elif plain:
            # An acknowledgement, or an answer that wants none.
            held = (
                (self.table[same].what == HELD if same >= 0 else not (self.forgot and kind != NON))
                and (self.table[asked].what == HELD if asked >= 0 else not (self.forgot and response))
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
            return True
        for other in (min(same, asked), max(same, asked)):
            if other >= 0 and self.table[other].what == HELD:
                before.append((now, self._tell(other)))
        # A request to a group is asked for by its token as one to nobody.
        links = (BY_MID if kind == CON and same < 0 else 0) | (
            BY_TOKEN if request and not group and asked < 0 else 0
        )
        if group and asked < 0:
            one = self._new(before, now)
            one.what, one.links = SHOWN, BY_TOKEN
            self._name(one, &whom, seen)
        if links:
            one = self._new(before, now)
            one.what, one.links = SHOWN, links
            self._name(one, &ends, seen)
        return False

    cdef void _name(self, Open *one, const Ends *ends, const Seen *seen) noexcept:
        """Give the latest one its ends, identifier and token, and link it."""
        one.ends, one.token, one.token_length = ends[0], seen.token, <uint8_t> seen.token_length
        one.mid, one.code = <uint16_t> seen.mid, <uint8_t> seen.code
        self._link(<int32_t> (self.count - 1))

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
