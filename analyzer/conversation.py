"""A flow with its meaning: who opened it, which protocol it is, what it belongs to.

Classification fills it, sessions and outcomes refine it, compliance reads it. Sides are A and B as in
the FLOWS table until ``forward`` is settled; the properties named originator and responder follow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from analyzer import protocols, transports
from analyzer.model import Basis, Confidence, Outcome
from analyzer.protocol import Fit, Payload, Protocol, Reading
from analyzer.tables import Head, QuotedError

if TYPE_CHECKING:
    from analyzer.conversations import Conversations

T = TypeVar("T")

Address = tuple[int, int, int]
"""``(version, hi, lo)`` as in the tables."""
Readings = tuple[tuple[Reading, ...], tuple[Reading, ...]]
"""What one protocol reads in the heads from A and from B."""


class _Number:
    """A column of FLOWS."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, one: Conversation, _owner: type) -> int:
        return int(one.found.columns[self.name][one.at])


class _Pair:
    """A pair of columns of FLOWS."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self.from_a, self.from_b = f"{name}_ab", f"{name}_ba"

    def __get__(self, one: Conversation, _owner: type) -> tuple[int, int]:
        columns, at = one.found.columns, one.at
        return int(columns[self.from_a][at]), int(columns[self.from_b][at])


class _Fact(Generic[T]):
    """What a stage found out."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, one: Conversation, _owner: type) -> T:
        value: T = one.found.facts[self.name][one.at]
        return value

    def __set__(self, one: Conversation, value: T) -> None:
        one.found.facts[self.name][one.at] = value


