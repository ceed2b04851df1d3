# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled aggregation: one pass over a batch of PACKETS into an open-addressing table.

``compiled.CompiledTable`` owns all arrays and makes them grow; the functions here stop where one is full and
say how far they came. That columns are as long as each other, and arrays as long as they have to be, is
checked before a loop goes over them; bytes of payloads are compared and copied after both ends of their
ranges were checked. What is done with one packet is told in the ``.pxd`` files beside, by what it is done to.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from analyzer.flowtable cimport recent
from analyzer.flowtable.batch cimport Packets, packets_of
from analyzer.flowtable.ends cimport (
    ACK, ARP, DUPLICATES, NOT_TO_ALL, RST, RSTS, SYN, SYNACKS, SYNS, TCP, TO_ALL, UDP, End, Rare, counted, in_all,
    one_more,
)
from analyzer.flowtable.heads cimport Kept, keep, octets
from analyzer.flowtable.index cimport (
    WIDE, Key, Table, Words, arranged, key_of, mixed, mixed_words, place, tabled, words_of,
)
from analyzer.flowtable.sights cimport SIGHTS, Ring, Shortly, Sight, chained, is_copy, ringed
from analyzer.octets cimport soon

import os

cdef enum:
    # Numbers of analyzer.tables; a test compares them.
    UNDECODED = 0
    TRANSPORT = 1
    IP = 2
    FRAGMENT = 3
    LINK = 4

    # Packets between the making of a key and its look-up, and how far ahead of it other memory is asked for.
    AHEAD = 32
    SOON = 20  # the slot is here: its row
    SOONER = 12  # the row is here: its first head
    SOONEST = 5  # the head is here: its bytes
    REASONS = 256
    LINE = 64

RING = SIGHTS
NUMBERS = {
    "UNDECODED": UNDECODED, "TRANSPORT": TRANSPORT, "IP": IP, "FRAGMENT": FRAGMENT, "LINK": LINK, "TCP": TCP,
    "UDP": UDP, "ARP": ARP, "SYN": SYN, "RST": RST, "ACK": ACK, "TO_ALL": TO_ALL, "NOT_TO_ALL": NOT_TO_ALL,
    "RECENT": recent.RECENT, "DUPLICATE_ELSEWHERE": recent.ELSEWHERE,
    "DUPLICATE_IDENTIFIED": recent.IDENTIFIED, "DUPLICATE_UNIDENTIFIED": recent.UNIDENTIFIED,
}


# -------------------------------------------------------------------------- keys and their rows

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


# -------------------------------------------------------------------------- heads and sights

def merge_heads(
    End[::1] ends, Kept[::1] kept, uint8_t[::1] arena, int64_t[::1] used, int most, const int64_t[::1] slots,
    const Kept[::1] later, Py_ssize_t count, const uint8_t[::1] later_arena,
):
    """Keep the first ``count`` heads of ``later``; ``slots`` maps its slots to ours. There has to be room."""
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


