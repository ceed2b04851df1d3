# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled aggregation: one pass over a batch of PACKETS into an open-addressing table.

``compiled.CompiledTable`` owns all arrays and makes them grow; the functions here stop where one is full and
say how far they came. Every access goes through a bounds-checked view; bytes of payloads are compared and
copied after both ends of their ranges were checked.
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

    AHEAD = 16  # packets between the making of a key and its look-up
    SOON = 8
    FACTORS = 13

NUMBERS = {
    "TRANSPORT": TRANSPORT, "IP": IP, "FRAGMENT": FRAGMENT, "LINK": LINK, "TCP": TCP, "UDP": UDP, "ARP": ARP,
    "SYN": SYN, "RST": RST, "ACK": ACK, "TO_ALL": TO_ALL, "NOT_TO_ALL": NOT_TO_ALL,
}

cdef struct Key:
    uint64_t hi0
    uint64_t lo0
    uint64_t hi1
    uint64_t lo1
    uint64_t ports  # port0 << 16 | port1
    uint64_t what  # transport << 16 | version << 8 | ported

cdef struct End:
    int64_t packets
    int64_t bytes
    int64_t payload
    int64_t duplicates
    int64_t syn
    int64_t synack
    int64_t rst
    int64_t first_frame
    int64_t last_frame
    int64_t first_time
    int64_t last_time
    int32_t head  # 1 + place of the first head, 0 without one
    uint8_t heads
    uint8_t flags

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


cdef inline uint64_t mixed(const Key *key, const uint64_t *factors) noexcept nogil:
    """Multilinear in secret factors: nobody can prepare a capture whose flows share a chain."""
    cdef uint64_t total = (
        (key.hi0 + factors[0]) * factors[6] + (key.lo0 + factors[1]) * factors[7]
        + (key.hi1 + factors[2]) * factors[8] + (key.lo1 + factors[3]) * factors[9]
        + (key.ports + factors[4]) * factors[10] + (key.what + factors[5]) * factors[11]
    )
    total ^= total >> 32
    total *= factors[12]
    return total ^ total >> 29


cdef inline bint same(const Key *one, const Key *other) noexcept nogil:
    return (
        one.lo0 == other.lo0 and one.lo1 == other.lo1 and one.ports == other.ports
        and one.hi0 == other.hi0 and one.hi1 == other.hi1 and one.what == other.what
    )


cdef inline Py_ssize_t place(
    uint64_t[::1] slots, Key[::1] keys, const Key *key, uint64_t mix
) except -1 nogil:
    """Where ``key`` is in ``slots``, or the empty place where it belongs. A slot holds the upper half of the
    hash and 1 + the row."""
    cdef uint64_t mask = slots.shape[0] - 1, slot
    cdef Py_ssize_t at = mix & mask
    while True:
        slot = slots[at]
        if not slot:
            return at
        if slot >> 32 == mix >> 32 and same(&keys[<Py_ssize_t>(<uint32_t>slot) - 1], key):
            return at
        at = (at + 1) & mask


def rehash(uint64_t[::1] slots, Key[::1] keys, Py_ssize_t count, const uint64_t[::1] factors):
    """Fill the empty ``slots``, a power of two of them, with the first ``count`` of ``keys``."""
    cdef Py_ssize_t row, at
    cdef uint64_t mix
    cdef const uint64_t *factor = &factors[0]
    assert factors.shape[0] == FACTORS and slots.shape[0] >= 2 * count
    with nogil:
        for row in range(count):
            mix = mixed(&keys[row], factor)
            at = place(slots, keys, &keys[row], mix)
            slots[at] = mix >> 32 << 32 | <uint64_t>(row + 1)


def find(
    uint64_t[::1] slots, Key[::1] keys, Py_ssize_t count, const uint64_t[::1] factors, Key[::1] wanted,
    int64_t[::1] rows, bint add,
):
    """The row of each of ``wanted`` into ``rows``; new keys are added, or get -1 unless ``add``. Returns the
    number of keys then; there has to be room."""
    cdef Py_ssize_t index, at
    cdef uint64_t mix
    cdef const uint64_t *factor = &factors[0]
    assert factors.shape[0] == FACTORS
    with nogil:
        for index in range(wanted.shape[0]):
            mix = mixed(&wanted[index], factor)
            at = place(slots, keys, &wanted[index], mix)
            if slots[at]:
                rows[index] = <int64_t>(<uint32_t>slots[at]) - 1
            elif add:
                keys[count] = wanted[index]
                rows[index] = count
                count += 1
                slots[at] = mix >> 32 << 32 | <uint64_t>count
            else:
                rows[index] = -1
    return count


cdef inline const uint8_t *octets(const uint8_t[::1] view, Py_ssize_t at, Py_ssize_t size) except? NULL nogil:
    """Where the ``size`` bytes at ``at`` are, both ends checked; NULL for no bytes."""
    if size <= 0:
        return NULL
    return &view[at + size - 1] - (&view[at + size - 1] - &view[at])


