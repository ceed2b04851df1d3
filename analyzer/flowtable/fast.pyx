# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled aggregation: one pass over a batch of PACKETS into an open-addressing table.

``compiled.CompiledTable`` owns all arrays and makes them grow; the functions here stop where one is full and
say how far they came. That columns are as long as each other, and arrays as long as they have to be, is
checked before a loop goes over them; bytes of payloads are compared and copied after both ends of their ranges
were checked.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memmove, memset

import os

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define portmatrix_prefetch(place) __builtin_prefetch(place)
    #else
    #define portmatrix_prefetch(place) ((void)(place))
    #endif
    """
    void portmatrix_prefetch(const void *place) noexcept nogil

cdef enum:
    # Numbers of analyzer.tables; a test compares them.
    UNDECODED = 0
    TRANSPORT = 1
    IP = 2
    FRAGMENT = 3
    LINK = 4
    TCP = 6
    UDP = 17
    ARP = 0x10806
    SYN = 0x02
    RST = 0x04
    ACK = 0x10
    TO_ALL = 0x80
    NOT_TO_ALL = 0x40

    # Packets between the making of a key and its look-up, and how far ahead of it other memory is asked for.
    AHEAD = 16
    SOON = 10  # the slot is here: its row
    SOONER = 6  # the row is here: its first head
    SOONEST = 3  # the head is here: its bytes
    FACTORS = 13
    REASONS = 256
    WIDE = 0x80000000  # in Key.what
    LINE = 64

    _SIGHTS = 2048  # kept in the ring: more than ever are compared with the next one

SIGHTS = _SIGHTS
NUMBERS = {
    "UNDECODED": UNDECODED, "TRANSPORT": TRANSPORT, "IP": IP, "FRAGMENT": FRAGMENT, "LINK": LINK, "TCP": TCP,
    "UDP": UDP, "ARP": ARP, "SYN": SYN, "RST": RST, "ACK": ACK, "TO_ALL": TO_ALL, "NOT_TO_ALL": NOT_TO_ALL,
}

cdef struct Words:
    uint64_t hi0
    uint64_t lo0
    uint64_t hi1
    uint64_t lo1
    uint64_t ports  # port0 << 16 | port1
    uint64_t what  # transport << 16 | version << 8 | ported

cdef struct Key:
    # Of two IPv4 addresses. Of any others ``what`` is WIDE, ``ports`` 0, and ``pair`` is where their Words are.
    uint64_t pair  # lo0 << 32 | lo1
    uint32_t ports
    uint32_t what  # transport << 1 | ported

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

cdef struct Rare:
    int64_t duplicates
    int64_t syn
    int64_t synack
    int64_t rst

cdef struct Kept:
    int64_t frame
    int64_t time
    int64_t wire
    int64_t slot
    int64_t at
    int32_t size
    int32_t following  # 1 + place of the slot's next head, 0 at the last

cdef struct Sight:
    int64_t frame
    int64_t time
    int64_t row
    uint8_t way
    uint32_t digest
    int64_t payload
    uint32_t ip_id
    uint32_t interface
    uint8_t copy

cdef struct Table:
    # An open-addressing table of one of the two kinds of keys: a slot holds the upper half of the hash and
    # 1 + the row. ``words`` are the wide keys, which have a table of their own.
    uint64_t *slots
    uint64_t mask
    Key *keys
    Words *words
    const uint64_t *factors


# -------------------------------------------------------------------------- keys and their rows

cdef inline uint64_t mixed(const Key *key, const uint64_t *factors) noexcept nogil:
    """Multilinear in secret factors: nobody can prepare a capture whose flows share a chain."""
    cdef uint64_t rest = <uint64_t>key.ports << 32 | key.what
    cdef uint64_t total = (key.pair + factors[0]) * factors[6] + (rest + factors[1]) * factors[7]
    total ^= total >> 32
    total *= factors[12]
    return total ^ total >> 29


cdef inline uint64_t mixed_words(const Words *key, const uint64_t *factors) noexcept nogil:
    cdef uint64_t total = (
        (key.hi0 + factors[0]) * factors[6] + (key.lo0 + factors[1]) * factors[7]
        + (key.hi1 + factors[2]) * factors[8] + (key.lo1 + factors[3]) * factors[9]
        + (key.ports + factors[4]) * factors[10] + (key.what + factors[5]) * factors[11]
    )
    total ^= total >> 32
    total *= factors[12]
    return total ^ total >> 29


cdef inline bint same(const Key *one, const Key *other) noexcept nogil:
    return one.pair == other.pair and one.ports == other.ports and one.what == other.what


cdef inline bint same_words(const Words *one, const Words *other) noexcept nogil:
    return (
        one.lo0 == other.lo0 and one.lo1 == other.lo1 and one.ports == other.ports
        and one.hi0 == other.hi0 and one.hi1 == other.hi1 and one.what == other.what
    )


cdef inline uint64_t place(const Table *table, const Key *key, uint64_t mix) noexcept nogil:
    """Where ``key`` is in the slots, or the empty place where it belongs."""
    cdef uint64_t at = mix & table.mask, slot
    while True:
        slot = table.slots[at]
        if not slot or (slot >> 32 == mix >> 32 and same(&table.keys[<uint32_t>slot - 1], key)):
            return at
        at = (at + 1) & table.mask


cdef uint64_t place_words(const Table *table, const Words *key, uint64_t mix) noexcept nogil:
    cdef uint64_t at = mix & table.mask, slot
    while True:
        slot = table.slots[at]
        if not slot or (slot >> 32 == mix >> 32 and same_words(&table.words[<uint32_t>slot - 1], key)):
            return at
        at = (at + 1) & table.mask


cdef inline bint narrow(const Words *words) noexcept nogil:
    """Whether a Key holds all of it."""
    return (
        not words.hi0 and not words.hi1 and not words.lo0 >> 32 and not words.lo1 >> 32
        and words.what >> 8 & 0xFF == 4 and words.what >> 16 < 0x40000000
    )


cdef bint key_of(const Table *wide, int64_t *count, const Words *words, bint add, Key *key) noexcept nogil:
    """The Key of some words; of wide ones that are not known yet only where they may be added."""
    cdef uint64_t mix, at
    if narrow(words):
        key.pair = words.lo0 << 32 | words.lo1
        key.ports = <uint32_t>words.ports
        key.what = <uint32_t>(words.what >> 16 << 1 | words.what & 1)
        return True
    mix = mixed_words(words, wide.factors)
    at = place_words(wide, words, mix)
    if not wide.slots[at]:
        if not add:
            return False
        wide.words[count[0]] = words[0]
        count[0] += 1
        wide.slots[at] = mix >> 32 << 32 | <uint64_t>count[0]
    key.pair = <uint32_t>wide.slots[at] - 1
    key.ports, key.what = 0, WIDE
    return True


cdef inline void words_of(const Key *key, const Words *wide, Words *words) noexcept nogil:
    if key.what & WIDE:
        words[0] = wide[key.pair]
        return
    words.hi0, words.lo0, words.hi1, words.lo1 = 0, key.pair >> 32, 0, <uint32_t>key.pair
    words.ports = key.ports
    words.what = <uint64_t>(key.what >> 1) << 16 | 4 << 8 | key.what & 1


cdef Table tabled(
    uint64_t[::1] slots, Key[::1] keys, Words[::1] words, const uint64_t[::1] factors
) except *:
    cdef Table table
    assert factors.shape[0] == FACTORS and slots.shape[0] & slots.shape[0] - 1 == 0
    table.slots, table.mask, table.factors = &slots[0], slots.shape[0] - 1, &factors[0]
    table.keys = &keys[0] if keys is not None and keys.shape[0] else NULL
    table.words = &words[0] if words is not None and words.shape[0] else NULL
    return table


def rehash(uint64_t[::1] slots, keys, Py_ssize_t count, const uint64_t[::1] factors, bint wide):
    """Fill the empty ``slots``, a power of two of them, with the first ``count`` of ``keys``."""
    cdef Key[::1] narrow_keys = None if wide else keys
    cdef Words[::1] words = keys if wide else None
    cdef Table table = tabled(slots, narrow_keys, words, factors)
    cdef Py_ssize_t row
    cdef uint64_t mix, at
    assert slots.shape[0] >= 2 * count and len(keys) >= count
    with nogil:
        for row in range(count):
            # All of them differ: a place is where nothing is.
            if wide:
                mix = mixed_words(&table.words[row], table.factors)
            else:
                mix = mixed(&table.keys[row], table.factors)
            at = mix & table.mask
            while table.slots[at]:
                at = (at + 1) & table.mask
            table.slots[at] = mix >> 32 << 32 | <uint64_t>(row + 1)


def find(
    uint64_t[::1] slots, Key[::1] keys, Py_ssize_t count, uint64_t[::1] wide_slots, Words[::1] wide,
    int64_t wide_count, const uint64_t[::1] factors, const Words[::1] wanted, int64_t[::1] rows, bint add,
):
    """The row of each of ``wanted`` into ``rows``; new keys are added, or get -1 unless ``add``. Returns the
    number of keys then, and of wide ones; there has to be room."""
    cdef Table table = tabled(slots, keys, None, factors), others = tabled(wide_slots, None, wide, factors)
    cdef Py_ssize_t index, number = wanted.shape[0]
    cdef uint64_t mix, at
    cdef Key key
    assert rows.shape[0] == number
    if add:
        assert min(keys.shape[0], slots.shape[0] // 2) >= count + number
        assert min(wide.shape[0], wide_slots.shape[0] // 2) >= wide_count + number
    for index in range(number):
        rows[index] = -1
        if not key_of(&others, &wide_count, &wanted[index], add, &key):
            continue
        mix = mixed(&key, table.factors)
        at = place(&table, &key, mix)
        if table.slots[at]:
            rows[index] = <int64_t>(<uint32_t>table.slots[at]) - 1
        elif add:
            table.keys[count] = key
            rows[index] = count
            count += 1
            table.slots[at] = mix >> 32 << 32 | <uint64_t>count
    return count, wide_count


def widened(const Key[::1] keys, const Words[::1] wide, Words[::1] words):
    """The words of each key."""
    cdef const Words *others = &wide[0] if wide.shape[0] else NULL
    cdef Py_ssize_t row
    for row in range(keys.shape[0]):
        assert not keys[row].what & WIDE or keys[row].pair < <uint64_t>wide.shape[0]
        words_of(&keys[row], others, &words[row])


# -------------------------------------------------------------------------- heads

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


def merge_heads(
    End[::1] ends, Kept[::1] kept, uint8_t[::1] arena, int64_t[::1] used, int most, const int64_t[::1] slots,
    const Kept[::1] later, Py_ssize_t count, const uint8_t[::1] later_arena,
):
    """Keep the first ``count`` heads of ``later``, whose slots ``slots`` maps to ours. There has to be room."""
    cdef Py_ssize_t index
    cdef int64_t slot
    cdef int kept_all = 1
    with nogil:
        for index in range(count):
            slot = slots[later[index].slot]
            if ends[slot].heads < most:
                kept_all &= keep(
                    &ends[slot], kept, arena, used, slot, later[index].frame, later[index].time,
                    later[index].wire, octets(later_arena, later[index].at, later[index].size),
                    later[index].size,
                )
    assert kept_all


# -------------------------------------------------------------------------- copies

cdef struct Shortly:
    # When a packet is a copy, see analyzer.flowtable.copies.
    int64_t near
    int64_t candidates
    int64_t elsewhere
    int64_t identified
    int64_t unidentified

cdef struct Ring:
    # The latest sights, by the lower bits of their numbers, which count from 1 on and some day begin again.
    # ``latest`` is the number of the latest one with a hash, ``previous`` of each the one before it.
    Sight *sights
    uint32_t *previous
    uint32_t *latest
    uint32_t mask
    uint64_t first
    uint64_t second


cdef Ring ringed(
    Sight[::1] sights, uint32_t[::1] previous, uint32_t[::1] latest, const uint64_t[::1] factors
) except *:
    cdef Ring ring
    assert sights.shape[0] == _SIGHTS and previous.shape[0] == _SIGHTS
    assert latest.shape[0] > 0 and latest.shape[0] & latest.shape[0] - 1 == 0
    ring.sights, ring.previous, ring.latest = &sights[0], &previous[0], &latest[0]
    ring.mask = <uint32_t>(latest.shape[0] - 1)
    ring.first, ring.second = factors[0] | 1, factors[1] | 1
    return ring


cdef inline uint32_t chained(const Ring *ring, const Sight *one, uint32_t number) noexcept nogil:
    """Make a sight the latest of its chain; which one was that before."""
    cdef uint64_t mix = <uint64_t>(one.row * 2 + one.way) * ring.first + one.digest * ring.second
    cdef uint32_t at = <uint32_t>(mix >> 32) & ring.mask, before = ring.latest[at]
    ring.previous[number & _SIGHTS - 1] = before
    ring.latest[at] = number
    return before


cdef inline bint is_copy(
    const Ring *ring, const Sight *one, uint32_t number, uint32_t chain, const Shortly *shortly
) noexcept nogil:
    """Whether one of a chain of sights shows the same packet shortly before."""
    cdef int64_t apart, limit, left = shortly.candidates
    cdef uint32_t age, younger = 0
    cdef const Sight *other
    while chain and left:
        age = number - chain
        if age >= _SIGHTS or age <= younger:
            return False  # another sight has its place by now
        younger = age
        other = &ring.sights[chain & _SIGHTS - 1]
        if one.frame - other.frame > shortly.near:
            return False
        chain = ring.previous[chain & _SIGHTS - 1]
        if (
            other.digest != one.digest or other.row != one.row or other.way != one.way
            or other.payload != one.payload or other.ip_id != one.ip_id
        ):
            continue
        left -= 1
        apart = one.time - other.time
        if apart < 0:
            apart = -apart
        if other.interface != one.interface:
            limit = shortly.elsewhere
        else:
            limit = shortly.identified if one.ip_id else shortly.unidentified
        if apart <= limit:
            return True
    return False


def recall(
    Sight[::1] sights, uint32_t[::1] previous, uint32_t[::1] latest, const uint64_t[::1] factors,
    Py_ssize_t count,
):
    """Chain the first ``count`` sights of a ring, which have the numbers from 1 on."""
    cdef Ring ring = ringed(sights, previous, latest, factors)
    cdef Py_ssize_t number
    assert count < _SIGHTS
    for number in range(1, count + 1):
        chained(&ring, &sights[number], <uint32_t>number)


# -------------------------------------------------------------------------- a batch

cdef bint halted(int64_t[:, ::1] stopped, uint8_t reason, int64_t frame) except -1 nogil:
    if not stopped[0, reason]:
        stopped[1, reason] = frame
    stopped[0, reason] += 1
    return True


def count(
    columns, buffer, Py_ssize_t begin, Py_ssize_t until, Py_ssize_t rows,
    uint64_t[::1] slots, Key[::1] keys, uint64_t[::1] wide_slots, Words[::1] wide,
    const uint64_t[::1] factors, End[::1] ends, Rare[::1] rares, uint8_t[::1] opener,
    Kept[::1] kept, uint8_t[::1] arena, Sight[::1] sights, uint32_t[::1] previous, uint32_t[::1] latest,
    int64_t[::1] used, int64_t[:, ::1] stopped, int64_t[::1] owners, const uint8_t[::1] longer, tuple limits,
):
    """Count the packets from ``begin`` to ``until`` in their flows; ``owners`` gets ``2 * row + way``, -1
    without flow.

    ``used`` counts heads, bytes of the arena, wide keys and sights; of the wide keys there has to be room for
    one a packet. ``stopped`` counts for each reason the frames where decoding stopped, and has the first of
    them. ``longer`` says of UDP ports, then of TCP ports, whether payloads to them have longer heads.
    ``limits`` are the heads of a direction, their bytes, those of longer ones, and what makes a copy, in the
    order of ``Shortly``.

    Returns ``(how far it came, rows, whether fragments were met, whether decoding stopped at any frame)``. It
    stops early where there is no room for another row or head.
    """
    cdef const uint8_t[::1] view = buffer
    cdef const int64_t[::1] frames = columns["frame"], times = columns["time"], wires = columns["wire"]
    cdef const int64_t[::1] payloads = columns["payload"], payload_wires = columns["payload_wire"]
    cdef const int64_t[::1] payloads_captured = columns["payload_captured"]
    cdef const uint8_t[::1] kinds = columns["kind"], reasons = columns["reason"]
    cdef const uint8_t[::1] versions = columns["version"], all_flags = columns["flags"]
    cdef const uint8_t[::1] fragmenteds = columns["fragmented"]
    cdef const uint32_t[::1] transports = columns["transport"], interfaces = columns["interface"]
    cdef const uint32_t[::1] ip_ids = columns["ip_id"], digests = columns["digest"]
    cdef const uint64_t[::1] src_his = columns["src_hi"], src_los = columns["src_lo"]
    cdef const uint64_t[::1] dst_his = columns["dst_hi"], dst_los = columns["dst_lo"]
    cdef const uint16_t[::1] src_ports = columns["src_port"], dst_ports = columns["dst_port"]
    cdef Py_ssize_t total = frames.shape[0]
    if not 0 <= begin <= until <= total or owners.shape[0] < total or not total:
        raise IndexError("packets that are not in the batch")
    for name in (
        "time", "wire", "payload", "payload_wire", "payload_captured", "kind", "reason", "version", "flags",
        "fragmented", "transport", "interface", "ip_id", "digest", "src_hi", "src_lo", "dst_hi", "dst_lo",
        "src_port", "dst_port",
    ):
        if len(columns[name]) != total:
            raise ValueError(f"{name}: not as long as the other columns")
    cdef const int64_t *frame = &frames[0]
    cdef const int64_t *time = &times[0]
    cdef const int64_t *wire = &wires[0]
    cdef const int64_t *payload = &payloads[0]
    cdef const int64_t *payload_wire = &payload_wires[0]
    cdef const int64_t *payload_captured = &payloads_captured[0]
    cdef const uint8_t *kind = &kinds[0]
    cdef const uint8_t *reason = &reasons[0]
    cdef const uint8_t *version = &versions[0]
    cdef const uint8_t *flags = &all_flags[0]
    cdef const uint8_t *fragmented = &fragmenteds[0]
    cdef const uint32_t *transport = &transports[0]
    cdef const uint32_t *interface = &interfaces[0]
    cdef const uint32_t *ip_id = &ip_ids[0]
    cdef const uint32_t *digest = &digests[0]
    cdef const uint64_t *src_hi = &src_his[0]
    cdef const uint64_t *src_lo = &src_los[0]
    cdef const uint64_t *dst_hi = &dst_his[0]
    cdef const uint64_t *dst_lo = &dst_los[0]
    cdef const uint16_t *src_port = &src_ports[0]
    cdef const uint16_t *dst_port = &dst_ports[0]
    cdef int64_t *owner = &owners[0]
    cdef Table table = tabled(slots, keys, None, factors), others = tabled(wide_slots, None, wide, factors)
    cdef Ring ring = ringed(sights, previous, latest, factors)
    cdef Shortly shortly
    cdef int most
    cdef int64_t head_bytes, long_bytes
    (
        most, head_bytes, long_bytes, shortly.near, shortly.candidates, shortly.elsewhere, shortly.identified,
        shortly.unidentified,
    ) = limits
    cdef Py_ssize_t room = min(
        min(min(keys.shape[0], opener.shape[0]), min(ends.shape[0], rares.shape[0]) // 2), slots.shape[0] // 2
    )
    assert rows <= room and room < 0x7FFFFFFF and shortly.near < _SIGHTS
    assert longer.shape[0] == 0x20000 and used.shape[0] == 4
    assert stopped.shape[0] == 2 and stopped.shape[1] == REASONS
    assert min(wide.shape[0], wide_slots.shape[0] // 2) >= used[2] + until - begin
    cdef Py_ssize_t index = begin, ahead = begin, row
    cdef int64_t size = view.shape[0], first, last, slot
    cdef Key[AHEAD] ready
    cdef uint64_t[AHEAD] mixes
    cdef uint8_t[AHEAD] ways
    cdef int64_t[AHEAD] guesses
    cdef Words words
    cdef Key *key
    cdef End *end
    cdef Sight *sight
    cdef uint64_t at, source, target
    cdef uint32_t number
    cdef uint8_t way, seen
    cdef bint fragments = False, stop = False, back, ported

    memset(ready, 0, sizeof(ready))

    with nogil:
        while index < until:
            # Keys are made, and their slots asked for, some packets ahead: a large table is not in the cache.
            while ahead < until and ahead < index + AHEAD:
                ported = kind[ahead] == TRANSPORT
                source = src_port[ahead] if ported else 0
                target = dst_port[ahead] if ported else 0
                back = src_hi[ahead] > dst_hi[ahead] or (
                    src_hi[ahead] == dst_hi[ahead] and (
                        src_lo[ahead] > dst_lo[ahead] or (src_lo[ahead] == dst_lo[ahead] and source > target)
                    )
                )
                key = &ready[ahead % AHEAD]
                ways[ahead % AHEAD] = back
                if back:
                    words.hi0, words.lo0, words.hi1, words.lo1 = (
                        dst_hi[ahead], dst_lo[ahead], src_hi[ahead], src_lo[ahead]
                    )
                    words.ports = target << 16 | source
                else:
                    words.hi0, words.lo0, words.hi1, words.lo1 = (
                        src_hi[ahead], src_lo[ahead], dst_hi[ahead], dst_lo[ahead]
                    )
                    words.ports = source << 16 | target
                words.what = <uint64_t>transport[ahead] << 16 | <uint64_t>version[ahead] << 8 | ported
                if ported or kind[ahead] == IP or kind[ahead] == LINK:
                    key_of(&others, &used[2], &words, True, key)
                mixes[ahead % AHEAD] = mixed(key, table.factors)
                portmatrix_prefetch(&table.slots[mixes[ahead % AHEAD] & table.mask])
                guesses[ahead % AHEAD] = -1
                ahead += 1
            if index + SOON < ahead:
                # The slot is here by now: ask for what it leads to, most likely the right row.
                at = (index + SOON) % AHEAD
                slot = <int64_t>(<uint32_t>table.slots[mixes[at] & table.mask]) - 1
                if slot >= 0:
                    portmatrix_prefetch(&table.keys[slot])
                    guesses[at] = 2 * slot + ways[at]
                    portmatrix_prefetch(&ends[guesses[at]])
            if index + SOONER < ahead:
                slot = guesses[(index + SOONER) % AHEAD]
                if slot >= 0:
                    if payload_captured[index + SOONER] > 0 and ends[slot].heads < most and ends[slot].head:
                        portmatrix_prefetch(&kept[ends[slot].head - 1])
                        first = payload[index + SOONER]
                        if 0 <= first < size:
                            portmatrix_prefetch(&view[first])
                            portmatrix_prefetch(&view[first] + LINE)
                    else:
                        guesses[(index + SOONER) % AHEAD] = -1
            if index + SOONEST < ahead:
                slot = guesses[(index + SOONEST) % AHEAD]
                if slot >= 0:
                    first = kept[ends[slot].head - 1].at
                    if first < used[1]:
                        portmatrix_prefetch(&arena[first])
                        portmatrix_prefetch(&arena[first] + LINE)
                        portmatrix_prefetch(&arena[first] + 2 * LINE)
            if kind[index] != TRANSPORT and kind[index] != IP and kind[index] != LINK:
                if reason[index] or kind[index] == UNDECODED:
                    stop = halted(stopped, reason[index], frame[index])
                fragments = fragments or kind[index] == FRAGMENT
                owner[index] = -1
                index += 1
                continue
            key = &ready[index % AHEAD]
            way = ways[index % AHEAD]
            at = place(&table, key, mixes[index % AHEAD])
            if table.slots[at]:
                row = <Py_ssize_t>(<uint32_t>table.slots[at]) - 1
            else:
                if rows >= room:
                    break
                row = rows
                table.keys[row] = key[0]
                opener[row] = way
                rows += 1
                table.slots[at] = mixes[index % AHEAD] >> 32 << 32 | <uint64_t>rows
            slot = 2 * row + way
            end = &ends[slot]
            if payload_captured[index] > 0 and kind[index] == TRANSPORT and end.heads < most:
                last = head_bytes
                if transport[index] == UDP and longer[dst_port[index]]:
                    last = long_bytes
                elif transport[index] == TCP and longer[0x10000 + <Py_ssize_t>dst_port[index]]:
                    last = long_bytes
                first = min(max(payload[index], <int64_t>0), size)
                last = min(first + min(last, payload_captured[index]), size)
                if not keep(
                    end, kept, arena, used, slot, frame[index], time[index], payload_wire[index],
                    octets(view, first, last - first), <int32_t>(last - first),
                ):
                    break
            if reason[index]:
                stop = halted(stopped, reason[index], frame[index])
            fragments = fragments or fragmented[index] != 0
            owner[index] = slot
            if end.packets == 0:
                end.first_frame = frame[index]
                end.first_time = time[index]
                end.last_time = time[index]
            else:
                end.first_time = min(end.first_time, time[index])
                end.last_time = max(end.last_time, time[index])
            end.last_frame = frame[index]
            end.packets += 1
            end.bytes += wire[index]
            end.payload += payload_wire[index]
            if transport[index] == TCP:
                seen = flags[index]
                end.flags |= seen
                if seen & (SYN | RST):
                    if seen & SYN:
                        if seen & ACK:
                            rares[slot].synack += 1
                        else:
                            rares[slot].syn += 1
                    if seen & RST:
                        rares[slot].rst += 1
            elif transport[index] == UDP:
                end.flags |= <uint8_t>(TO_ALL if flags[index] & TO_ALL else NOT_TO_ALL)
            elif transport[index] == ARP and flags[index] < 8:
                end.flags |= <uint8_t>(1 << flags[index])
            if digest[index]:
                used[3] += 1
                if not <uint32_t>used[3]:
                    used[3] += 1  # 0 is no number
                number = <uint32_t>used[3]
                sight = &ring.sights[number & _SIGHTS - 1]
                sight.frame = frame[index]
                sight.time = time[index]
                sight.row = row
                sight.way = way
                sight.digest = digest[index]
                sight.payload = payload_wire[index]
                sight.ip_id = ip_id[index]
                sight.interface = interface[index]
                sight.copy = is_copy(&ring, sight, number, chained(&ring, sight, number), &shortly)
                if sight.copy:
                    rares[slot].duplicates += 1
            index += 1
    return index, rows, fragments, stop


# -------------------------------------------------------------------------- FLOWS

def sides(const Key[::1] keys, const Words[::1] wide, const uint8_t[::1] opener, columns):
    """Fill the columns of FLOWS, all zero, that tell the ends of each flow: A sent its first packet."""
    cdef uint8_t[::1] version = columns["version"]
    cdef uint32_t[::1] transport = columns["transport"]
    cdef uint64_t[::1] a_hi = columns["a_hi"], a_lo = columns["a_lo"]
    cdef uint64_t[::1] b_hi = columns["b_hi"], b_lo = columns["b_lo"]
    cdef uint16_t[::1] a_port = columns["a_port"], b_port = columns["b_port"]
    cdef const Words *others = &wide[0] if wide.shape[0] else NULL
    cdef Py_ssize_t row
    cdef Words words
    with nogil:
        for row in range(keys.shape[0]):
            assert not keys[row].what & WIDE or keys[row].pair < <uint64_t>wide.shape[0]
            words_of(&keys[row], others, &words)
            version[row] = <uint8_t>(words.what >> 8)
            transport[row] = <uint32_t>(words.what >> 16)
            if opener[row]:
                words.hi0, words.hi1 = words.hi1, words.hi0
                words.lo0, words.lo1 = words.lo1, words.lo0
                words.ports = words.ports >> 16 | (words.ports & 0xFFFF) << 16
            # What is zero is not written: memory that nobody wrote to takes no room.
            if words.hi0 | words.hi1:
                a_hi[row], b_hi[row] = words.hi0, words.hi1
            a_lo[row], b_lo[row] = words.lo0, words.lo1
            a_port[row], b_port[row] = <uint16_t>(words.ports >> 16), <uint16_t>words.ports


def directions(
    const End[::1] ends, const Rare[::1] rares, const uint8_t[::1] opener, Py_ssize_t begin, Py_ssize_t until,
    columns,
):
    """Fill the rows from ``begin`` to ``until`` of the columns of FLOWS, all zero, that there are of each
    direction."""
    cdef int64_t[::1] view
    cdef (int64_t *)[22] to
    cdef uint8_t[::1] flags_ab = columns["flags_ab"], flags_ba = columns["flags_ba"]
    cdef (uint8_t *)[2] flags
    cdef int64_t **out
    cdef Py_ssize_t row, way
    cdef const End *end
    cdef const Rare *rare
    if not 0 <= begin < until <= min(flags_ab.shape[0], flags_ba.shape[0]):
        raise IndexError("rows that are not in the table")
    if min(ends.shape[0], rares.shape[0]) < 2 * until or opener.shape[0] < until:
        raise IndexError("rows that are not in the records")
    flags[0], flags[1] = &flags_ab[0], &flags_ba[0]
    row = 0
    for name in ("ab", "ba"):
        for field in (
            "packets", "bytes", "payload", "first_frame", "last_frame", "first_time", "last_time",
            "duplicates", "syn", "synack", "rst",
        ):
            view = columns[f"{field}_{name}"]
            if view.shape[0] < until:
                raise IndexError("columns of unequal length")
            to[row] = &view[0]
            row += 1
    with nogil:
        for row in range(begin, until):
            for way in range(2):
                end = &ends[2 * row + (opener[row] ^ way)]
                if not end.packets:
                    continue
                # As in sides: zeros are not written where a column often has nothing else.
                rare = &rares[2 * row + (opener[row] ^ way)]
                out = &to[11 * way]
                out[0][row] = end.packets
                out[1][row] = end.bytes
                if end.payload:
                    out[2][row] = end.payload
                out[3][row] = end.first_frame
                out[4][row] = end.last_frame
                out[5][row] = end.first_time
                out[6][row] = end.last_time
                if rare.duplicates:
                    out[7][row] = rare.duplicates
                if rare.syn:
                    out[8][row] = rare.syn
                if rare.synack:
                    out[9][row] = rare.synack
                if rare.rst:
                    out[10][row] = rare.rst
                flags[way][row] = end.flags


# -------------------------------------------------------- copies among packets looked at one by one

cdef struct Seen:
    int64_t time
    int64_t wire
    uint32_t digest
    uint32_t ip_id
    uint32_t interface

cdef enum:
    # Numbers of analyzer.flowtable.copies; a test compares them.
    RECENT = 8192
    ELSEWHERE = 50_000_000
    IDENTIFIED = 20_000_000
    UNIDENTIFIED = 1_000_000

    PLACES = 2 * RECENT

NUMBERS.update(
    RECENT=RECENT, DUPLICATE_ELSEWHERE=ELSEWHERE, DUPLICATE_IDENTIFIED=IDENTIFIED,
    DUPLICATE_UNIDENTIFIED=UNIDENTIFIED,
)


cdef class Recent:
    """As ``copies.Plain``, which is the reference: packets in the order in which they were first seen, and
    where each is by a hash with secret factors."""

    cdef Seen seen[RECENT]
    cdef uint16_t places[PLACES]  # 1 + the place in seen, 0 of none
    cdef uint64_t factors[3]
    cdef int count

    def __cinit__(self):
        cdef int at
        for at in range(3):
            self.factors[at] = int.from_bytes(os.urandom(8), "little") | 1
        self.count = 0
        memset(self.places, 0, sizeof(self.places))

    def __getstate__(self):
        return (<char *> self.seen)[: self.count * sizeof(Seen)]

    def __setstate__(self, bytes state):
        cdef int at
        self.count = min(<int> (len(state) // sizeof(Seen)), <int> RECENT)
        memcpy(self.seen, <const char *> state, self.count * sizeof(Seen))
        self._place()

    cdef int _find(self, uint32_t digest, int64_t wire, uint32_t ip_id) noexcept:
        """Which of ``places`` is the packet's, or the empty one where it belongs."""
        cdef Seen *one
        cdef uint64_t mix = digest * self.factors[0] + <uint64_t> wire * self.factors[1]
        mix += ip_id * self.factors[2]
        mix ^= mix >> 32
        while True:
            mix &= PLACES - 1
            if not self.places[mix]:
                return <int> mix
            one = &self.seen[self.places[mix] - 1]
            if one.digest == digest and one.wire == wire and one.ip_id == ip_id:
                return <int> mix
            mix += 1

    cdef void _place(self) noexcept:
        cdef int at
        memset(self.places, 0, sizeof(self.places))
        for at in range(self.count):
            self.places[self._find(self.seen[at].digest, self.seen[at].wire, self.seen[at].ip_id)] = at + 1

    cdef bint _is_copy(
        self, uint32_t digest, int64_t wire, uint32_t ip_id, int64_t time, uint32_t interface
    ) noexcept:
        cdef int place = self._find(digest, wire, ip_id)
        cdef Seen *one
        cdef uint64_t apart, limit
        if self.places[place]:
            one = &self.seen[self.places[place] - 1]
            # As numbers without sign the difference of whatever times is right.
            apart = <uint64_t> time - <uint64_t> one.time
            if time < one.time:
                apart = 0 - apart
            if one.interface != interface:
                limit = ELSEWHERE
            else:
                limit = IDENTIFIED if ip_id else UNIDENTIFIED
            if apart <= limit:
                return True
        if self.count >= RECENT:
            self.count -= RECENT // 2
            memmove(self.seen, &self.seen[RECENT // 2], self.count * sizeof(Seen))
            self._place()
            place = self._find(digest, wire, ip_id)
        if not self.places[place]:
            one = &self.seen[self.count]
            one.digest, one.wire, one.ip_id = digest, wire, ip_id
            self.count += 1
            self.places[place] = self.count
        one = &self.seen[self.places[place] - 1]
        one.time, one.interface = time, interface
        return False

    def is_copy(self, uint32_t digest, int64_t wire, uint32_t ip_id, int64_t time, uint32_t interface):
        """Whether the packet is a copy of one asked about before; the arguments are columns of PACKETS."""
        return self._is_copy(digest, wire, ip_id, time, interface)

    def copies(self, dict columns, const int64_t[::1] rows):
        """Whether each packet in ``rows``, in order, is a copy: its payload's length is the one announced."""
        cdef const uint32_t[::1] digest = columns["digest"], ip_id = columns["ip_id"]
        cdef const uint32_t[::1] interface = columns["interface"]
        cdef const int64_t[::1] wire = columns["payload_wire"], time = columns["time"]
        cdef int64_t at, row
        found = bytearray(len(rows))
        cdef uint8_t[::1] told = found
        for at in range(len(rows)):
            row = rows[at]
            told[at] = self._is_copy(digest[row], wire[row], ip_id[row], time[row], interface[row])
        return found