def recall(
    Sight[::1] sights, uint64_t[::1] previous, uint64_t[::1] latest, const uint64_t[::1] factors,
    Py_ssize_t count,
):
    """Chain the first ``count`` sights of a ring, which have the numbers from 1 on."""
    cdef Ring ring = ringed(sights, previous, latest, factors)
    cdef Py_ssize_t number
    assert count < SIGHTS
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
    Kept[::1] kept, uint8_t[::1] arena, Sight[::1] sights, uint64_t[::1] previous, uint64_t[::1] latest,
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
    cdef Packets of = packets_of(columns)
    if not 0 <= begin <= until <= of.total or owners.shape[0] < of.total:
        raise IndexError("packets that are not in the batch")
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
    assert rows <= room and room < 0x7FFFFFFF and shortly.near < SIGHTS
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
    cdef Rare *rare
    cdef Sight *sight
    cdef uint64_t at, source, target
    cdef uint32_t number
    cdef uint8_t way
    cdef bint fragments = False, stop = False, ported

    memset(ready, 0, sizeof(ready))

    with nogil:
        while index < until:
            # Keys are made, and their slots asked for, some packets ahead: a large table is not in the cache.
            while ahead < until and ahead < index + AHEAD:
                ported = of.kind[ahead] == TRANSPORT
                source = of.src_port[ahead] if ported else 0
                target = of.dst_port[ahead] if ported else 0
                key = &ready[ahead % AHEAD]
                ways[ahead % AHEAD] = arranged(
                    of.src_hi[ahead], of.src_lo[ahead], source, of.dst_hi[ahead], of.dst_lo[ahead], target,
                    <uint64_t>of.transport[ahead] << 16 | <uint64_t>of.version[ahead] << 8 | ported, &words,
                )
                if ported or of.kind[ahead] == IP or of.kind[ahead] == LINK:
                    key_of(&others, &used[2], &words, True, key)
                mixes[ahead % AHEAD] = mixed(key, table.factors)
                soon(<const uint8_t *>&table.slots[mixes[ahead % AHEAD] & table.mask])
                guesses[ahead % AHEAD] = -1
                ahead += 1
            if index + SOON < ahead:
                # The slot is here by now: ask for what it leads to, most likely the right row.
                at = (index + SOON) % AHEAD
                slot = <int64_t>(<uint32_t>table.slots[mixes[at] & table.mask]) - 1
                if slot >= 0:
                    soon(<const uint8_t *>&table.keys[slot])
                    guesses[at] = 2 * slot + ways[at]
                    soon(<const uint8_t *>&ends[guesses[at]])
            if index + SOONER < ahead:
                slot = guesses[(index + SOONER) % AHEAD]
                if slot >= 0:
                    if of.payload_captured[index + SOONER] > 0 and ends[slot].heads < most and ends[slot].head:
                        soon(<const uint8_t *>&kept[ends[slot].head - 1])
                        first = of.payload[index + SOONER]
                        if 0 <= first < size:
                            soon(&view[first])
                            soon(&view[first] + LINE)
                    else:
                        guesses[(index + SOONER) % AHEAD] = -1
            if index + SOONEST < ahead:
                slot = guesses[(index + SOONEST) % AHEAD]
                if slot >= 0:
                    first = kept[ends[slot].head - 1].at
                    if first < used[1]:
                        soon(&arena[first])
                        soon(&arena[first] + LINE)
                        soon(&arena[first] + 2 * LINE)
            if of.kind[index] != TRANSPORT and of.kind[index] != IP and of.kind[index] != LINK:
                if of.reason[index] or of.kind[index] == UNDECODED:
                    stop = halted(stopped, of.reason[index], of.frame[index])
                fragments = fragments or of.kind[index] == FRAGMENT
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
            if of.payload_captured[index] > 0 and of.kind[index] == TRANSPORT and end.heads < most:
                last = head_bytes
                if of.transport[index] == UDP and longer[of.dst_port[index]]:
                    last = long_bytes
                elif of.transport[index] == TCP and longer[0x10000 + <Py_ssize_t>of.dst_port[index]]:
                    last = long_bytes
                first = min(max(of.payload[index], <int64_t>0), size)
                last = min(first + min(last, of.payload_captured[index]), size)
                if not keep(
                    end, kept, arena, used, slot, of.frame[index], of.time[index], of.payload_wire[index],
                    octets(view, first, last - first), <int32_t>(last - first),
                ):
                    break
            if of.reason[index]:
                stop = halted(stopped, of.reason[index], of.frame[index])
            fragments = fragments or of.fragmented[index] != 0
            owner[index] = slot
            rare = &rares[slot]
            counted(
                end, rare, of.frame[index], of.time[index], of.wire[index], of.payload_wire[index],
                of.transport[index], of.flags[index],
            )
            if of.digest[index]:
                used[3] += 1
                if not <uint32_t>used[3]:
                    used[3] += 1  # 0 is no number
                number = <uint32_t>used[3]
                sight = &ring.sights[number & SIGHTS - 1]
                sight.frame = of.frame[index]
                sight.time = of.time[index]
                sight.row = row
                sight.way = way
                sight.digest = of.digest[index]
                sight.payload = of.payload_wire[index]
                sight.ip_id = of.ip_id[index]
                sight.interface = of.interface[index]
                sight.copy = is_copy(&ring, sight, chained(&ring, sight, number), &shortly)
                if sight.copy:
                    one_more(end, &rare.duplicates, DUPLICATES)
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


