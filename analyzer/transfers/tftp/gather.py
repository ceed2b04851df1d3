"""Feeds the packets of TFTP transfers to their sessions, batch by batch.

A packet that is a copy of one seen just before (a mirror of both directions) is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np

from analyzer.addresses import is_broadcast, is_multicast, looks_broadcast
from analyzer.errors import DissectError
from analyzer.flowtable.copies import Recent
from analyzer.picking import UDP_HEADER, sifted
from analyzer.protocols.tftp import MODES, PORT, Error, Oack, Request, parse
from analyzer.sessions import EARLY
from analyzer.tables import TO_ALL, UDP, Columns, Kind, Packets
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.tftp.pick import COMPILED, HEADER, TEXT_BYTES, candidates
from analyzer.transfers.tftp.session import Leg, Report, Session, number_of

SESSIONS: Final = 20_000
"""Requests kept. Beyond it they are counted in ``dropped``: a scan must not cost memory."""
STRAYS: Final = 1024
"""Pairs of ports watched for a transfer that began before the capture, and packets kept of each."""
STRAY_PACKETS: Final = 96
DATAGRAMS: Final = 4096
"""Fragmented datagrams whose further fragments are waited for."""

_RRQ, _WRQ, _DATA, _ACK, _ERROR, _OACK = range(1, 7)
COLUMNS: Final = (
    *("frame", "time", "version", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port"),
    *("ip_id", "flags", "fragmented", "payload", "payload_wire", "payload_captured"),
)

_FLAGS: Final = COLUMNS.index("flags")

Stray = tuple[int, int, int, bool, int, int, bytes]
"""``(opcode, number, data length, from the first end, time, frame, text of an OACK or ERROR)``"""


class Sessions:
    """The sessions of consecutive frames."""

    def __init__(self, *, compiled: bool = True) -> None:
        self._sessions: list[Session] = []
        self.dropped = 0
        self._clients: dict[Endpoint, Session] = {}
        """The latest session of each client port, and the one before it."""
        self._before: dict[Endpoint, Session] = {}
        self._strays: dict[tuple[Endpoint, Endpoint], deque[Stray]] = {}
        self._loose: dict[Endpoint, tuple[Endpoint, Endpoint]] = {}
        """The latest pair of strays that an end is of."""
        self._recent = Recent()
        self._datagrams: dict[tuple[int, ...], Leg] = {}
        self._runs = COMPILED.Runs() if compiled and COMPILED is not None else None
        """Legs that go on as they should: what they hold is not in their sessions until it is settled."""

    def __getstate__(self) -> dict[str, Any]:
        if self._runs is not None:
            self._runs.settle_all()
        return {**self.__dict__, "_runs": self._runs is not None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._runs = COMPILED.Runs() if state["_runs"] and COMPILED is not None else None

    @property
    def sessions(self) -> list[Session]:
        """The sessions in the order in which they began."""
        if self._runs is not None:
            self._runs.settle_all()
        return self._sessions

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        columns = packets.columns
        if not len(columns["frame"]):
            return
        self._add_datagrams(packets)
        if self._datagrams:
            self._add_fragments(columns)
        if self._clients and len(packets.quotes["row"]):
            self._add_quotes(packets)

    def _add_datagrams(self, packets: Packets) -> None:
        columns = packets.columns
        rows, opcodes = sifted(packets, candidates)
        if not len(rows):
            return
        octets = np.frombuffer(packets.buffer, np.uint8)
        copied = self._recent.copies(columns, rows)
        if self._runs is not None:
            left = self._runs.take(columns, octets, rows, opcodes, copied)
        else:
            own = np.flatnonzero(~np.frombuffer(copied, bool))
            told = (columns[name][rows[own]].tolist() for name in COLUMNS)
            left = zip(opcodes[own].tolist(), zip(*told, strict=True), strict=True)
        buffer = memoryview(packets.buffer)
        for opcode, row in left:
            self._datagram(opcode, row, buffer)

    def _datagram(self, opcode: int, row: tuple[int, ...], buffer: memoryview) -> None:
        frame, time, version, src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port, *rest = row
        _, _, fragmented, begin, wire, captured = rest
        source = (version, src_hi, src_lo, src_port)
        target = (version, dst_hi, dst_lo, dst_port)
        text = buffer[begin : begin + min(captured, TEXT_BYTES)]
        if opcode <= _WRQ:
            self._request(text, captured < wire, row, source, target)
            return
        number = buffer[begin + 2] << 8 | buffer[begin + 3]
        session, from_client = self._find(opcode, number, source, target)
        # The length that a first fragment holds is its own; the UDP header tells the datagram's.
        ulen = buffer[begin - 4] << 8 | buffer[begin - 3] if fragmented else wire + UDP_HEADER
        length = ulen - UDP_HEADER - HEADER
        if session is None:
            said = bytes(text) if opcode in (_OACK, _ERROR) else b""
            self._stray(opcode, number, length, source, target, time, frame, said)
            return
        client, server = (source, target) if from_client else (target, source)
        self._packet(session, server, opcode, number, length, from_client, time, frame, text)
        if fragmented and opcode == _DATA:
            self._fragmented(session, server, row, ulen)
        elif self._runs is not None:
            self._watch(session, client, server)

    def _watch(self, session: Session, client: Endpoint, server: Endpoint) -> None:
        """Let the compiled part go on with a leg, where nobody else can be meant by its packets."""
        leg = session.legs.get(server)
        if leg is None or len(session.legs) > 1 or not leg.sent or leg.top is None:
            return
        if not (leg.first_time and session.first_frame) or server in self._clients:
            return
        if self._runs is not None and self._clients.get(client) is session:
            self._runs.watch(session, leg)

    def _enter(self, client: Endpoint, session: Session) -> None:
        self._sessions.append(session)
        self._clients[client] = session
        if self._runs is not None:
            self._runs.settle(client)

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before`` and does not begin with one of the frames ``kept``."""
        for session in self.sessions:
            session.alike += counted.get(session.first_frame, 0)
        self._sessions = [one for one in self.sessions if one.first_frame in kept or one.last_time >= before]
        there = {id(session) for session in self._sessions}
        self._clients = {end: one for end, one in self._clients.items() if id(one) in there}
        self._before = {end: one for end, one in self._before.items() if id(one) in there}
        for pair in [pair for pair, held in self._strays.items() if held[-1][4] < before]:
            self._forget(pair)
        self._datagrams = {name: leg for name, leg in self._datagrams.items() if max(leg.last_time) >= before}

    # ------------------------------------------------------------ requests

    def _request(
        self, data: memoryview, cut: bool, row: tuple[int, ...], client: Endpoint, asked: Endpoint
    ) -> None:
        frame, time, to_all = row[0], row[1], row[_FLAGS] & TO_ALL
        try:
            packet = parse(bytes(data), cut)
        except DissectError:
            return
        if not isinstance(packet, Request) or not (asked[3] == PORT or packet.mode in MODES):
            return
        session = self._clients.get(client)
        same = session is not None and session.request == packet and session.asked == asked
        if session is not None and same and not session.progressed and not session.ended:
            session.ask(time, frame)
            return
        if session is not None and session.request is None and self._joins(session, packet, asked, time):
            session.request, session.asked = packet, asked
            session.ask(time, frame)
            return
        if len(self._sessions) >= SESSIONS:
            self.dropped += 1
            return
        if session is not None:
            self._before[client] = session
        address = asked[:3]
        # The link layer knows the broadcast addresses of all subnets, where there is one that tells.
        group = to_all or is_multicast(*address) or is_broadcast(*address) or looks_broadcast(*address)
        session = Session(client, asked, packet, bool(group))
        session.ask(time, frame)
        self._enter(client, session)
        self._early(session, time)

    def _joins(self, session: Session, packet: Request, asked: Endpoint, time: int) -> bool:
        """Whether a request is that of a transfer which seemed to have begun before the capture: all of it is
        here, in another order."""
        if self._runs is not None:
            self._runs.settle(session.client)
        leg = session.best()
        if leg is None or session.ended or not 0 <= time - session.first_time <= EARLY:
            return False
        if session.reads is not (packet.operation == "read") or leg.server[:3] != asked[:3]:
            return False
        leg.began_late = False
        leg.asked_size = number_of(packet.options.get("blksize"), 8, 65464)
        return True

    def _early(self, session: Session, time: int) -> None:
        """Give a session the packets that stand before its request: what began them can only answer it."""
        pair = self._loose.get(session.client)
        held = self._strays.get(pair) if pair is not None else None
        if pair is None or held is None or not 0 <= time - held[0][4] <= EARLY:
            return
        server = pair[1] if pair[0] == session.client else pair[0]
        first = (_DATA, 1) if session.reads else (_ACK, 0)
        opens = any(opcode in (_OACK, _ERROR) or (opcode, number) == first for opcode, number, *_ in held)
        if not opens or (server[:3] != session.asked[:3] and not session.to_group):
            return
        self._forget(pair)
        for opcode, number, length, by_first, at, frame, text in held:
            from_client = by_first is (session.client == pair[0])
            self._packet(session, server, opcode, number, length, from_client, at, frame, memoryview(text))
        session.first_frame = min(session.first_frame, held[0][5])
        session.last_frame = max(session.last_frame, session.last_request_frame)

    # ------------------------------------------------------------ everything else

    def _find(
        self, opcode: int, number: int, source: Endpoint, target: Endpoint
    ) -> tuple[Session | None, bool]:
        """The session of a packet that is no request, and whether its client sent it."""
        ours = self._clients.get(source)
        theirs = self._clients.get(target)
        if ours is not None and (theirs is None or target in ours.legs or ours.asked[:3] == target[:3]):
            session = self._turn(ours, source, target)
            known = target in session.legs
            if known or target[:3] == session.asked[:3] or (session.to_group and opcode == _ERROR):
                return session, True
        if theirs is not None:
            session = self._turn(theirs, target, source)
            before = self._before.get(target)
            opens = opcode == _OACK or number == (1 if opcode == _DATA else 0)
            again = before is not None and (before.ended or (before.progressed and source == theirs.asked))
            if session is before and not theirs.legs and opens and again:
                session = theirs  # a server that answers from the same port begins again
            if (
                source in session.legs
                or opcode in (_ERROR, _OACK)
                or source[:3] == session.asked[:3]
                or opens
            ):
                return session, False
        return None, False

    def _turn(self, session: Session, client: Endpoint, server: Endpoint) -> Session:
        """The client's present session, or the one before it where the server port belongs to that."""
        if server in session.legs:
            return session
        before = self._before.get(client)
        return before if before is not None and server in before.legs else session

    def _packet(
        self,
        session: Session,
        server: Endpoint,
        opcode: int,
        number: int,
        length: int,
        from_client: bool,
        time: int,
        frame: int,
        data: memoryview,
    ) -> None:
        if from_client and opcode in (_DATA, _ACK) and server == session.asked and server not in session.legs:
            best = session.best()
            if best is not None:  # it does not follow the server to its new port
                best.misdirected += 1
                session.seen(time, frame)
                return
        new = server not in session.legs
        leg = session.leg(server)
        if leg is None:
            return
        if new and from_client:
            leg.apart = self._apart(session.client, server, time)
        session.seen(time, frame)
        leg.answer(time, frame, from_client)
        if opcode == _DATA:
            leg.data(number, length, from_client, time, frame)
        elif opcode == _ACK:
            leg.ack(number, from_client, time, frame)
        else:
            try:
                packet = parse(bytes(data), True)
            except DissectError:
                return
            if isinstance(packet, Oack):
                leg.oack(packet, from_client, time, frame)
            elif isinstance(packet, Error):
                leg.error(packet, from_client, time, frame)

    # ------------------------------------------------------------ begun before the capture

    def _stray(
        self,
        opcode: int,
        number: int,
        length: int,
        source: Endpoint,
        target: Endpoint,
        time: int,
        frame: int,
        text: bytes = b"",
    ) -> None:
        """Keep a packet that may be of a transfer whose request is not here, until that is proven."""
        if opcode == _ACK and length:
            return
        first, second = min(source, target), max(source, target)
        held = self._strays.get((first, second))
        if held is None:
            if len(self._strays) >= STRAYS:
                self._forget(next(iter(self._strays)))
            held = self._strays[first, second] = deque(maxlen=STRAY_PACKETS)
        self._loose[first] = self._loose[second] = first, second
        held.append((opcode, number, length, source == first, time, frame, text))
        if opcode != _ACK:
            return
        # Two blocks, each acknowledged by number from the other end: chance does not do that.
        by_first = source == first
        acks = {one[1] for one in held if one[0] == _ACK and one[3] is by_first}
        blocks = {one[1] for one in held if one[0] == _DATA and one[3] is not by_first}
        if len(acks & blocks) >= 2 and len(self._sessions) < SESSIONS:
            self._forget((first, second))
            self._adopt(held, first, second, receiver_first=by_first)

    def _apart(self, client: Endpoint, server: Endpoint, time: int) -> int:
        """How long before ``time`` the server's packets of a leg began, 0 where there are none."""
        held = self._strays.get((min(client, server), max(client, server)))
        return max(0, time - held[0][4]) if held else 0

    def _forget(self, pair: tuple[Endpoint, Endpoint]) -> None:
        del self._strays[pair]
        for end in pair:
            if self._loose.get(end) == pair:
                del self._loose[end]

    def _adopt(self, held: deque[Stray], first: Endpoint, second: Endpoint, *, receiver_first: bool) -> None:
        receiver, sender = (first, second) if receiver_first else (second, first)
        writes = receiver[3] == PORT
        client, server = (sender, receiver) if writes else (receiver, sender)
        session = Session(client, server, None, writes=writes)
        leg = session.leg(server)
        assert leg is not None
        leg.began_late = True
        opening = next(one for one in held if one[0] == _DATA and one[3] is not receiver_first)
        leg.sent = leg.acked = leg.label = max(0, opening[1] - 1)
        leg.block_size = max(1, opening[2])
        self._enter(client, session)
        for opcode, number, length, by_first, time, frame, text in held:
            from_client = by_first is (client == first)
            self._packet(session, server, opcode, number, length, from_client, time, frame, memoryview(text))
        self._watch(session, client, server)

    # ------------------------------------------------------------ fragments and ICMP

    def _fragmented(self, session: Session, server: Endpoint, row: tuple[int, ...], ulen: int) -> None:
        leg = session.legs.get(server)
        if leg is None:
            return
        (_, _, version, src_hi, src_lo, dst_hi, dst_lo, _, _, ip_id, _, _, _, wire, _) = row
        held = wire + UDP_HEADER
        leg.fragmented += 1
        leg.fragments_due += -(-max(0, ulen - held) // held)
        if len(self._datagrams) >= DATAGRAMS:
            del self._datagrams[next(iter(self._datagrams))]
        self._datagrams[version, src_hi, src_lo, dst_hi, dst_lo, ip_id] = leg

    def _add_fragments(self, columns: Columns) -> None:
        rows = np.flatnonzero(columns["kind"] == Kind.FRAGMENT)
        names = ("version", "src_hi", "src_lo", "dst_hi", "dst_lo", "ip_id")
        others = ("digest", "wire", "ip_id", "time", "interface")
        keys = zip(*(columns[name][rows].tolist() for name in names), strict=True)
        sights = zip(*(columns[name][rows].tolist() for name in others), strict=True)
        for key, sight in zip(keys, sights, strict=True):
            leg = self._datagrams.get(key)
            if leg is not None and not self._recent.is_copy(*sight):
                leg.fragments_seen += 1

    def _add_quotes(self, packets: Packets) -> None:
        quotes, columns = packets.quotes, packets.columns
        names = (
            "row",
            "version",
            "transport",
            "src_hi",
            "src_lo",
            "dst_hi",
            "dst_lo",
            "src_port",
            "dst_port",
        )
        for row, version, transport, *ends in zip(*(quotes[name].tolist() for name in names), strict=True):
            if transport != UDP:
                continue
            src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port = ends
            source = (version, src_hi, src_lo, src_port)
            target = (version, dst_hi, dst_lo, dst_port)
            for client, other, of_client in ((source, target, True), (target, source, False)):
                session = self._clients.get(client)
                if session is None:
                    continue
                session = self._turn(session, client, other)
                if other not in session.legs and other != session.asked:
                    continue
                reporter = tuple(int(columns[name][row]) for name in ("version", "src_hi", "src_lo"))
                icmp = int(columns["icmp"][row])
                time, frame = int(columns["time"][row]), int(columns["frame"][row])
                session.report(
                    Report(reporter[0], icmp >> 8, icmp & 0xFF, of_client, reporter, other, time, frame)  # type: ignore[arg-type]
                )
                break
