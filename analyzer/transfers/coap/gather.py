"""Ties CoAP messages to what they ask for: requests to answers by token, blocks to files, errors to
resources."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.addresses import is_broadcast, is_multicast
from analyzer.errors import DissectError
from analyzer.flowtable.copies import Recent
from analyzer.picking import sifted
from analyzer.protocols.coap import ACK, RST, parse
from analyzer.sessions import EARLY
from analyzer.tables import UDP, Packets
from analyzer.transfers.carrier import Address, Endpoint
from analyzer.transfers.coap.body import RESTARTS, Body, place, shown
from analyzer.transfers.coap.exchange import SECOND, Confirmable, Exchanges, Message, What
from analyzer.transfers.coap.fields import COMPILED, OPTION_BYTES, read
from analyzer.transfers.coap.pick import FACTOR, sift
from analyzer.transfers.images import like_image

Array = np.ndarray[Any, Any]

BODIES: Final = 20_000
"""Files kept. Beyond it they are counted in ``dropped``."""
REQUESTS: Final = 20_000
"""Requests whose answers are waited for."""
ANSWERS: Final = 1024
"""Answers whose requests may stand behind them, the latest."""
ERRORS: Final = 20_000
"""Resources whose errors are counted."""
REPORTS: Final = 4096
"""Pairs of ends whose ICMP errors are kept, and how many of each."""
REPORTS_EACH: Final = 8
EVIDENCE: Final = 8
"""Frames kept of one error."""
AGAIN: Final = 93 * SECOND
"""After so long without a message a first block begins another transfer: no message of the old one can
still be
on its way (MAX_TRANSMIT_WAIT, RFC 7252 section 4.8.2)."""

_COLUMNS: Final = (
    *("frame", "time", "interface", "version", "src_hi", "src_lo", "dst_hi", "dst_lo"),
    *("src_port", "dst_port", "ip_id", "payload_wire", "payload_captured", "digest", "payload"),
)
_FIELDS: Final = (
    *("kind", "code", "mid", "token", "token_length", "observe", "block1", "block2", "size1", "size2"),
    *("q_block", "echo", "options", "variable", "length", "sound"),
)


class Said(NamedTuple):
    """One message: what its header and options say, -1 for an absent option."""

    kind: int
    code: int
    mid: int
    token: int
    token_length: int
    observe: int
    block1: int
    block2: int
    size1: int
    size2: int
    q_block: int
    echo: int
    options: int
    variable: int
    length: int
    sound: bool


class Held(NamedTuple):
    """A message that the compiled part held back, and what happened to it. ``sights`` are its copies, as
    :class:`analyzer.flowtable.copies.Recent` asks for them; for the rest see ``Confirmable`` and ``Request``.
    ``answerable`` is False where a later request has its token."""

    source: Endpoint
    target: Endpoint
    confirmable: bool
    answerable: bool
    code: int
    mid: int
    token: int
    token_length: int
    first: int
    last: int
    copies: int
    frames: list[int]
    acknowledged: bool
    reset: bool
    raw: bytes
    key: bytes
    sights: list[tuple[int, int, int, int, int]]


class Answer(NamedTuple):
    """An answer whose request was not there, and the file that it was taken for."""

    said: Said
    message: Message
    what: What
    body: Body | None


class Request(NamedTuple):
    """A request whose answer may come. ``key`` are its options before the Block option, as sent."""

    code: int
    key: bytes
    body: Body | None
    confirmable: Confirmable | None
    raw: bytes


class Report(NamedTuple):
    """An ICMP error about a packet that ``of_client`` says the client sent."""

    version: int
    type: int
    code: int
    reporter: Address
    of_client: bool
    time: int
    frame: int


@dataclass(slots=True)
class Errors:
    """Requests of one client that one resource answered with one error."""

    client: Endpoint
    server: Endpoint
    code: int
    request: int
    path: str
    count: int = 0
    first: int = 0
    last: int = 0
    frames: list[int] = field(default_factory=list)


class Messages:
    """Files, errors and unacknowledged messages of consecutive frames."""

    def __init__(self) -> None:
        self.exchanges = Exchanges()
        self.bodies: dict[int, Body] = {}
        """By number, in the order in which they began."""
        self._made = 0
        self.errors: dict[tuple[Endpoint, Endpoint, int, int, str], Errors] = {}
        self.reports: dict[tuple[Endpoint, Endpoint], list[Report]] = {}
        self.dropped = 0
        self._current: dict[tuple[Endpoint, Endpoint, int, bytes], Body] = {}
        self._requests: dict[tuple[Endpoint, Endpoint | None, int, int], Request] = {}
        self._answers: dict[tuple[Endpoint, Endpoint, int, int], Answer] = {}
        self._recent = Recent()
        self._ledger = None if COMPILED is None else COMPILED.Ledger(REQUESTS, FACTOR)

    def add(self, packets: Packets) -> None:
        """Take the next batch, whole or picked, in frame order."""
        columns = packets.columns
        if not len(columns["frame"]):
            return
        if len(packets.quotes["row"]):
            self._add_quotes(packets)
        before: deque[tuple[int, tuple[Any, ...]]] = deque()
        rows, seen = sifted(packets, sift)
        if self._ledger is not None and len(rows):
            shown = np.empty(len(rows), np.int64)
            octets = np.frombuffer(packets.buffer, np.uint8)
            count, held = self._ledger.take(octets, columns, seen, _of_image, shown)
            rows, before = shown[:count], deque(held)
        if len(rows):
            self._show(packets, rows, before)
        for _, values in before:
            self._restore(Held(*values))

    def _show(self, packets: Packets, rows: Array, before: deque[tuple[int, tuple[Any, ...]]]) -> None:
        """Look at the messages in ``rows``; what was held is due ``before`` so many of them."""
        fields = read(packets, rows)
        part = [packets.columns[name][rows].tolist() for name in _COLUMNS]
        told = [getattr(fields, name).tolist() for name in _FIELDS]
        buffer = memoryview(packets.buffer)
        for number, (row, values) in enumerate(
            zip(zip(*part, strict=True), zip(*told, strict=True), strict=True)
        ):
            while before and before[0][0] <= number:
                self._restore(Held(*before.popleft()[1]))
            said = Said(*values)
            frame, time, interface, version, src_hi, src_lo, dst_hi, dst_lo, *rest = row
            src_port, dst_port, ip_id, wire, captured, digest, begin = rest
            if not said.sound or self._recent.is_copy(digest, wire, ip_id, time, interface):
                continue
            source, target = (version, src_hi, src_lo, src_port), (version, dst_hi, dst_lo, dst_port)
            self._message(
                said,
                Message(source, target, said.kind, said.code, said.mid, time, frame),
                buffer[begin : begin + min(captured, OPTION_BYTES)],
                begin,
                captured < min(wire, OPTION_BYTES),
            )

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before`` and does not begin with one of the frames ``kept``."""
        for body in self.bodies.values():
            body.alike += counted.get(body.first_frame, 0)
        self.bodies = {
            number: one
            for number, one in self.bodies.items()
            if one.first_frame in kept or one.last >= before
        }
        self._current = {slot: one for slot, one in self._current.items() if one.number in self.bodies}
        self._requests = {name: one for name, one in self._requests.items() if _latest(one, before) >= before}
        self._answers = {name: one for name, one in self._answers.items() if one.message.time >= before}
        pairs = {(one.client, one.server) for one in self.bodies.values()}
        self.reports = {
            pair: held for pair, held in self.reports.items() if pair in pairs or held[-1].time >= before
        }
        self.exhausted()  # those that were held back come among the others
        self.exchanges.forget(before)

    def _restore(self, held: Held) -> None:
        """Know a message as if it had been looked at when it came."""
        for sight in held.sights:
            self._recent.is_copy(*sight)
        about = None
        if held.confirmable:
            about = Confirmable(
                held.source, held.target, held.mid, held.code, held.first, held.last, held.copies,
                held.acknowledged, held.reset, frames=held.frames,
            )  # fmt: skip
            self.exchanges.keep(about)
        if held.answerable:
            pair = (held.source, held.target, held.token, held.token_length)
            self._keep(pair, Request(held.code, held.key, None, about, held.raw))

    @property
    def unasked(self) -> dict[tuple[Endpoint, Endpoint, int, int], Answer]:
        """Answers of files whose requests are not here, the latest; who takes one removes it."""
        return self._answers

    def exhausted(self) -> list[Confirmable]:
        """Messages that were repeated to exhaustion and never acknowledged, in the order in which they
        began."""
        if self._ledger is not None:
            for values in self._ledger.exhausted():
                self._restore(Held(*values))
        return self.exchanges.exhausted()

    # ------------------------------------------------------------ messages

    def _message(self, said: Said, message: Message, data: memoryview, begin: int, cut: bool) -> None:
        event = self.exchanges.feed(message)
        if 0 < said.code < 32:
            key = bytes(data[max(0, said.options - begin) : max(0, said.variable - begin)])
            self._request(said, message, key, bytes(data), event.what, event.about, cut)
        elif said.code >= 64:
            self._response(said, message, event.what)
        elif said.kind == ACK and event.about is not None:
            self._empty(message, event.about)
        elif said.kind == RST and event.what is What.RESET:
            self._reset(message, event.about)

    def _request(
        self,
        said: Said,
        message: Message,
        key: bytes,
        raw: bytes,
        what: What,
        confirmable: Confirmable | None,
        cut: bool,
    ) -> None:
        client, server, time, frame = message.source, message.target, message.time, message.frame
        group = _is_group(server)
        pair = (client, None if group else server, said.token, said.token_length)
        held = self._requests.get(pair)
        if what is What.REPEATED and held is not None:
            if held.body is not None:
                self._again(held.body, said, time, frame)
            return
        value = said.block1 if said.block1 >= 0 else said.block2
        writes = said.block1 >= 0
        body = None
        if said.q_block >= 0 or value >= 0 or _of_image(raw):
            body = self._body(said, client, server, key, raw, time, value)
        if body is not None:
            body.seen(time, frame, True)
            body.cut = body.cut or cut
            body.q_block = body.q_block or said.q_block >= 0
            first, more, size = place(value) if value >= 0 else (0, False, 0)
            length = said.length if said.length >= 0 else size
            body.ask(
                first, size or body.size, min(length, size) if writes and size else length, more, time, frame
            )
            if writes and said.size1 >= 0:
                body.announced = said.size1
            if confirmable is not None:
                confirmable.owner = body
        self._keep(pair, Request(said.code, key, body, confirmable, raw))
        if body is not None and self._answers:
            self._answered(said, message)

    def _answered(self, said: Said, message: Message) -> None:
        """Give a request the answer that the capture put before it."""
        early = self._answers.pop((message.source, message.target, said.token, said.token_length), None)
        if early is None or message.time - early.message.time > EARLY:
            return
        if early.message.kind == ACK and early.message.mid != message.mid:
            return
        taken = early.body
        if taken is not None:
            taken.answers -= 1
            if not taken.answers and not taken.requests:
                self.bodies.pop(taken.number, None)
                self._current = {slot: one for slot, one in self._current.items() if one is not taken}
        self._response(early.said, early.message, early.what)

    def _early(self, said: Said, message: Message, what: What, body: Body | None) -> None:
        """Remember an answer whose request may stand behind it: one of a file, or an error."""
        if said.code < 128 and said.block1 < 0 and said.block2 < 0:
            return
        if len(self._answers) >= ANSWERS:
            del self._answers[next(iter(self._answers))]
        pair = (message.target, message.source, said.token, said.token_length)
        self._answers.pop(pair, None)
        self._answers[pair] = Answer(said, message, what, body)

    def _keep(self, pair: tuple[Endpoint, Endpoint | None, int, int], request: Request) -> None:
        """Remember the latest request with its token."""
        if len(self._requests) >= REQUESTS:
            for old in list(self._requests)[: REQUESTS // 2]:
                del self._requests[old]
        self._requests.pop(pair, None)
        self._requests[pair] = request

    def _again(self, body: Body, said: Said, time: int, frame: int) -> None:
        """A retransmission of a request."""
        body.seen(time, frame, True)
        value = said.block1 if said.block1 >= 0 else said.block2
        first, more, size = place(value) if value >= 0 else (0, False, body.size)
        if first == body.asked:
            body.ask(first, size, body.sent, more, time, frame)
            return
        if first > body.asked and value >= 0 and not body.has(first):
            # Its first copy stands before that of an earlier block.
            length = min(said.length, size) if said.length >= 0 else size
            body.ask(first, size, length, more, time, frame)
        body.again(True)

    def _body(
        self, said: Said, client: Endpoint, server: Endpoint, key: bytes, raw: bytes, time: int, value: int
    ) -> Body | None:
        """The file that a request is about: the one under way, or a new one where it begins."""
        slot = (client, server, said.code, key)
        body = self._current.get(slot)
        first = place(value)[0] if value >= 0 else 0
        if body is not None:
            over = body.done or body.error or body.reset_by or time - body.last > AGAIN
            refused = body.error in RESTARTS and time - body.last <= AGAIN
            if first or body.swapped(time):
                pass
            elif refused or (body.asked > 0 and not over):
                body.restart()
            elif over:
                body = None
        if body is not None:
            return body
        return self._new(
            slot, Body(client, server, said.code, _path(raw), said.block1 >= 0, _is_group(server))
        )

    def _new(self, slot: tuple[Endpoint, Endpoint, int, bytes], body: Body) -> Body | None:
        """Keep ``body``; the one before it goes if it came to nothing that a report would show."""
        before = self._current.get(slot)
        if before is not None and not shown(before):
            self.bodies.pop(before.number, None)
        if len(self.bodies) >= BODIES:
            self.dropped += 1
            return None
        self._made += 1
        body.number = self._made
        self.bodies[body.number] = body
        self._current[slot] = body
        return body

    def _response(self, said: Said, message: Message, what: What) -> None:
        client, server = message.target, message.source
        request = self._requests.get((client, server, said.token, said.token_length))
        if request is None:
            request = self._requests.get((client, None, said.token, said.token_length))
        if request is not None:
            self.exchanges.confirm(request.confirmable)
        error = said.code >= 128
        body = request.body if request is not None else None
        if body is None and not error and said.block2 >= 0:
            body = self._of_answer(said, message, request)
        if request is None:
            self._early(said, message, what, body)
        if body is None:
            if error and request is not None and what is not What.REPEATED:
                self._error(said, message, request)
            return
        body.seen(message.time, message.frame, False)
        body.observed = body.observed or said.observe >= 0
        body.q_block = body.q_block or said.q_block >= 0
        if not error:
            self._brought(body, said, message.time, message.frame)
        elif said.echo < 0 and what is not What.REPEATED:
            body.fail(said.code, message.frame)
            if request is not None and not shown(body):
                self._error(said, message, request)

    def _brought(self, body: Body, said: Said, time: int, frame: int) -> None:
        """An answer of a file, and no error."""
        if body.writes:
            taken, _, offered = place(said.block1) if said.block1 >= 0 else (-1, False, 0)
            body.block1(said.code, offered, time, frame, taken)
        else:
            self._block2(body, said, time, frame)

    def _block2(self, body: Body, said: Said, time: int, frame: int) -> None:
        if said.size2 >= 0:
            body.announced = said.size2
        first, more, size = place(said.block2) if said.block2 >= 0 else (0, False, 0)
        length = said.length if said.length >= 0 else size
        body.block2(first, size, min(length, size) if size else length, more, time, frame)

    def _of_answer(self, said: Said, message: Message, request: Request | None) -> Body | None:
        """The file of which an answer brings a block, where the request did not speak of blocks."""
        first, more, _ = place(said.block2)
        if not more and not first:
            return None
        client, server = message.target, message.source
        code, key = (request.code, request.key) if request is not None else (-1, b"")
        slot = (client, server, code, key)
        body = self._current.get(slot)
        if body is not None and not (body.done and first == 0):
            return body
        path = _path(request.raw) if request is not None else None
        body = self._new(slot, Body(client, server, code, path, False))
        if body is None:
            return None
        if request is None:
            body.begin, body.tries = first, 0
            return body
        if request.confirmable is not None:
            request.confirmable.owner = body
            when, frame = request.confirmable.first, request.confirmable.frames[0]
            body.seen(when, frame, True)
            body.ask(first, 0, 0, True, when, frame)
            body.retransmissions += request.confirmable.copies - 1
        return body

    def _empty(self, message: Message, about: Confirmable) -> None:
        """An ACK without an answer: the answer comes later (RFC 7252 section 5.2.2)."""
        body = about.owner
        if isinstance(body, Body):
            body.seen(message.time, message.frame, message.source == body.client)
            body.promised = body.promised or message.source == body.server

    def _reset(self, message: Message, about: Confirmable | None) -> None:
        body = about.owner if about is not None else None
        if isinstance(body, Body):
            from_client = message.source == body.client
            body.seen(message.time, message.frame, from_client)
            body.reset_by, body.error_frame = "client" if from_client else "server", message.frame

    def _error(self, said: Said, message: Message, request: Request) -> None:
        """An error in answer to a request that is no part of a transfer."""
        # 4.01 with Echo asks the client to prove that it is fresh (RFC 9175 section 2.3): it does, and
        # goes on.
        if said.echo >= 0:
            return
        path = _path(request.raw)
        key = ((*message.target[:3], 0), message.source, said.code, request.code, path)
        errors = self.errors.get(key)
        if errors is None:
            if len(self.errors) >= ERRORS:
                return
            errors = self.errors[key] = Errors(
                message.target, message.source, said.code, request.code, path, first=message.time
            )
        errors.count += 1
        errors.last = message.time
        if len(errors.frames) < EVIDENCE:
            errors.frames.append(message.frame)

    # ------------------------------------------------------------ ICMP

    def _add_quotes(self, packets: Packets) -> None:
        quotes, columns = packets.quotes, packets.columns
        names = ("row", "version", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port")
        of_udp = quotes["transport"] == UDP
        for row, version, *ends in zip(*(quotes[name][of_udp].tolist() for name in names), strict=True):
            src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port = ends
            source, target = (version, src_hi, src_lo, src_port), (version, dst_hi, dst_lo, dst_port)
            reporter = tuple(int(columns[name][row]) for name in ("version", "src_hi", "src_lo"))
            icmp, time, frame = (int(columns[name][row]) for name in ("icmp", "time", "frame"))
            for pair, of_client in (((source, target), True), ((target, source), False)):
                held = self.reports.get(pair)
                if held is None:
                    if len(self.reports) >= REPORTS:
                        continue
                    held = self.reports[pair] = []
                if len(held) < REPORTS_EACH:
                    held.append(
                        Report(reporter[0], icmp >> 8, icmp & 255, reporter, of_client, time, frame)  # type: ignore[arg-type]
                    )


def _latest(request: Request, unknown: int) -> int:
    """When something was last heard of a request, ns."""
    known = [one.last for one in (request.body, request.confirmable) if one is not None]
    return max(known, default=unknown)


@functools.lru_cache(maxsize=4096)
def _is_group(end: Endpoint) -> bool:
    return is_multicast(*end[:3]) or is_broadcast(*end[:3])


def _of_image(raw: bytes) -> bool:
    """Whether a request's path is an image's."""
    return like_image(_path(raw))


def _path(raw: bytes) -> str:
    """The path of a request, as far as its first bytes hold it."""
    token = raw[0] & 15
    # Message identifier and token differ from request to request and say nothing of the path.
    return _path_of(bytes((raw[0] - token, raw[1], 0, 0)) + raw[4 + token :]) if token <= 8 else ""


@functools.lru_cache(maxsize=4096)
def _path_of(raw: bytes) -> str:
    try:
        return parse(raw, True).path
    except DissectError:
        return ""
