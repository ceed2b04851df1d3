"""What this capture could have shown: who was seen, for how long, and from where it was taken.

Absence proves nothing unless the capture would have shown the presence. Three questions are answered
here, from the conversations alone: was a host seen sending and receiving unicast, and over which span;
is the capture one-sided (a mirror port that carries one direction); and is there one host that takes part
in every unicast flow, so that the capture was taken at that host and shows only its traffic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from analyzer.conversation import Address, Conversation
from analyzer.protocol import Fit, Says
from analyzer.tables import ACK, SYN

SECOND: Final = 1_000_000_000
ONE_SIDED_FLOWS: Final = 3
"""How many unicast flows a host must send into silence, towards at least two others, before the silence
is the capture's and not the network's. Fewer may well be hosts that are down."""
ARP_REPLY: Final = 1 << 2
"""Opcode 2 among the opcodes that FLOWS keeps for ARP."""


@dataclass(slots=True)
class Span:
    """Earliest and latest time, ns; None before the first packet."""

    first: int | None = None
    last: int | None = None

    def add(self, first: int, last: int) -> None:
        """Widen the span."""
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    @property
    def length(self) -> int:
        """Nanoseconds from first to last, 0 if nothing was seen."""
        return 0 if self.first is None or self.last is None else self.last - self.first


@dataclass(slots=True)
class Sight:
    """What the capture shows of one address: unicast sent and received, and flows into silence."""

    sent: Span = field(default_factory=Span)
    received: Span = field(default_factory=Span)
    unanswered_towards: set[Address] = field(default_factory=set)
    unanswered: int = 0


class Visibility:
    """The sight of every address, and what follows from it."""

    def __init__(self, found: Iterable[Conversation]) -> None:
        self.sights: dict[Address, Sight] = defaultdict(Sight)
        self.one_sided_pairs: set[tuple[Address, Address]] = set()
        """``(seen, unseen)``: the first end's packets prove answers of the other that are not here."""
        towards: dict[tuple[Address, Address], int] = defaultdict(int)
        progressed: set[tuple[Address, Address]] = set()
        points: set[Address] | None = None
        found = list(found)
        self.begin = min((conversation.start for conversation in found), default=0)
        self.end = max((conversation.end for conversation in found), default=0)
        """Time of the first and of the last packet, ns."""
        for conversation in found:
            if conversation.group or conversation.a == conversation.b:
                continue
            ends = (conversation.a, conversation.b)
            for side in (0, 1):
                source, target = ends[side], ends[1 - side]
                if not conversation.packets[side] or not _unicast(conversation, side):
                    continue
                span = conversation.first_time[side], conversation.last_time[side]
                self.sights[source].sent.add(*span)
                self.sights[target].received.add(*span)
                towards[source, target] += conversation.packets[side]
                if not conversation.packets[1 - side]:
                    sight = self.sights[source]
                    sight.unanswered += 1
                    sight.unanswered_towards.add(target)
                    if _progressed_alone(conversation, side):
                        progressed.add((source, target))
            if conversation.ported:
                points = set(ends) if points is None else points & set(ends)
        self.one_sided_pairs = {pair for pair in progressed if not towards.get(pair[::-1])}
        self.points: frozenset[Address] = frozenset(points or ())
        """Addresses that take part in every unicast TCP and UDP flow: the capture was taken at one of
        them. Empty for a mirror that shows more."""
        self.anything = points is not None

    def one_sided(self, source: Address, target: Address) -> bool:
        """Whether answers from ``target`` to ``source`` could not have been seen here."""
        if (source, target) in self.one_sided_pairs:
            return True
        sight = self.sights.get(source)
        if sight is None or sight.received.first is not None:
            return False
        return any(pair[0] == source for pair in self.one_sided_pairs) or (
            sight.unanswered >= ONE_SIDED_FLOWS and len(sight.unanswered_towards) > 1
        )

    def both_ways(self, address: Address) -> int:
        """How long the address was seen both sending and receiving unicast, ns."""
        sight = self.sights.get(address)
        return 0 if sight is None else min(sight.sent.length, sight.received.length)

    def shows_pairs_of(self, address: Address, counterparts: Sequence[Address] | None) -> bool:
        """Whether a flow between ``address`` and any of ``counterparts`` would be in this capture.

        ``counterparts`` None: more addresses than can be listed, so only a mirror or the address's own
        port would show them all. Where two hosts share every flow, nobody can say at which of them the
        capture was taken, and only flows between these two are sure to be shown.
        """
        if not self.points:
            return self.anything
        if len(self.points) == 1 and address in self.points:
            return True
        if counterparts is None or not all(other in self.points for other in counterparts):
            return False
        return len(self.points) == 1 or address in self.points


def _unicast(conversation: Conversation, side: int) -> bool:
    """Whether one side's packets went to the other end alone.

    An ARP request names one host and goes to all (RFC 826), so a mirror of one direction shows those of
    both; only the reply is sent to the asker.
    """
    return conversation.transport != "arp" or bool(conversation.flags[side] & ARP_REPLY)


def _progressed_alone(conversation: Conversation, side: int) -> bool:
    """Whether one side's packets by themselves prove that the other side answered.

    TCP: a handshake is only completed, and data only sent, after the other's SYN-ACK; a bare SYN-ACK
    answers a SYN. CoAP and BACnet: a response answers a request. TFTP: a client learns the server's port
    from its answer (RFC 1350 section 4), and a second distinct data or acknowledgement number is only sent
    after the first was answered.
    """
    if conversation.transport == "tcp":
        flags = conversation.flags[side]
        if conversation.synack[side]:
            return True
        return bool(flags & ACK) and bool(flags & SYN or conversation.payload[side])
    if conversation.transport != "udp" or conversation.fit is not Fit.YES:
        return False
    if any(reading.says is Says.RESPONSE for reading in conversation.readings[side]):
        return True
    if conversation.protocol == "tftp":
        if conversation.parent is not None and conversation.forward is (side == 0):
            return True
        numbers = {head.data[:4] for head in conversation.heads[side] if head.data[:2] in (b"\0\3", b"\0\4")}
        return len(numbers) > 1
    return False
