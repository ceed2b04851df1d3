"""One connection: who asked, what was answered, how far the bodies came."""

from __future__ import annotations

from analyzer.tables import ACK, FIN, RST, SYN
from analyzer.transfers.http.stream import Connection, Exchange, Segment, Way

A, B = (4, 0, 1, 50000), (4, 0, 2, 8080)
GET = b"GET /node.bin HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"


class Line:
    """Feeds a connection; both ends count their bytes from ``begin``."""

    def __init__(self, begin: int = 2**32 - 100) -> None:
        self.connection, self.done = Connection(), []
        self.next, self.time, self.frame = {A: begin, B: begin}, 0, 0

    def say(
        self,
        source: tuple[int, ...],
        data: bytes = b"",
        flags: int = ACK,
        seq: int | None = None,
        ends: bool = False,
    ) -> Line:
        target = B if source == A else A
        number = self.next[source] if seq is None else seq
        self.time, self.frame = self.time + 10**6, self.frame + 1
        one = Segment(
            source,
            target,
            number % 2**32,
            self.next[target] % 2**32,
            flags,
            len(data),
            data,
            False,
            ends,
            self.time,
            self.frame,
        )
        self.done += self.connection.feed(one)
        if seq is None:
            self.next[source] += len(data) + (flags & (SYN | FIN) > 0)
        return self

    def finish(self) -> list[Exchange]:
        return [*self.done, *self.connection.close()]


def test_positions_count_on_beyond_32_bits() -> None:
    way = Way()
    assert way.place(2**32 - 10) == 2**32 - 10
    way.high = 2**32 - 10
    assert way.place(20) == 2**32 + 20
    assert way.place(2**32 - 30) == 2**32 - 30


def test_a_download_over_the_wrap() -> None:
    line = Line().say(A, GET).say(B, OK).say(A)
    for _ in range(3):
        line.say(B, b"x" * 1000).say(A)
    (exchange,) = line.finish()
    assert (exchange.client, exchange.server, exchange.request.target) == (A, B, "/node.bin")
    assert (exchange.got.length, exchange.got.sent, exchange.got.acked) == (3000, 3000, 3000)
    assert exchange.over()


def test_a_body_that_looks_like_a_head_is_a_body() -> None:
    line = Line().say(A, GET).say(B, OK).say(B, (OK * 100)[:1500]).say(B, (OK * 100)[:1500]).say(A)
    line.say(A, GET).say(B, OK)
    first, second = line.finish()
    assert (first.got.acked, second.got.acked) == (3000, 0)


def test_a_repeated_request_is_one() -> None:
    line = Line().say(A, GET)
    line.say(A, GET, seq=line.next[A] - len(GET)).say(B, OK)
    (exchange,) = line.finish()
    assert exchange.retransmissions == 1


def test_requests_that_do_not_wait() -> None:
    line = Line().say(A, GET).say(A, GET.replace(b"node", b"other"))
    line.say(B, OK).say(B, b"x" * 3000).say(B, OK.replace(b"3000", b"7")).say(B, b"1234567").say(A)
    assert [(e.request.target, e.got.acked) for e in line.finish()] == [
        ("/node.bin", 3000),
        ("/other.bin", 7),
    ]


def test_only_what_was_acknowledged_has_arrived() -> None:
    line = Line().say(A, GET).say(B, OK).say(A).say(B, b"x" * 1000)
    (exchange,) = line.finish()
    assert (exchange.got.sent, exchange.got.acked) == (1000, 0)


def test_a_fin_is_no_byte() -> None:
    line = Line().say(A, GET).say(B, b"HTTP/1.1 200 OK\r\n\r\n").say(B, b"x" * 500, ACK | FIN).say(A)
    (exchange,) = line.finish()
    assert (exchange.got.acked, exchange.closed_by) == (500, "server")


def test_the_last_chunk() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    line = Line().say(A, GET).say(B, head).say(B, b"3\r\nabc\r\n").say(B, b"0\r\n\r\n", ends=True).say(A)
    line.say(A, GET).say(B, OK)
    first, second = line.finish()
    assert (first.got.finished, first.got.length) == (True, 13)
    assert second.response.status == 200


def test_a_port_used_again_is_another_connection() -> None:
    line = Line().say(A, GET).say(B, OK).say(B, flags=RST)
    line.next = {A: 77, B: 99}
    line.say(A, flags=SYN).say(B, flags=SYN | ACK).say(A, GET).say(B, OK)
    first, second = line.finish()
    assert (first.reset_by, second.reset_by) == ("server", "")


def test_a_question_begun_before_the_capture() -> None:
    line = Line().say(B, OK).say(A).say(B, b"x" * 3000).say(A)
    (exchange,) = line.finish()
    assert (exchange.request, exchange.client, exchange.got.acked) == (None, A, 3000)


def test_no_answers_for_what_is_not_asked() -> None:
    line = Line().say(A, b"HEAD / HTTP/1.1\r\n\r\n").say(B, OK).say(A, GET).say(B, OK)
    first, second = line.finish()
    assert first.got is None
    assert second.got.length == 3000
