"""What this capture could have shown: who was seen, for how long, and from where it was taken.

Absence proves nothing unless the capture would have shown the presence. Three questions are answered
here, from the conversations alone: was a host seen sending and receiving unicast, and over which span;
is the capture one-sided (a mirror port that carries one direction); and is there one host that takes part
in every unicast flow, so that the capture was taken at that host and shows only its traffic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.kinds import Array, among, distinct
from analyzer.protocol import Fit, Says
from analyzer.tables import ACK, ARP, ICMP, SYN, TCP, UDP, Columns

SECOND: Final = 1_000_000_000
ONE_SIDED_FLOWS: Final = 3
"""How many unicast flows a host must send into silence, towards at least two others, before the silence
is the capture's and not the network's. Fewer may well be hosts that are down."""
ARP_REPLY: Final = 1 << 2
"""Opcode 2 among the opcodes that FLOWS keeps for ARP. A request names one host and goes to all (RFC 826), so
a mirror of one direction shows those of both; only the reply is sent to the asker alone."""


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
    """What the capture shows of one address: unicast sent and received."""

    sent: Span = field(default_factory=Span)
    received: Span = field(default_factory=Span)


class Visibility:
    """The sight of every address, and what follows from it."""

    def __init__(self, found: Sequence[Conversation], pauses: Sequence[tuple[int, int]] = ()) -> None:
        """``pauses`` are the times, ns, in which this capture shows nothing of anybody."""
        self._pauses = pauses
        found = Conversations.of(found)
        self._found = found
        columns, places = found.columns, found.places
        self.places = places
        """The distinct addresses of all ends."""
        self.begin = int(found.start.min()) if len(found) else 0
        self.end = int(found.end.max()) if len(found) else 0
        """Time of the first and of the last packet, ns."""
        unicast = ~found.group & (places.a != places.b)
        arp = columns["transport"] == ARP
        count = len(places)
        self._sent, self._received = _Spans(count), _Spans(count)
        self._into_silence = np.zeros(count, np.int64)
        self._met = np.full(count, 4 * len(found))
        """When each place was met first: ``4 * row``, and whether as source or target, from A or from B."""
        silent: list[tuple[Array, Array]] = []
        heard: list[tuple[Array, Array]] = []
        alone: list[Array] = []
        for side, way, source, target in ((0, "ab", places.a, places.b), (1, "ba", places.b, places.a)):
            flags = columns[f"flags_{way}"]
            shown = unicast & (columns[f"packets_{way}"] > 0) & (~arp | (flags & ARP_REPLY > 0))
            met = 4 * np.flatnonzero(shown) + 2 * side
            # What is all of it needs no copy: there may be millions.
            some = slice(None) if len(met) == len(shown) else shown
            span = columns[f"first_time_{way}"][some], columns[f"last_time_{way}"][some]
            ends = source[some], target[some]
            self._sent.add(ends[0], *span)
            self._received.add(ends[1], *span)
            np.minimum.at(self._met, ends[0], met)
            np.minimum.at(self._met, ends[1], met + 1)
            heard.append(ends)
            unheard = np.flatnonzero(shown & (columns["packets_ba" if side == 0 else "packets_ab"] == 0))
            np.add.at(self._into_silence, source[unheard], 1)
            silent.append((source[unheard], target[unheard]))
            progressed = unheard[_progressed_alone(found, unheard, side)]
            alone.append(source[progressed] * count + target[progressed])
        pairs = distinct(np.concatenate(alone))
        answers = pairs % count * count + pairs // count if len(pairs) else pairs
        towards = [source * count + target for source, target in heard] if len(pairs) else []
        self._blind = pairs[~among(answers, np.concatenate(towards))] if len(pairs) else pairs
        """``source * count + target``: the source's packets prove answers of the target that are not here."""
        self._one_sided = self._sources_without_answers(silent, count)
        self.of_ports = bool((found.ported | (columns["transport"] == ICMP)).all())
        """Whether nothing but TCP, UDP and ICMP is here: perhaps the capture was taken with a filter of
        ports. Such a filter lets no ARP through; ``port 69 or icmp`` is one that people write."""
        self.only_port = self._only_port(columns)
        """The UDP port to which everything here goes, 0 where there is no such port. Hosts that are up for
        minutes do more than that: somebody chose the port."""
        ported = np.flatnonzero(unicast & found.ported)
        self.anything = len(ported) > 0
        self.points: frozenset[Address] = frozenset(
            places.address(place)
            for place in {*places.a[ported[:1]].tolist(), *places.b[ported[:1]].tolist()}
            if ((places.a[ported] == place) | (places.b[ported] == place)).all()
        )
        """Addresses that take part in every unicast TCP and UDP flow: the capture was taken at one of
        them. Empty for a mirror that shows more."""

    def _only_port(self, columns: Columns) -> int:
        if not self.of_ports or self._found.legs or (columns["transport"] == TCP).any():
            return 0
        _, port = self._found.pair("port")
        ports = np.unique(port[columns["transport"] == UDP])
        return int(ports[0]) if len(ports) == 1 else 0

    def _sources_without_answers(self, silent: Sequence[tuple[Array, Array]], count: int) -> Array:
        """The addresses of which this capture shows no answers, as booleans."""
        source, target = (np.concatenate(ends) for ends in zip(*silent, strict=True))
        firsts = np.full(count, -1)
        firsts[source] = target
        several = np.zeros(count, bool)
        several[source[target != firsts[source]]] = True
        proven = np.zeros(count, bool)
        proven[self._blind // max(1, count)] = True
        many: Array = (self._into_silence >= ONE_SIDED_FLOWS) & several
        return ~self._received.seen & self._sent.seen & (proven | many)

    def sight(self, address: Address) -> Sight | None:
        """What the capture shows of one address; None where it shows no unicast of it."""
        place = self.places.find(address)
        if place < 0 or not self.seen[place]:
            return None
        return Sight(self._sent.of(place), self._received.of(place))

    @property
    def met(self) -> Array:
        """The places of :attr:`places` that took part in unicast, in the order in which they did."""
        seen = np.flatnonzero(self.seen)
        met: Array = seen[np.argsort(self._met[seen])]
        return met

    @cached_property
    def seen(self) -> Array:
        """Which of :attr:`places` took part in unicast: booleans, one a place."""
        result: Array = self._sent.seen | self._received.seen
        return result

    @cached_property
    def directions(self) -> Array:
        """In how many directions unicast of each of :attr:`places` was seen: 0, 1 or 2."""
        result: Array = self._sent.seen.astype(np.int64) + self._received.seen
        return result

    @cached_property
    def one_sided_pairs(self) -> frozenset[tuple[Address, Address]]:
        """``(seen, unseen)``: the first end's packets prove answers of the other that are not here."""
        places = self.places
        ends = zip((self._blind // len(places)).tolist(), (self._blind % len(places)).tolist(), strict=True)
        return frozenset((places.address(one), places.address(other)) for one, other in ends)

    def one_sided(self, source: Address, target: Address) -> bool:
        """Whether answers from ``target`` to ``source`` could not have been seen here."""
        places = self.places
        one, other = places.find(source), places.find(target)
        if one < 0:
            return False
        return bool(self._one_sided[one]) or (other >= 0 and one * len(places) + other in self._blind)

    def one_sided_rows(self) -> Array:
        """Of which rows of FLOWS the answers could not have been seen here: booleans, one a row."""
        places = self.places
        source, target = self._found.oriented(places.a, places.b)
        return self._unheard(source, target)

    def half_shown(self) -> Array:
        """The rows, as booleans, of which the capture holds one direction and could not hold the other."""
        places, columns = self.places, self._found.columns
        sent = [columns[f"packets_{way}"] > 0 for way in ("ab", "ba")]
        result: Array = sent[0] & ~sent[1] & self._unheard(places.a, places.b)
        result |= sent[1] & ~sent[0] & self._unheard(places.b, places.a)
        return result & ~self._found.group

    def _unheard(self, source: Array, target: Array) -> Array:
        """For each pair of places: whether packets from target to source could not have been seen here."""
        result: Array = self._one_sided[source]
        if len(self._blind):
            result = result | among(source * len(self.places) + target, self._blind)
        return result

    @cached_property
    def both_ways(self) -> Array:
        """How long each of :attr:`places` was seen both sending and receiving unicast, ns, without the
        pauses."""
        result: Array = np.minimum(self._watched(self._sent), self._watched(self._received))
        return result

    def _watched(self, spans: _Spans) -> Array:
        length: Array = np.where(spans.seen, spans.last - spans.first, 0)
        for begin, end in self._pauses:
            length[(spans.first <= begin) & (end <= spans.last)] -= end - begin
        return length

    def shows_pairs(self, counterparts: Sequence[Address] | None) -> Array:
        """Whether a flow between each of :attr:`places` and any of ``counterparts`` would be in this capture.

        ``counterparts`` None: more addresses than can be listed, so only a mirror or the address's own
        port would show them all. Where two hosts share every flow, nobody can say at which of them the
        capture was taken, and only flows between these two are sure to be shown.
        """
        if not self.points:
            return np.full(len(self.places), self.anything)
        here = among(np.arange(len(self.places)), [self.places.find(point) for point in self.points])
        shared = counterparts is not None and all(other in self.points for other in counterparts)
        return here | shared if len(self.points) == 1 else here & shared


class _Spans:
    """A span of time for each place."""

    def __init__(self, count: int) -> None:
        limit = np.iinfo(np.int64)
        self.first, self.last = np.full(count, limit.max), np.full(count, limit.min)

    def add(self, place: Array, first: Array, last: Array) -> None:
        np.minimum.at(self.first, place, first)
        np.maximum.at(self.last, place, last)

    @property
    def seen(self) -> Array:
        result: Array = self.first <= self.last
        return result

    def of(self, place: int) -> Span:
        return Span(int(self.first[place]), int(self.last[place])) if self.seen[place] else Span()


def _progressed_alone(found: Conversations, rows: Array, side: int) -> Array:
    """Whether in each of ``rows`` one side's packets by themselves prove that the other side answered."""
    columns, facts, way = found.columns, found.facts, "ab" if side == 0 else "ba"
    # Of TFTP the block numbers count, so its flows are asked one by one.
    numbered = np.where(facts["protocol"].among("tftp"), found.all + 1, 0)
    firsts, of = found.kinds(
        rows,
        (
            columns["transport"],
            columns[f"flags_{way}"] & (ACK | SYN),
            columns[f"synack_{way}"] > 0,
            columns[f"payload_{way}"] > 0,
            found.payloads,
            *(facts[name].codes for name in ("fit", "protocol", "reader")),
            numbered,
        ),
    )
    proof = np.array([_progressed(found[row], side) for row in firsts.tolist()], bool)
    return proof[of]


def _progressed(conversation: Conversation, side: int) -> bool:
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
