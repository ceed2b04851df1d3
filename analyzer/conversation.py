"""A flow with its meaning: who opened it, which protocol it is, what it belongs to.

Classification fills it, sessions and outcomes refine it, compliance reads it. Sides are A and B as in
the FLOWS table until ``forward`` is settled; the properties named originator and responder follow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from analyzer.model import Basis, Confidence, Outcome
from analyzer.protocol import Fit, Reading
from analyzer.tables import Head, QuotedError

T = TypeVar("T")

Address = tuple[int, int, int]
"""``(version, hi, lo)`` as in the tables."""


@dataclass(slots=True)
class Conversation:
    """One row of FLOWS. Pairs are ``(from A, from B)``; times are ns, 0 where a side is silent."""

    row: int
    transport: str
    a: Address
    b: Address
    a_port: int
    b_port: int
    packets: tuple[int, int]
    bytes: tuple[int, int]
    payload: tuple[int, int]
    duplicates: tuple[int, int]
    syn: tuple[int, int]
    synack: tuple[int, int]
    rst: tuple[int, int]
    flags: tuple[int, int]
    first_frame: tuple[int, int]
    last_frame: tuple[int, int]
    first_time: tuple[int, int]
    last_time: tuple[int, int]
    fragments: int
    heads: tuple[tuple[Head, ...], tuple[Head, ...]] = ((), ())
    errors: tuple[QuotedError, ...] = ()
    group: bool = False
    """B is a multicast or broadcast address."""

    # classification
    protocol: str = ""
    """Name of the protocol, empty where none claims or recognises it."""
    fit: Fit = Fit.UNSURE
    """YES: recognised in the payload; NO: the payload contradicts ``claimed``."""
    claimed: str = ""
    """The protocol that claims the port and is contradicted."""
    forward: bool = True
    """A is the originator."""
    confidence: Confidence = "guess"
    basis: Basis = "first-packet"
    readings: tuple[tuple[Reading, ...], tuple[Reading, ...]] = ((), ())
    """What the recognised protocol read in the heads, from A and from B."""
    asks_back: bool = False
    """The responder sends requests of its own on the same ports (CoAP 5683 to 5683)."""
    parent: Conversation | None = None
    legs: list[Conversation] = field(default_factory=list)

    # outcome
    outcome: Outcome = Outcome.ONE_WAY
    why: str = ""

    @property
    def id(self) -> str:
        """The flow's id in a report."""
        return f"f{self.row + 1}"

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
        for side in self.oriented(self.readings):
            for reading in side:
                if reading.fit is Fit.YES and reading.detail:
                    return reading.detail
        return ""

    def evidence(self) -> Iterable[int]:
        """The frames that show the flow: the first and last each way, and of the errors that quote it."""
        frames = [frame for frame in (*self.first_frame, *self.last_frame) if frame]
        frames += [frame for error in self.errors for frame in (error.first_frame, error.last_frame)]
        return sorted(set(frames))