cdef inline int keep(
    End[::1] ends, Kept[::1] kept, uint8_t[::1] arena, int64_t[::1] used, int64_t slot,
    int64_t frame, int64_t time, int64_t wire, const uint8_t *data, int32_t size,
) except -1 nogil:
    """Keep a payload's head unless ``slot`` has an equal one. 0 where there is no room. ``used`` counts
    the heads and the bytes of the arena."""
    cdef int32_t at = ends[slot].head, last = 0
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
        ends[slot].head = <int32_t>used[0]
    ends[slot].heads += 1
    return 1


def count(
    columns, buffer, Py_ssize_t begin, Py_ssize_t rows, uint64_t[::1] slots, Key[::1] keys,
    const uint64_t[::1] factors, End[::1] ends, uint8_t[::1] opener, Kept[::1] kept, uint8_t[::1] arena,
    int64_t[::1] used, int64_t[::1] owners, int most, int64_t head_bytes, int64_t long_bytes,
    const uint8_t[::1] longer,
):
    """Count the packets from ``begin`` on in their flows; ``owners`` gets ``2 * row + way``, -1 without flow.

    ``longer`` says of UDP ports, then of TCP ports, whether payloads to them have longer heads.
    Returns ``(how far it came, rows, whether fragments were met)``. It stops early where there is no room for
    another row or head.
    """
    cdef const uint8_t[::1] view = buffer
    cdef const int64_t[::1] frame = columns["frame"]
    cdef const int64_t[::1] time = columns["time"]
    cdef const int64_t[::1] wire = columns["wire"]
    cdef const uint8_t[::1] kind = columns["kind"]
    cdef const uint8_t[::1] version = columns["version"]
    cdef const uint32_t[::1] transport = columns["transport"]
    cdef const uint64_t[::1] src_hi = columns["src_hi"]
    cdef const uint64_t[::1] src_lo = columns["src_lo"]
    cdef const uint64_t[::1] dst_hi = columns["dst_hi"]
    cdef const uint64_t[::1] dst_lo = columns["dst_lo"]
    cdef const uint16_t[::1] src_ports = columns["src_port"]
    cdef const uint16_t[::1] dst_ports = columns["dst_port"]
    cdef const uint8_t[::1] flags = columns["flags"]
    cdef const uint8_t[::1] fragmented = columns["fragmented"]
    cdef const int64_t[::1] payload = columns["payload"]
    cdef const int64_t[::1] payload_wire = columns["payload_wire"]
    cdef const int64_t[::1] payload_captured = columns["payload_captured"]
    cdef Py_ssize_t total = frame.shape[0], index = begin, ahead = begin, at, row
    cdef int64_t size = view.shape[0]
    cdef Py_ssize_t room = min(
        min(keys.shape[0], opener.shape[0]), min(ends.shape[0] // 2, slots.shape[0] // 2)
    )
    cdef Key[AHEAD] ready
    cdef uint64_t[AHEAD] mixes
    cdef uint8_t[AHEAD] ways
    cdef Key *key
    cdef End *end
    cdef uint64_t mask = slots.shape[0] - 1, ported, src_port, dst_port
    cdef const uint64_t *factor = &factors[0]
    cdef uint8_t way, seen
    cdef int64_t first, last
    cdef bint fragments = False, back
    assert factors.shape[0] == FACTORS

    with nogil:
        while index < total:
            # Keys are made, and their slots asked for, some packets ahead: a large table is not in the cache.
            while ahead < total and ahead < index + AHEAD:
                ported = kind[ahead] == TRANSPORT
                src_port = src_ports[ahead] if ported else 0
                dst_port = dst_ports[ahead] if ported else 0
                back = src_hi[ahead] > dst_hi[ahead] or (
                    src_hi[ahead] == dst_hi[ahead] and (
                        src_lo[ahead] > dst_lo[ahead] or (src_lo[ahead] == dst_lo[ahead] and src_port > dst_port)
                    )
                )
                key = &ready[ahead % AHEAD]
                ways[ahead % AHEAD] = back
                key.what = <uint64_t>transport[ahead] << 16 | <uint64_t>version[ahead] << 8 | ported
                if back:
                    key.hi0 = dst_hi[ahead]
                    key.lo0 = dst_lo[ahead]
                    key.hi1 = src_hi[ahead]
                    key.lo1 = src_lo[ahead]
                    key.ports = dst_port << 16 | src_port
                else:
                    key.hi0 = src_hi[ahead]
                    key.lo0 = src_lo[ahead]
                    key.hi1 = dst_hi[ahead]
                    key.lo1 = dst_lo[ahead]
                    key.ports = src_port << 16 | dst_port
                mixes[ahead % AHEAD] = mixed(key, factor)
                portmatrix_prefetch(&slots[<Py_ssize_t>(mixes[ahead % AHEAD] & mask)])
                ahead += 1
            if index + SOON < ahead:
                # The slot is here by now: ask for what it leads to, most likely the right row.
                row = <Py_ssize_t>(<uint32_t>slots[<Py_ssize_t>(mixes[(index + SOON) % AHEAD] & mask)]) - 1
                if row >= 0:
                    portmatrix_prefetch(&keys[row])
                    end = &ends[2 * row + ways[(index + SOON) % AHEAD]]
                    portmatrix_prefetch(end)
                    portmatrix_prefetch(&end.last_frame)
            if kind[index] != TRANSPORT and kind[index] != IP and kind[index] != LINK:
                fragments = fragments or kind[index] == FRAGMENT
                owners[index] = -1
                index += 1
                continue
            fragments = fragments or fragmented[index] != 0
            key = &ready[index % AHEAD]
            way = ways[index % AHEAD]
            at = place(slots, keys, key, mixes[index % AHEAD])
            if slots[at]:
                row = <Py_ssize_t>(<uint32_t>slots[at]) - 1
            else:
                if rows >= room:
                    break
                row = rows
                keys[row] = key[0]
                opener[row] = way
                rows += 1
                slots[at] = mixes[index % AHEAD] >> 32 << 32 | <uint64_t>rows
            end = &ends[2 * row + way]
            if payload_captured[index] > 0 and kind[index] == TRANSPORT and end.heads < most:
                last = head_bytes
                if transport[index] == UDP and longer[dst_ports[index]]:
                    last = long_bytes
                elif transport[index] == TCP and longer[0x10000 + <Py_ssize_t>dst_ports[index]]:
                    last = long_bytes
                first = min(max(payload[index], <int64_t>0), size)
                last = min(first + min(last, payload_captured[index]), size)
                if not keep(
                    ends, kept, arena, used, 2 * row + way, frame[index], time[index], payload_wire[index],
                    octets(view, first, last - first), <int32_t>(last - first),
                ):
                    break
            owners[index] = 2 * row + way
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
                if seen & SYN:
                    if seen & ACK:
                        end.synack += 1
                    else:
                        end.syn += 1
                if seen & RST:
                    end.rst += 1
            elif transport[index] == UDP:
                end.flags |= <uint8_t>(TO_ALL if flags[index] & TO_ALL else NOT_TO_ALL)
            elif transport[index] == ARP and flags[index] < 8:
                end.flags |= <uint8_t>(1 << flags[index])
            index += 1
    return index, rows, fragments


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
                    ends, kept, arena, used, slot, later[index].frame, later[index].time, later[index].wire,
                    octets(later_arena, later[index].at, later[index].size), later[index].size,
                )
    assert kept_all


