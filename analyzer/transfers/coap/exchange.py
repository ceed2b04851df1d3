"""The CoAP message layer as a state machine: messages in, events out (RFC 7252 section 4).

It knows message identifiers and ends, not tokens or options. Nothing is kept of a message but what a later
one
may refer to, and no more than ``WAITING`` of those.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from analyzer.protocols.coap import ACK, CON, RST
from analyzer.transfers.carrier import Endpoint

SECOND: Final = 1_000_000_000
ACK_TIMEOUT, ACK_RANDOM, MAX_RETRANSMIT = 2 * SECOND, 1.5, 4
MAX_TRANSMIT_WAIT, EXCHANGE_LIFETIME = 93 * SECOND, 247 * SECOND
"""RFC 7252 sections 4.8 and 4.8.2."""
WAITING: Final = 20_000
"""Messages remembered, and of each kind of fault as many."""
EACH: Final = 4
"""Of messages of a kind that were given up long ago as many stay, and the last of all."""
DYNAMIC: Final = 49152
"""Ports from here on are chosen anew each time (RFC 6335 section 6)."""
FRAMES: Final = 8
"""Frames remembered of one message that is sent again and again."""


class Message(NamedTuple):
    """One CoAP message as the layer sees it. Time in ns."""

    source: Endpoint
    target: Endpoint
    kind: int
    code: int
    mid: int
    time: int
    frame: int


class What(enum.Enum):
    """What a message is to those before it."""

    NEW = "new"
    REPEATED = "repeated"
    """The same message again: a retransmission, or an acknowledgement of one."""
    ACKNOWLEDGED = "acknowledged"
    """An ACK for a message that was waiting for one."""
    RESET = "reset"
    """An RST for such a message: its receiver lacks the context to process it (section 4.2)."""
    PONG = "pong"
    """An RST for an empty one, which was sent to see whether the other end lives (section 4.3)."""
    STRAY = "stray"
    """An ACK or RST for a message that is not here, or that was not confirmable (an observer that left)."""


@dataclass(slots=True)
class Confirmable:
    """A message that waits for its acknowledgement, or had it."""

    source: Endpoint
    target: Endpoint
    mid: int
    code: int
    first: int
    last: int
    copies: int = 1
    acknowledged: bool = False
    reset: bool = False
    owner: object = None
    """What its user says it belongs to; the layer only asks whether there is anything."""
    frames: list[int] = field(default_factory=list)
    alike: int = 0
    """Messages of the same kind that were given up long ago, and that this one stands for."""

    @property
    def exhausted(self) -> bool:
        """Whether its sender has used up all retransmissions."""
        return not self.acknowledged and not self.reset and self.copies > MAX_RETRANSMIT

    @property
    def patience(self) -> int:
        """How long after its last copy the next event is due: the next copy, or the sender gives up, ns."""
        waited = ACK_TIMEOUT * ACK_RANDOM * 2 ** min(self.copies - 1, MAX_RETRANSMIT)
        return int(min(waited, MAX_TRANSMIT_WAIT))


class Event(NamedTuple):
    """What happened, and to which confirmable message; None for what is not confirmable."""

    what: What
    about: Confirmable | None = None


class Exchanges:
    """The message layer between all ends."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[Endpoint, Endpoint, int], Confirmable] = {}
        self.given_up: list[Confirmable] = []
        """Those that were sent to exhaustion and make room for later ones."""

    def feed(self, message: Message) -> Event:
        """What ``message`` is, in order of their frames."""
        if message.kind == CON:
            return self._confirmable(message)
        if message.kind in (ACK, RST):
            return self._answer(message)
        return Event(What.NEW)

    def keep(self, one: Confirmable) -> None:
        """Remember ``one`` with all that happened to it so far; what its sender began before, it gave up."""
        key = (one.source, one.target, one.mid)
        before = self.waiting.pop(key, None)
        if before is not None:
            self._give_up(before)
        elif len(self.waiting) >= WAITING:
            for old in list(self.waiting)[: WAITING // 2]:
                self._give_up(self.waiting.pop(old))
        self.waiting[key] = one

    def confirm(self, about: Confirmable | None) -> None:
        """Take an answer as the acknowledgement (section 5.2.2: it may be lost, the answer came)."""
        if about is not None and not about.reset:
            about.acknowledged = True

    def exhausted(self) -> list[Confirmable]:
        """Messages that were repeated to exhaustion and never acknowledged, in the order in which they
        began."""
        found = [one for one in (*self.given_up, *self.waiting.values()) if one.exhausted]
        return sorted(found, key=lambda one: one.frames[0])

    def forget(self, before: int) -> None:
        """Give up what was last heard of before ``before``, ns; a few of a kind that nobody answered stay."""
        for key, one in list(self.waiting.items()):
            if one.last < before:
                del self.waiting[key]
                self._give_up(one)
        groups: dict[tuple[object, ...], list[Confirmable]] = {}
        for one in self.given_up:
            port = one.source[3] if one.source[3] < DYNAMIC else 0
            if one.last < before:
                groups.setdefault((one.source[:3], port, one.target, one.code), []).append(one)
        gone = set()
        for held in groups.values():
            for one in held[EACH:-1]:
                held[EACH - 1].alike += 1 + one.alike
                gone.add(id(one))
        self.given_up = [one for one in self.given_up if id(one) not in gone]

    def _confirmable(self, message: Message) -> Event:
        key = (message.source, message.target, message.mid)
        before = self.waiting.get(key)
        if (
            before is not None
            and before.code == message.code
            and message.time - before.first <= EXCHANGE_LIFETIME
        ):
            before.copies += 1
            before.last = max(before.last, message.time)
            if len(before.frames) < FRAMES:
                before.frames.append(message.frame)
            return Event(What.REPEATED, before)
        one = Confirmable(*key, message.code, message.time, message.time, frames=[message.frame])
        self.keep(one)
        return Event(What.NEW, one)

    def _give_up(self, one: Confirmable) -> None:
        if one.exhausted and one.owner is None and len(self.given_up) < WAITING:
            self.given_up.append(one)

    def _answer(self, message: Message) -> Event:
        about = self.waiting.get((message.target, message.source, message.mid))
        if about is None:
            return Event(What.STRAY)
        if about.acknowledged or about.reset:
            return Event(What.REPEATED, about)
        if message.kind == ACK:
            about.acknowledged = True
            return Event(What.ACKNOWLEDGED, about)
        about.reset = True
        return Event(What.PONG if about.code == 0 else What.RESET, about)
