"""One TCP connection that carries HTTP as a state machine: segments in, exchanges out (RFC 9112, 9293).

Bodies are counted by sequence numbers, not read: how far the sender came, and how far the receiver
acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from analyzer.tables import ACK, FIN, RST, SYN
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.http.heads import MOST, Head, begins, read

HALF: Final = 1 << 31
BODILESS: Final = ("HEAD", "CONNECT")
"""Methods whose answers have a length and no body (RFC 9110 sections 9.3.2 and 9.3.6)."""
PIPELINE: Final = 64
"""Requests that wait for their answers."""
LINGER: Final = 5_000_000_000
"""How long after its end a connection is looked at, ns: the last acknowledgements come then."""
BUCKET_GAP: Final = 250_000_000
"""Silences within a span of this length, ns, are not told: of it only the first and last segment are here."""


class Segment(NamedTuple):
    """A TCP segment. ``length`` is of its payload, ``data`` its first bytes, ``cut`` that the capture
    holds fewer
    than were wanted. ``ends_chunks`` says that it ends as a chunked body does."""

    source: Endpoint
    target: Endpoint
    seq: int
    ack: int
    flags: int
    length: int
    data: bytes
    cut: bool
    ends_chunks: bool
    time: int
    frame: int


@dataclass(slots=True)
class Way:
    """What one end sent. Positions are sequence numbers, counted on beyond 2**32."""

    known: bool = False
    high: int = 0
    """Beyond the last byte seen, or acknowledged."""
    seen: int | None = None
    """Beyond the last byte seen."""
    told: int | None = None
    """Where the last head began."""
    acked: int | None = None
    """The first byte that the other end still wants."""
    body: int | None = None
    """Where the latest message ends, once there was one."""
    open: bool = False
    """Whether that is not known: it is told by a last chunk, or by the end of the connection."""
    pending: bytes = b""
    """A head that goes on in the next segment, and where it began and goes on."""
    pending_at: int = 0
    pending_next: int = 0
    fin: int | None = None
    fin_acks: int | None = None
    """What of the other way its end acknowledges."""
    packets: int = 0
    repeated: int = 0
    """Segments sent again since something new was sent or acknowledged."""
    last_time: int = 0
    last_frame: int = 0

    def place(self, number: int) -> int:
        """``number`` as a position, near those seen before."""
        if not self.known:
            self.known, self.high = True, number
            return number
        return self.high + (number - self.high + HALF) % (1 << 32) - HALF


@dataclass(slots=True)
class Body:
    """The body of a message: where it lies in its way, and what became of it."""

    begin: int
    length: int | None
    chunked: bool = False
    finished: bool = False
    """Whether its last chunk was seen."""
    sent: int = 0
    acked: int = 0


@dataclass(slots=True)
class Exchange:
    """A request and its answer. Times are ns."""

    client: Endpoint
    server: Endpoint
    request: Head | None = None
    response: Head | None = None
    sent: Body | None = None
    """The request's body."""
    got: Body | None = None
    """The response's."""
    wanted: int = 0
    """What of the client's way the head of the response acknowledges."""
    first: int = 0
    first_frame: int = 0
    last: int = 0
    last_frame: int = 0
    answered: int = 0
    answered_frame: int = 0
    progress: int = 0
    progress_frame: int = 0
    longest_gap: int = 0
    retransmissions: int = 0
    repeated: list[int] = field(default_factory=lambda: [0, 0])
    """Segments again since the last progress, from the server, from the client."""
    reset_by: str = ""
    closed_by: str = ""
    """Who ended the connection first, once the exchange had begun."""
    close_time: int = 0
    close_frame: int = 0
    one_sided: bool = False
    before: int | None = None
    """How far the server's way had come when the request was sent, where no other one waited."""
    heard: int = 0
    """Bytes of the server since then, while no head of an answer was read."""
    last_frames: list[int] = field(default_factory=lambda: [0, 0])
    alike: int = 0
    """Transfers of the same kind that were over long ago, and that this one stands for."""

    def over(self) -> bool:
        """Whether nothing more can come of it on this connection."""
        if self.response is None:
            return False
        got = self.got
        if got is None:
            return True
        return got.length is not None and got.acked >= got.length