def copies(
    columns, const int64_t[::1] owners, Sight[::1] sights, Py_ssize_t before, End[::1] ends,
    int32_t[::1] latest, int32_t[::1] previous, const uint64_t[::1] factors, int64_t near, int candidates,
    int64_t elsewhere, int64_t identified, int64_t unidentified,
):
    """Append the packets that may have copies to ``sights``, which holds ``before`` of earlier batches; count
    those that are copies. Returns how many sights there are then.

    ``latest`` (a power of two, all -1) and ``previous`` (as long as ``sights``) are scratch: chains of sights
    with one hash, the latest first.
    """
    cdef const int64_t[::1] frame = columns["frame"]
    cdef const int64_t[::1] time = columns["time"]
    cdef const uint32_t[::1] interface = columns["interface"]
    cdef const uint32_t[::1] digest = columns["digest"]
    cdef const uint32_t[::1] ip_id = columns["ip_id"]
    cdef const int64_t[::1] payload = columns["payload_wire"]
    cdef Py_ssize_t index, total = before, chain, at
    cdef uint64_t mask = latest.shape[0] - 1
    cdef int left
    cdef int64_t apart, limit
    cdef Sight *one
    cdef Sight *other
    cdef uint64_t first = factors[0] | 1, second = factors[1] | 1
    with nogil:
        for index in range(before):
            one = &sights[index]
            at = ((<uint64_t>(one.row * 2 + one.way) * first + one.digest * second) >> 32) & mask
            previous[index] = latest[at]
            latest[at] = <int32_t>index
        for index in range(owners.shape[0]):
            if owners[index] < 0 or not digest[index]:
                continue
            one = &sights[total]
            one.frame = frame[index]
            one.time = time[index]
            one.row = owners[index] >> 1
            one.way = owners[index] & 1
            one.digest = digest[index]
            one.payload = payload[index]
            one.ip_id = ip_id[index]
            one.interface = interface[index]
            one.copy = 0
            at = ((<uint64_t>owners[index] * first + one.digest * second) >> 32) & mask
            chain = latest[at]
            previous[total] = <int32_t>chain
            latest[at] = <int32_t>total
            total += 1
            left = candidates
            while chain >= 0 and left:
                other = &sights[chain]
                if one.frame - other.frame > near:
                    break
                chain = previous[chain]
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
                    limit = elsewhere
                else:
                    limit = identified if one.ip_id else unidentified
                if apart <= limit:
                    one.copy = 1
                    ends[owners[index]].duplicates += 1
                    break
    return total


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
