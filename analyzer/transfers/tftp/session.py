"""One TFTP transfer as a state machine: packets in, state out (RFC 1350, 1123, 2347, 2348, 2349, 7440).

A :class:`Session` is one request with its repetitions, from one client port. Each server port that answers
it is a :class:`Leg` of its own: a server may answer every repetition of a request from a new port, several
servers may answer a broadcast, and a server may answer from port 69 or from another address. Nothing is kept
of a packet but what it changes, so a transfer costs the same memory whatever its length.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from analyzer.outcomes import TIMER
from analyzer.protocols.tftp import DEFAULT_BLOCK, OPTIONS, Error, Oack, Request
from analyzer.transfers.carrier import Endpoint

NUMBERS: Final = 1 << 16
HALF: Final = 1 << 15
LEGS: Final = 64
"""Server ports kept of one request; a flood of forged answers must not cost memory."""
ERRORS_KEPT: Final = 32
"""ICMP errors kept of one request."""
SKIPPED: Final = 4096
"""Blocks remembered as not yet seen, for packets out of order; a window that loses some skips them."""
QUICK: Final = 100_000_000
"""A packet repeated within this time, ns, was not repeated by a timer: those wait seconds."""
DOUBLED: Final = 4
"""Blocks in a row that come twice at once before it is called a pattern."""


class Report(NamedTuple):
    """An ICMP error that quotes a packet of the transfer. ``of_client`` says who had sent that packet."""

    version: int
    type: int
    code: int
    of_client: bool
    reporter: tuple[int, int, int]
    other: Endpoint
    """The end of the quoted packet that is not the client."""
    time: int
    frame: int


class Failure(NamedTuple):
    """An ERROR packet."""

    code: int
    message: str
    from_client: bool
    time: int
    frame: int


@dataclass(slots=True)
class Leg:
    """The packets between the client and one server port.

    ``sent`` is the number of the highest block on the wire and ``acked`` that of the highest acknowledged,
    both counted on beyond 65535. ``top`` is the length of block ``sent``, None where it was not seen.
    """

    server: Endpoint
    reads: bool
    block_size: int = DEFAULT_BLOCK
    asked_size: int | None = None
    window: int = 1
    accepted: Mapping[str, str] = field(default_factory=dict)
    oacks: int = 0
    began_late: bool = False

    sent: int = 0
    label: int = 0
    """The number of block ``sent`` as on the wire."""
    top: int | None = None
    acked: int = 0
    acks_of_nothing: int = 0
    """ACK 0: to an OACK, or to a write request."""
    wraps_to_one: bool = False
    skipped: OrderedDict[int, None] = field(default_factory=OrderedDict)

    packets: list[int] = field(default_factory=lambda: [0, 0])
    """From the server, from the client."""
    repeated: list[int] = field(default_factory=lambda: [0, 0])
    """Packets seen again since the last progress, from the server and from the client."""
    retransmissions: int = 0
    first_time: int = 0
    first_frame: int = 0
    progress_time: int = 0
    progress_frame: int = 0
    last_time: list[int] = field(default_factory=lambda: [0, 0])
    last_frame: list[int] = field(default_factory=lambda: [0, 0])
    block_time: int = 0
    doubled: int = 0
    doubled_most: int = 0
    failure: Failure | None = None
    fragmented: int = 0
    """DATA packets that came in IP fragments, and how many fragments of them were due and seen."""
    fragments_due: int = 0
    fragments_seen: int = 0
    apart: int = 0
    """How long before the client's first packet the server's stand that nobody had asked for yet, ns."""
    misdirected: int = 0
    """Packets of the client that belong here and went to the request's port instead."""

    @property
    def final(self) -> bool:
        """Whether block ``sent`` is the last one of the file."""
        return self.top is not None and self.sent > 0 and self.top < self.block_size

    @property
    def client_spoke(self) -> bool:
        """Whether the client took up this leg: said anything but "unknown transfer ID"."""
        refused = self.failure is not None and self.failure.from_client and self.failure.code == 5
        return self.packets[1] > refused

    def answer(self, time: int, frame: int, from_client: bool) -> None:
        """Count a packet."""
        side = 1 if from_client else 0
        if not self.first_time:
            self.first_time = self.progress_time = time
            self.first_frame = self.progress_frame = frame
        self.packets[side] += 1
        self.last_time[side] = max(self.last_time[side], time)
        self.last_frame[side] = frame

    def data(self, number: int, length: int, from_client: bool, time: int, frame: int) -> None:
        """A DATA packet with ``length`` bytes of the file."""
        if from_client is self.reads:
            return
        ahead = (number - self.label - 1) % NUMBERS
        if self.label == NUMBERS - 1 and number == 1:
            # After 65535 some count on from 1: no RFC says which. In a window block 0 may only be late.
            ahead, self.wraps_to_one = 0, True
        elif self.wraps_to_one and number == 0 and self.label <= self.window:
            self.wraps_to_one = False
            self.sent += 1
            self.acked += self.acked >= NUMBERS
            return
        block = self.sent - (self.label - number) % NUMBERS
        if ahead < HALF or block < 0:  # nothing comes before the first block: the capture lacks many
            self._advance(ahead, number, length, time, frame)
        else:
            self._repeat(block, length, from_client, time)

    def _advance(self, ahead: int, number: int, length: int, time: int, frame: int) -> None:
        """A block beyond all others, after ``ahead`` that were not seen."""
        if not any(self.repeated):
            self.doubled = 0
        self._progress(time, frame)
        self._skip(self.sent + ahead + 1)
        self.sent += ahead + 1
        self.label, self.top = number, length
        self.block_time = time
        self._sized(self.sent, length)

    def _skip(self, beyond: int) -> None:
        """The blocks before ``beyond`` that were not seen may come later."""
        first = self.sent + (not self.sent or self.top is not None)
        if 0 < beyond - first < SKIPPED:
            self.skipped.update(dict.fromkeys(range(first, beyond)))
            while len(self.skipped) > SKIPPED:
                self.skipped.popitem(last=False)

    def _repeat(self, block: int, length: int, from_client: bool, time: int) -> None:
        """A block up to ``sent``: late, or seen again."""
        if block == self.sent and self.top is None:
            self.top = length
            self._sized(block, length)
        elif block in self.skipped:
            del self.skipped[block]
            self._sized(block, length)
        elif block > 0:
            self._again(from_client)
            if block == self.sent and time - self.block_time < QUICK:
                self.doubled += 1
                self.doubled_most = max(self.doubled_most, self.doubled)

    def _sized(self, block: int, length: int) -> None:
        if block == 1 and not self.oacks and length == self.asked_size:
            self.block_size = length  # the OACK is not in the capture
        self.block_size = max(self.block_size, length)

    def _progress(self, time: int, frame: int) -> None:
        self.progress_time, self.progress_frame = max(self.progress_time, time), frame
        self.repeated = [0, 0]

    def _again(self, from_client: bool) -> None:
        self.repeated[from_client] += 1
        self.retransmissions += 1

    def ack(self, number: int, from_client: bool, time: int, frame: int) -> None:
        """An ACK packet."""
        if from_client is not self.reads:
            return
        behind = (self.label - number) % NUMBERS
        block = self.sent - behind
        if behind >= HALF or block < 0:
            block += NUMBERS
        if block <= 0:
            if self.acks_of_nothing or self.acked:
                self._again(from_client)
            else:
                self._progress(time, frame)
            self.acks_of_nothing += 1
        elif block > self.sent and self.failure is not None:
            return  # some clients acknowledge an ERROR
        elif block > self.acked:
            self._progress(time, frame)
            self.acked = block
            if block > self.sent:
                # Its DATA is not in the capture, or comes later.
                self._skip(block)
                self.sent, self.label, self.top = block, number, None
        else:
            self._again(from_client)

    def oack(self, packet: Oack, from_client: bool, time: int, frame: int) -> None:
        """An OACK packet: the options in force (RFC 2347)."""
        if from_client:
            return
        self.oacks += 1
        if self.oacks > 1:
            self._again(from_client)
            return
        self._progress(time, frame)
        self.accepted = packet.options
        self.block_size = number_of(packet.options.get("blksize"), 8, 65464) or self.block_size
        self.window = number_of(packet.options.get("windowsize"), 1, 65535) or 1

    def error(self, packet: Error, from_client: bool, time: int, frame: int) -> None:
        """An ERROR packet: it ends the leg, it is neither acknowledged nor repeated (RFC 1350 section 7)."""
        if self.failure is None:
            self.failure = Failure(packet.code, packet.message, from_client, time, frame)