class Conversation:
    """One row of FLOWS, seen through its :class:`Conversations`: nothing is kept here, so any number of them
    may be made, and what is set is seen by all. Pairs are ``(from A, from B)``; times are ns, 0 where a side
    is silent.
    """

    __slots__ = ("at", "found")

    def __init__(self, found: Conversations, at: int) -> None:
        self.found, self.at = found, at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Conversation):
            return NotImplemented
        return self.at == other.at and self.found is other.found

    def __hash__(self) -> int:
        return hash((id(self.found), self.at))

    def __repr__(self) -> str:
        return f"<{self.id} {self.transport} {self.a}:{self.a_port} {self.b}:{self.b_port} {self.protocol}>"

    a_port = _Number()
    b_port = _Number()
    packets = _Pair()
    bytes = _Pair()
    payload = _Pair()
    duplicates = _Pair()
    syn = _Pair()
    synack = _Pair()
    rst = _Pair()
    flags = _Pair()
    first_frame = _Pair()
    last_frame = _Pair()
    first_time = _Pair()
    last_time = _Pair()
    fragments = _Number()

    # classification
    protocol = _Fact[str]()
    """Name of the protocol, empty where none claims or recognises it."""
    reader = _Fact[str]()
    """The protocol that the payload was recognised as, empty where it was not."""
    fit = _Fact[Fit]()
    """YES: recognised in the payload; NO: the payload contradicts ``claimed``."""
    claimed = _Fact[str]()
    """The protocol that claims the port and is contradicted."""
    forward = _Fact[bool]()
    """A is the originator."""
    confidence = _Fact[Confidence]()
    basis = _Fact[Basis]()
    asks_back = _Fact[bool]()
    """The responder sends requests of its own on the same ports (CoAP 5683 to 5683)."""

    # outcome
    outcome = _Fact[Outcome]()
    why = _Fact[str]()

    @property
    def row(self) -> int:
        """The row of FLOWS."""
        return self.at

    @property
    def id(self) -> str:
        """The flow's id in a report."""
        return f"f{self.row + 1}"

    @property
    def transport(self) -> str:
        """The transport's name."""
        return transports.name(int(self.found.columns["transport"][self.at]))

    @property
    def a(self) -> Address:
        """Address of A, the source of the flow's first packet."""
        columns, at = self.found.columns, self.at
        return int(columns["version"][at]), int(columns["a_hi"][at]), int(columns["a_lo"][at])

    @property
    def b(self) -> Address:
        """Address of B."""
        columns, at = self.found.columns, self.at
        return int(columns["version"][at]), int(columns["b_hi"][at]), int(columns["b_lo"][at])

    @property
    def group(self) -> bool:
        """B is a multicast or broadcast address."""
        return bool(self.found.group[self.at])

    @property
    def heads(self) -> tuple[tuple[Head, ...], tuple[Head, ...]]:
        """The first distinct payloads each way."""
        return self.found.flows.heads.get(self.at, ((), ()))

    @property
    def errors(self) -> tuple[QuotedError, ...]:
        """The ICMP errors that quote its packets."""
        return self.found.flows.errors.get(self.at, ())

    @property
    def parent(self) -> Conversation | None:
        """The conversation that it is a leg of."""
        return self.found.parents.get(self.at)

    @property
    def legs(self) -> list[Conversation]:
        """The conversations that belong to it."""
        return self.found.legs.get(self.at, [])

    def adopt(self, leg: Conversation) -> None:
        """Make ``leg`` one of its legs."""
        leg.found.parents[leg.at] = self
        self.found.legs.setdefault(self.at, []).append(leg)

    @property
    def readings(self) -> Readings:
        """What the recognised protocol reads in the heads, from A and from B."""
        reader = self.reader
        return self.read_as(protocols.load()[reader]) if reader else ((), ())

    def read_as(self, protocol: Protocol) -> Readings:
        """What ``protocol`` reads in the heads, from A and from B; nothing where it reads no payloads."""
        recognise = protocol.recognise
        if recognise is None:
            return ((), ())
        transport, a, b = self.transport, self.a_port, self.b_port
        from_a, from_b = self.heads
        return (
            tuple([recognise(Payload(head.data, head.wire, transport, a, b)) for head in from_a]),
            tuple([recognise(Payload(head.data, head.wire, transport, b, a)) for head in from_b]),
        )

    @property
    def originator(self) -> Address:
        """Address of the end that opened the flow."""
        return self.a if self.forward else self.b

    @property
    def responder(self) -> Address:
        """Address of the end that was addressed."""
        return self.b if self.forward else self.a

    @property
    def originator_port(self) -> int:
        """Port of the originator, 0 without ports."""
        return self.a_port if self.forward else self.b_port

    @property
    def port(self) -> int:
        """Port of the responder, 0 without ports."""
        return self.b_port if self.forward else self.a_port

    @property
    def ported(self) -> bool:
        """Whether the transport has ports."""
        return self.transport in ("tcp", "udp")

    @property
    def to_group(self) -> bool:
        """The responder is a multicast or broadcast address."""
        return self.group and self.forward

    @property
    def start(self) -> int:
        """Time of the first packet, ns."""
        return min(time for time, count in zip(self.first_time, self.packets, strict=True) if count)

    @property
    def end(self) -> int:
        """Time of the last packet, ns."""
        return max(time for time, count in zip(self.last_time, self.packets, strict=True) if count)

    def oriented(self, pair: tuple[T, T]) -> tuple[T, T]:
        """``(A, B)`` as ``(originator, responder)``."""
        return pair if self.forward else (pair[1], pair[0])

    @property
    def detail(self) -> str:
        """What the payload told: the originator's first line, else the responder's."""
        reader = self.reader
        recognise = protocols.load()[reader].recognise if reader else None
        if recognise is None:
            return ""
        transport, ports = self.transport, (self.a_port, self.b_port)
        for side in self.oriented((0, 1)):
            for head in self.found.flows.heads.side(self.at, side):
                reading = recognise(Payload(head.data, head.wire, transport, ports[side], ports[1 - side]))
                if reading.fit is Fit.YES and reading.detail:
                    return reading.detail
        return ""

    def evidence(self) -> Iterable[int]:
        """The frames that show the flow: the first and last each way, and of the errors that quote it."""
        frames = [frame for frame in (*self.first_frame, *self.last_frame) if frame]
        frames += [frame for error in self.errors for frame in (error.first_frame, error.last_frame)]
        return sorted(set(frames))
