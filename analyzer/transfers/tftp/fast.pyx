# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``pick`` and ``gather``: which datagrams begin like TFTP, and transfers that go on as
they should, block by block.

``session.Leg`` is the reference: a packet that does anything but the next step is its, and so is the first of
every transfer. Tests compare.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from analyzer.octets cimport View, octets, soon, view_of

cdef enum:
    # Numbers of analyzer.tables and analyzer.transfers.tftp; a test compares them.
    _HEADER = 4
    _FIRST_OPCODE = 1
    _LAST_OPCODE = 6
    _DATA = 3
    _ACK = 4
    _HALF = 1 << 15

    PLACES = 1024
    NEAR = 4  # places in which a client may be
    AHEAD = 6  # packets before its turn comes that a leg is called into the cache

cdef int64_t LATE = 1 << 61  # times nearer to 0 have differences that are no trouble

NUMBERS = {
    "HEADER": _HEADER, "FIRST_OPCODE": _FIRST_OPCODE, "LAST_OPCODE": _LAST_OPCODE, "DATA": _DATA, "ACK": _ACK, "HALF": _HALF,
}


def candidates(
    dict columns, const uint8_t[::1] buffer, const int64_t[::1] rows, int64_t[::1] kept, uint8_t[::1] opcodes
):
    """Fill the last two, as long as ``rows``, as ``pick.candidates``; how many there are."""
    cdef const int64_t[::1] payload = columns["payload"]
    cdef View view = view_of(buffer)
    cdef int64_t at, found = 0
    cdef uint8_t opcode
    for at in range(len(rows)):
        opcode = octets(view, payload[rows[at]], 2)[1]
        if _FIRST_OPCODE <= opcode <= _LAST_OPCODE:
            kept[found], opcodes[found] = rows[at], opcode
            found += 1
    return found


cdef struct Run:
    # The ends of one leg, and what its packets change; -1 for a top that was not seen.
    uint64_t client_hi
    uint64_t client_lo
    uint64_t server_hi
    uint64_t server_lo
    uint16_t client_port
    uint16_t server_port
    uint8_t version  # 0 where there is none
    uint8_t server_version
    bint reads
    bint advanced
    int64_t packets[2]
    int64_t repeated[2]
    int64_t retransmissions
    int64_t last_time[2]
    int64_t last_frame[2]
    int64_t sent
    int64_t label
    int64_t top
    int64_t acked
    int64_t block_size
    int64_t block_time
    int64_t progress_time
    int64_t progress_frame
    # Of the session.
    int64_t first_seen
    int64_t last_seen
    int64_t last_seen_frame
    int64_t longest_gap