class Connection:
    """Both ways of a connection; ``client`` and ``server`` once a head has told."""

    def __init__(self) -> None:
        self.client: Endpoint | None = None
        self.server: Endpoint | None = None
        self.exchanges: list[Exchange] = []
        """Those that began and are not handed over yet."""
        self.ways: dict[Endpoint, Way] = {}
        self.last_time = 0
        self.ended = 0
        """When both ends had closed it, or one had reset it, ns."""

    def feed(self, one: Segment) -> list[Exchange]:
        """Take a segment; exchanges that are over, so that later ones can be told apart."""
        if self.ended and one.time - self.ended > LINGER and not one.flags & SYN:
            return []
        way, back = self.ways.setdefault(one.source, Way()), self.ways.setdefault(one.target, Way())
        done: list[Exchange] = []
        if one.flags & SYN and not one.flags & ACK and way.packets:
            done, self.exchanges, self.ways, self.ended = self.close(), [], {}, 0
            self.client = self.server = None
            way, back = self.ways.setdefault(one.source, Way()), self.ways.setdefault(one.target, Way())
        gap = 0
        if self.last_time and one.time // BUCKET_GAP != self.last_time // BUCKET_GAP:
            gap = max(0, one.time - self.last_time)
        self.last_time = max(self.last_time, one.time)
        position = way.place(one.seq + (one.flags & SYN > 0))
        way.packets += 1
        way.last_time, way.last_frame = one.time, one.frame
        current = self._current()
        again = one.length > 0 and way.seen is not None and position + one.length <= way.seen
        moved = self._sequence(one, way, back, position, again)
        if one.data and not (again and way.told is not None and position <= way.told):
            done += self._text(one, way, position)
        if one.ends_chunks and way.open and position + one.length >= way.high:
            self._last_chunk(one, position + one.length)
        self._count(one, current, gap, moved)
        if one.flags & (FIN | RST):
            self._closed(one)
        return done

    def close(self) -> list[Exchange]:
        """What is left when the connection or the capture is at its end."""
        for exchange in self.exchanges:
            self._measure(exchange)
        left, self.exchanges = self.exchanges, []
        return left

    # ------------------------------------------------------------ sequence numbers

    def _sequence(self, one: Segment, way: Way, back: Way, position: int, again: bool) -> int:
        """1 where something new was sent or acknowledged, -1 where something was sent again, else 0."""
        moved = 0
        end = position + one.length
        if again and one.length > 1:  # a keep-alive probe sends one old byte (RFC 9293 section 3.8.4)
            moved = -1
        elif one.length and not again:
            way.high, way.seen, moved = max(way.high, end), end, 1
        wants = back.place(one.ack) if one.flags & ACK and not one.flags & RST else None
        if one.flags & FIN:
            way.fin, way.fin_acks = end, wants
        if wants is not None:
            back.high = max(back.high, wants - (back.fin is not None and wants > back.fin))
            if back.acked is None or wants > back.acked:
                moved = moved if moved < 0 else 1
                back.acked = wants
        return moved

    @staticmethod
    def _count(one: Segment, exchange: Exchange | None, gap: int, moved: int) -> None:
        if exchange is None:
            return
        from_client = one.source == exchange.client
        exchange.longest_gap = max(exchange.longest_gap, gap)
        exchange.last, exchange.last_frame = max(exchange.last, one.time), one.frame
        exchange.last_frames[from_client] = one.frame
        if moved > 0:
            exchange.progress, exchange.progress_frame = max(exchange.progress, one.time), one.frame
            exchange.repeated = [0, 0]
        elif moved < 0:
            exchange.repeated[from_client] += 1
            exchange.retransmissions += 1

    def _current(self) -> Exchange | None:
        """The oldest exchange that is not over."""
        for exchange in self.exchanges:
            self._measure(exchange)
            if not exchange.over():
                return exchange
        return None

    def _measure(self, exchange: Exchange) -> None:
        """How far the bodies came."""
        for body, end in ((exchange.sent, exchange.client), (exchange.got, exchange.server)):
            if body is None:
                continue
            way = self.ways[end]
            acked = way.acked if way.acked is not None else body.begin
            body.sent = max(body.sent, way.high - body.begin)
            body.acked = max(body.acked, acked - body.begin)
            # A FIN is acknowledged like a byte.
            for most in (body.length, None if way.fin is None else way.fin - body.begin):
                if most is not None:
                    body.sent, body.acked = min(body.sent, most), min(body.acked, most)
        server = self.ways.get(exchange.server)
        if exchange.response is None and exchange.before is not None and server is not None:
            exchange.heard = max(exchange.heard, server.high - exchange.before)
        ways = self.ways.get(exchange.client), server
        exchange.one_sided = not all(way is not None and way.packets for way in ways)

    def _closed(self, one: Segment) -> None:
        if not self.ended and (one.flags & RST or all(way.fin is not None for way in self.ways.values())):
            self.ended = one.time
        who = "client" if one.source == self.client else "server"
        way, back = self.ways[one.source], self.ways[one.target]
        # An end that acknowledges this one came after it, wherever the capture has it.
        earlier = way.fin is not None and back.fin_acks is not None and back.fin_acks > way.fin
        for exchange in self.exchanges:
            if exchange.over():
                continue
            if one.flags & RST and not exchange.reset_by:
                exchange.reset_by = who
            if not exchange.closed_by or (earlier and not exchange.reset_by):
                exchange.closed_by, exchange.close_time, exchange.close_frame = who, one.time, one.frame
                exchange.last_frame, exchange.last = (
                    max(exchange.last_frame, one.frame),
                    max(exchange.last, one.time),
                )

    # ------------------------------------------------------------ heads

    def _text(self, one: Segment, way: Way, position: int) -> list[Exchange]:
        if way.pending and position == way.pending_next:
            data, at = way.pending + one.data, way.pending_at
        elif begins(one.data) and not self._inside(way, position):
            data, at = one.data, position
        else:
            return []
        head = read(data, cut=one.cut or len(one.data) < one.length or len(data) > MOST)
        if head is None:
            way.pending, way.pending_at, way.pending_next = data, at, position + one.length
            return []
        way.pending, way.told = b"", at
        return self._request(one, way, head, at) if head.method else self._response(one, way, head, at)

    @staticmethod
    def _inside(way: Way, position: int) -> bool:
        """Whether a position belongs to the body under way."""
        if way.open:
            return True  # only its last chunk or the end of the connection ends it
        return way.body is not None and way.body > position

    def _request(self, one: Segment, way: Way, head: Head, at: int) -> list[Exchange]:
        if self.client is None:
            self.client, self.server = one.source, one.target
        if one.source != self.client:
            return []
        held = next((known for known in self.exchanges if known.request is None and known.wanted > at), None)
        if held is not None:
            self._asked(held, one, way, head, at)
            return []
        done = []
        while self.exchanges and (self.exchanges[0].over() or len(self.exchanges) >= PIPELINE):
            self._measure(self.exchanges[0])
            done.append(self.exchanges.pop(0))
        exchange = Exchange(one.source, one.target, head, first=one.time, first_frame=one.frame)
        exchange.last = exchange.progress = one.time
        exchange.last_frame = exchange.progress_frame = one.frame
        self._sends(exchange, way, head, at)
        back = self.ways[one.target]
        if not self.exchanges and back.known:
            exchange.before = back.high
        self.exchanges.append(exchange)
        return done

    @staticmethod
    def _sends(exchange: Exchange, way: Way, head: Head, at: int) -> None:
        """What body follows the head of a request."""
        length = head.content_length or 0
        way.open = head.chunked
        way.body = at + head.length + length
        if head.chunked or length or not head.complete:
            unknown = head.chunked or not head.complete
            exchange.sent = Body(at + head.length, None if unknown else length, head.chunked)

    def _asked(self, held: Exchange, one: Segment, way: Way, head: Head, at: int) -> None:
        """Give an answer its request, which the capture put behind it: the answer acknowledges it."""
        held.request = head
        held.first, held.first_frame = min(held.first, one.time), min(held.first_frame, one.frame)
        held.last, held.last_frame = max(held.last, one.time), max(held.last_frame, one.frame)
        if head.method in BODILESS:
            held.got = None
        self._sends(held, way, head, at)

    def _response(self, one: Segment, way: Way, head: Head, at: int) -> list[Exchange]:
        if self.server is None:
            self.client, self.server = one.target, one.source
        if one.source != self.server:
            return []
        way.body, way.open = at + head.length, False
        if 100 <= head.status < 200 and head.status != 101:
            return []
        exchange = next((known for known in self.exchanges if known.response is None), None)
        if exchange is None:
            exchange = Exchange(one.target, one.source, first=one.time, first_frame=one.frame)
            exchange.last = exchange.progress = one.time
            exchange.last_frame = exchange.progress_frame = one.frame
            exchange.wanted = self.ways[one.target].place(one.ack)
            self.exchanges.append(exchange)
        exchange.response = head
        exchange.answered, exchange.answered_frame = one.time, one.frame
        method = exchange.request.method if exchange.request is not None else ""
        if method in BODILESS or head.status in (101, 204, 304):
            return []
        length = head.content_length
        if head.chunked or length is None or not head.complete:
            exchange.got = Body(at + head.length, None, head.chunked)
            way.open = True
        else:
            exchange.got = Body(at + head.length, length)
            way.body += length
        return []

    def _last_chunk(self, one: Segment, end: int) -> None:
        way = self.ways[one.source]
        way.open, way.body = False, end
        for exchange in self.exchanges:
            body = exchange.sent if one.source == exchange.client else exchange.got
            if body is not None and body.chunked and not body.finished and body.begin <= end:
                body.finished, body.length = True, end - body.begin
                return