def number_of(value: str | None, low: int, high: int) -> int | None:
    """An option's value as a number in its range, None where it is none."""
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 20:
        return None
    number = int(value)
    return number if low <= number <= high else None


@dataclass(slots=True)
class Session:
    """One request with its repetitions from one client port, and all that answered.

    ``request`` is None for a transfer that began before the capture; ``asked`` is the addressed end.
    """

    client: Endpoint
    asked: Endpoint
    request: Request | None
    to_group: bool = False
    writes: bool = False
    """Where there is no request: the client sends the file."""
    requests: int = 0
    first_time: int = 0
    first_frame: int = 0
    last_time: int = 0
    last_frame: int = 0
    last_request: int = 0
    last_request_frame: int = 0
    insisted: bool = False
    """Whether the request came again, from the same port, when a client's timer runs out."""
    longest_gap: int = 0
    legs: dict[Endpoint, Leg] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    folded: list[Session] = field(default_factory=list)
    """Earlier requests of the same transfer, from other ports or unheeded repetitions."""
    alike: int = 0
    """Transfers of the same kind that were over long ago, and that this one stands for."""

    @property
    def reads(self) -> bool:
        """Whether the client fetches the file."""
        return not self.writes if self.request is None else self.request.operation == "read"

    @property
    def asks(self) -> int:
        """Requests sent, those of earlier ports included."""
        return sum(one.requests for one in (*self.folded, self))

    @property
    def requested(self) -> Mapping[str, str]:
        """The options asked for."""
        return self.request.options if self.request is not None else {}

    def seen(self, time: int, frame: int) -> None:
        """Count a packet of the transfer, whoever sent it."""
        if not self.first_frame:
            self.first_time, self.first_frame, self.last_time = time, frame, time
        self.longest_gap = max(self.longest_gap, time - self.last_time)
        self.first_time = min(self.first_time, time)
        self.last_time, self.last_frame = max(self.last_time, time), frame

    def ask(self, time: int, frame: int) -> None:
        """The request, or a repetition of it."""
        self.seen(time, frame)
        self.insisted |= self.requests > 0 and time - self.last_request in TIMER
        self.requests += 1
        self.last_request, self.last_request_frame = max(self.last_request, time), frame

    def leg(self, server: Endpoint) -> Leg | None:
        """The leg of a server port; a new one where it is the first packet. None beyond LEGS."""
        leg = self.legs.get(server)
        if leg is None and len(self.legs) < LEGS:
            leg = self.legs[server] = Leg(server, self.reads)
            leg.asked_size = number_of(self.requested.get("blksize"), 8, 65464)
        return leg

    def best(self) -> Leg | None:
        """The leg that the client took up: with its words, else with the most progress."""
        if not self.legs:
            return None
        return max(
            self.legs.values(),
            key=lambda leg: (leg.acked, leg.acks_of_nothing > 0, leg.client_spoke, leg.sent, leg.oacks > 0),
        )

    def report(self, error: Report) -> None:
        """An ICMP error about one of its packets."""
        if len(self.reports) < ERRORS_KEPT:
            self.reports.append(error)

    @property
    def retransmissions(self) -> int:
        """Packets sent again, over all legs and requests."""
        return max(0, self.requests - 1) + sum(leg.retransmissions for leg in self.legs.values())

    @property
    def ended(self) -> bool:
        """Whether the transfer is over as far as its packets tell: complete, or ended by an ERROR."""
        leg = self.best()
        return leg is not None and ((leg.final and leg.acked >= leg.sent) or leg.failure is not None)

    @property
    def progressed(self) -> bool:
        """Whether the client took up an answer, or data was acknowledged."""
        return any(
            leg.acked or (leg.acks_of_nothing if leg.reads else leg.sent) for leg in self.legs.values()
        )


def strange_options(session: Session, leg: Leg) -> str:
    """What makes an OACK illegal: an option that was not asked for, a larger block than asked for."""
    for name, value in leg.accepted.items():
        if name in OPTIONS and name not in session.requested:
            return f"the server confirms {name}, which was not asked for"
        if name == "blksize":
            asked, given = number_of(session.requested.get(name), 8, 65464), number_of(value, 8, 65464)
            if asked is not None and given is not None and given > asked:
                return f"the server raises blksize from {asked} to {given}"
    return ""