cdef class Runs:
    """Legs that go on as they should. ``settle`` says what became of one before anybody looks at it."""

    cdef Run runs[PLACES]
    cdef uint64_t tags[PLACES]  # a number for the client of each, so that few of them are looked at; 0 of none
    cdef list sessions, legs
    cdef int count

    def __cinit__(self):
        self.sessions, self.legs = [None] * PLACES, [None] * PLACES

    def __len__(self):
        return self.count

    cdef int _find(self, uint8_t version, uint64_t hi, uint64_t lo, uint16_t port) noexcept:
        """The place of a client, -1 where it has none."""
        cdef uint64_t tag = _tag(version, hi, lo, port)
        cdef int at, near
        cdef Run *run
        for near in range(NEAR):
            at = <int> (((tag >> 48) + near) % PLACES)
            if self.tags[at] == tag:
                run = &self.runs[at]
                if (
                    run.client_lo == lo and run.client_port == port and run.client_hi == hi
                    and run.version == version and version
                ):
                    return at
        return -1

    def watch(self, session, leg):
        """Take over the only leg of a session that has begun, the latest of its client, whose server is no
        client itself. Another may have to be settled for it."""
        cdef uint8_t version
        cdef uint64_t hi, lo
        cdef uint16_t port
        cdef int at, near, first
        cdef uint64_t tag
        cdef Run *run
        if not -LATE < session.first_time <= session.last_time < LATE or session.longest_gap >= LATE:
            return
        version, hi, lo, port = session.client
        tag = _tag(version, hi, lo, port)
        first = at = <int> ((tag >> 48) % PLACES)
        for near in range(NEAR):
            if not self.runs[(first + near) % PLACES].version:
                at = (first + near) % PLACES
                break
        self._settle(at)
        run = &self.runs[at]
        run.client_hi, run.client_lo, run.client_port = hi, lo, port
        run.server_version, run.server_hi, run.server_lo, run.server_port = leg.server
        run.reads, run.advanced = leg.reads, False
        run.packets[0], run.packets[1] = leg.packets
        run.repeated[0], run.repeated[1] = leg.repeated
        run.retransmissions = leg.retransmissions
        run.last_time[0], run.last_time[1] = leg.last_time
        run.last_frame[0], run.last_frame[1] = leg.last_frame
        run.sent, run.label, run.acked = leg.sent, leg.label, leg.acked
        run.top = -1 if leg.top is None else leg.top
        run.block_size, run.block_time = leg.block_size, leg.block_time
        run.progress_time, run.progress_frame = leg.progress_time, leg.progress_frame
        run.first_seen, run.last_seen = session.first_time, session.last_time
        run.last_seen_frame, run.longest_gap = session.last_frame, session.longest_gap
        self.sessions[at], self.legs[at] = session, leg
        run.version, self.tags[at] = version, tag
        self.count += 1

    cdef _settle(self, int at):
        cdef Run *run = &self.runs[at]
        if not run.version:
            return
        session, leg = self.sessions[at], self.legs[at]
        leg.packets[:] = run.packets[0], run.packets[1]
        leg.repeated[:] = run.repeated[0], run.repeated[1]
        leg.retransmissions = run.retransmissions
        leg.last_time[:] = run.last_time[0], run.last_time[1]
        leg.last_frame[:] = run.last_frame[0], run.last_frame[1]
        leg.sent, leg.label, leg.acked = run.sent, run.label, run.acked
        leg.top = None if run.top < 0 else run.top
        leg.block_size, leg.block_time = run.block_size, run.block_time
        leg.progress_time, leg.progress_frame = run.progress_time, run.progress_frame
        if run.advanced:
            leg.doubled = 0
        session.first_time, session.last_time = run.first_seen, run.last_seen
        session.last_frame, session.longest_gap = run.last_seen_frame, run.longest_gap
        run.version = self.tags[at] = 0
        self.sessions[at] = self.legs[at] = None
        self.count -= 1

    cdef void _soon(self, uint8_t version, uint64_t hi, uint64_t lo, uint16_t port) noexcept:
        """Have the processor fetch what a client would find first."""
        cdef const uint8_t *run = <const uint8_t *> &self.runs[(_tag(version, hi, lo, port) >> 48) % PLACES]
        cdef int line
        for line in range(0, <int> sizeof(Run), 64):
            soon(run + line)

    def settle(self, end):
        """Give back the legs of which ``end`` is the client or the server."""
        cdef uint8_t version
        cdef uint64_t hi, lo
        cdef uint16_t port
        cdef int at, left = self.count
        cdef Run *run
        version, hi, lo, port = end
        for at in range(PLACES):
            if not left:
                break
            run = &self.runs[at]
            if not run.version:
                continue
            left -= 1
            if (
                run.client_lo == lo and run.client_port == port and run.client_hi == hi
                and run.version == version
            ) or (
                run.server_lo == lo and run.server_port == port and run.server_hi == hi
                and run.server_version == version
            ):
                self._settle(at)

    def settle_all(self):
        """Give back all legs."""
        cdef int at
        for at in range(PLACES):
            self._settle(at)

    cdef bint _step(
        self, Run *run, uint8_t opcode, int64_t number, int64_t length, bint from_client, int64_t time,
        int64_t frame
    ) noexcept:
        """Whether the packet is the next step of its leg, or acknowledges a block again; then it is taken."""
        cdef int64_t block
        cdef bint progress = True
        if not -LATE < time < LATE:
            return False
        if opcode == _DATA:
            if from_client == run.reads or number != run.label + 1:
                return False
            run.sent += 1
            run.label, run.top, run.block_time = number, length, time
            run.advanced = run.advanced or not (run.repeated[0] or run.repeated[1])
            run.block_size = max(run.block_size, length)
        elif opcode == _ACK:
            block = run.sent - (run.label - number)
            if from_client != run.reads or number > run.label or run.label - number >= _HALF or block <= 0:
                return False
            progress = block > run.acked
            if progress:
                run.acked = block
            else:
                run.repeated[from_client] += 1
                run.retransmissions += 1
        else:
            return False
        if progress:
            run.progress_time, run.progress_frame = max(run.progress_time, time), frame
            run.repeated[0] = run.repeated[1] = 0
        run.packets[from_client] += 1
        run.last_time[from_client] = max(run.last_time[from_client], time)
        run.last_frame[from_client] = frame
        run.longest_gap = max(run.longest_gap, time - run.last_seen)
        run.first_seen = min(run.first_seen, time)
        run.last_seen, run.last_seen_frame = max(run.last_seen, time), frame
        return True

    def take(
        self,
        dict columns,
        const uint8_t[::1] buffer,
        const int64_t[::1] rows,
        const uint8_t[::1] opcodes,
        const uint8_t[::1] copies,
    ):
        """Take the packets of ``rows`` that are no copies, in order, and give ``(opcode, row)`` of those that
        somebody else has to look at, the columns of ``gather.COLUMNS``: before the packets after them are taken.
        The legs of their ends are settled then."""
        cdef const uint8_t[::1] version = columns["version"], fragmented = columns["fragmented"]
        cdef const uint8_t[::1] flags = columns["flags"]
        cdef const uint64_t[::1] src_hi = columns["src_hi"], src_lo = columns["src_lo"]
        cdef const uint64_t[::1] dst_hi = columns["dst_hi"], dst_lo = columns["dst_lo"]
        cdef const uint16_t[::1] src_port = columns["src_port"], dst_port = columns["dst_port"]
        cdef const int64_t[::1] time = columns["time"], frame = columns["frame"]
        cdef const int64_t[::1] payload = columns["payload"], wire = columns["payload_wire"]
        cdef const int64_t[::1] captured = columns["payload_captured"]
        cdef const uint32_t[::1] ip_id = columns["ip_id"]
        cdef int64_t place, row, begin
        cdef int at, other
        cdef bint taken
        cdef Run *run
        for place in range(len(rows)):
            if place + AHEAD < len(rows):
                row = rows[place + AHEAD]
                self._soon(version[row], src_hi[row], src_lo[row], src_port[row])
                self._soon(version[row], dst_hi[row], dst_lo[row], dst_port[row])
            if copies[place]:
                continue
            row = rows[place]
            begin = payload[row]
            at = self._find(version[row], src_hi[row], src_lo[row], src_port[row])
            other = self._find(version[row], dst_hi[row], dst_lo[row], dst_port[row])
            taken = False
            if (at >= 0) != (other >= 0) and not fragmented[row]:
                run = &self.runs[max(at, other)]
                if at >= 0:
                    taken = (
                        run.server_lo == dst_lo[row] and run.server_port == dst_port[row]
                        and run.server_hi == dst_hi[row] and run.server_version == version[row]
                    )
                else:
                    taken = (
                        run.server_lo == src_lo[row] and run.server_port == src_port[row]
                        and run.server_hi == src_hi[row] and run.server_version == version[row]
                    )
                taken = taken and self._step(
                    run, opcodes[place], (<int64_t> buffer[begin + 2]) << 8 | buffer[begin + 3],
                    wire[row] - _HEADER, at >= 0, time[row], frame[row]
                )
            if taken:
                continue
            if at >= 0:
                self._settle(at)
            if other >= 0:
                self._settle(other)
            yield opcodes[place], (
                frame[row], time[row], version[row], src_hi[row], src_lo[row], dst_hi[row], dst_lo[row],
                src_port[row], dst_port[row], ip_id[row], flags[row], fragmented[row], payload[row], wire[row],
                captured[row],
            )


cdef inline uint64_t _tag(uint8_t version, uint64_t hi, uint64_t lo, uint16_t port) noexcept:
    """A number for a client, never 0; its upper bits are the first of the places in which it may be."""
    return ((lo ^ hi * 0x9E3779B97F4A7C15u ^ version) + port) * 0xD6E8FEB86659FD93u | 1