def settle(End[::1] ends, Rare[::1] rares):
    """Count in ``rares`` all that ends count themselves."""
    cdef Py_ssize_t slot
    assert ends.shape[0] <= rares.shape[0]
    with nogil:
        for slot in range(ends.shape[0]):
            if ends[slot].few:
                rares[slot].duplicates += ends[slot].few >> DUPLICATES & 7
                rares[slot].syn += ends[slot].few >> SYNS & 7
                rares[slot].synack += ends[slot].few >> SYNACKS & 7
                rares[slot].rst += ends[slot].few >> RSTS & 7
                ends[slot].few = 0


def directions(
    const End[::1] ends, const Rare[::1] rares, bint always, const uint8_t[::1] opener, Py_ssize_t begin,
    Py_ssize_t until, columns,
):
    """Fill the rows from ``begin`` to ``until`` of the columns of FLOWS, all zero, that there are of each
    direction. ``always``: whatever ends know of it, ``rares`` have counts."""
    cdef int64_t[::1] view
    cdef (int64_t *)[22] to
    cdef uint8_t[::1] flags_ab = columns["flags_ab"], flags_ba = columns["flags_ba"]
    cdef (uint8_t *)[2] flags
    cdef int64_t **out
    cdef Py_ssize_t row, way
    cdef int place
    cdef int64_t number
    cdef const End *end
    cdef const int64_t *counts
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
                counts = &rares[2 * row + (opener[row] ^ way)].duplicates  # and those that follow
                out = &to[11 * way]
                out[0][row] = end.packets
                out[1][row] = end.bytes
                if end.payload:
                    out[2][row] = end.payload
                out[3][row] = end.first_frame
                out[4][row] = end.last_frame
                out[5][row] = end.first_time
                out[6][row] = end.last_time
                if end.few or always:
                    for place in range(4):
                        number = in_all(end, &counts[place], 4 * place, always)
                        if number:
                            out[7 + place][row] = number
                flags[way][row] = end.flags


# -------------------------------------------------------------------------- packets looked at one by one

cdef class Recent:
    """As ``copies.Plain``, which is the reference."""

    cdef recent.Memory memory

    def __cinit__(self):
        cdef int at
        for at in range(3):
            self.memory.factors[at] = int.from_bytes(os.urandom(8), "little") | 1
        self.memory.count = 0
        memset(self.memory.places, 0, sizeof(self.memory.places))

    def __getstate__(self):
        return (<char *> self.memory.seen)[: self.memory.count * sizeof(recent.Seen)]

    def __setstate__(self, bytes state):
        cdef Py_ssize_t count = len(state) // sizeof(recent.Seen)
        self.memory.count = <int> min(count, <Py_ssize_t> recent.RECENT)
        memcpy(self.memory.seen, <const char *> state, self.memory.count * sizeof(recent.Seen))
        recent.arrange(&self.memory)

    def is_copy(self, uint32_t digest, int64_t wire, uint32_t ip_id, int64_t time, uint32_t interface):
        """Whether the packet is a copy of one asked about before; the arguments are columns of PACKETS."""
        return recent.again(&self.memory, digest, wire, ip_id, time, interface)

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
            told[at] = recent.again(
                &self.memory, digest[row], wire[row], ip_id[row], time[row], interface[row]
            )
        return found
