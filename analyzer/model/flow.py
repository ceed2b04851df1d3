"""A flow as reports show it: what the network did with it, and what the sheets say of it."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, overload

from analyzer.model.cells import Cells, Coded

if TYPE_CHECKING:
    from analyzer.model.capture import CaptureInfo

Confidence = Literal["certain", "likely", "guess"]
Basis = Literal["syn", "payload", "session", "multicast", "roles", "ports", "first-packet"]


class Outcome(enum.StrEnum):
    """What the network did with a flow."""

    ANSWERED = "answered"
    REFUSED = "refused"
    BLOCKED = "blocked"
    UNANSWERED = "unanswered"
    ONE_WAY = "one-way"


class Verdict(enum.StrEnum):
    """What the sheets say of a flow."""

    EXPECTED = "expected"
    DISPUTED = "disputed"
    UNEXPECTED = "unexpected"
    INFRASTRUCTURE = "infrastructure"
    OUT_OF_SCOPE = "out-of-scope"
    REVIEW = "review"


SPOKEN: Final = frozenset({Verdict.EXPECTED, Verdict.DISPUTED, Verdict.UNEXPECTED})
"""The verdicts that a sheet gave."""

GRAVITY: Final = (
    Verdict.UNEXPECTED,
    Verdict.DISPUTED,
    Verdict.REVIEW,
    Verdict.EXPECTED,
    Verdict.OUT_OF_SCOPE,
    Verdict.INFRASTRUCTURE,
)
"""All verdicts, the gravest first: it speaks for several."""

TOGETHER: Final = 1024
"""Records made at a time: what they have in common is worked out once, and they take a megabyte."""


class Endpoint(NamedTuple):
    """One end of a flow. ``port`` is None without ports, ``roles`` empty where none is known."""

    address: str
    port: int | None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """One flow as reports show it. Pairs are ``(from originator, from responder)``.

    ``first`` and ``last`` are ns since 1970, ``frames`` the first and last frame number.
    ``verdict`` is None in a flow report without a verdict.
    """

    id: str
    transport: str
    protocol: str
    service: str
    originator: Endpoint
    responder: Endpoint
    confidence: Confidence
    basis: Basis
    packets: tuple[int, int]
    bytes: tuple[int, int]
    first: int
    last: int
    frames: tuple[int, int]
    outcome: Outcome
    verdict: Verdict | None = None
    reason: str = ""
    rows: tuple[str, ...] = ()
    parent: str | None = None
    waived: str = ""
    """The waiver's reason where an ``allow`` entry covers the flow."""
    detail: str = ""
    """What the payload told, one line, with a stranger's bytes in it."""
    flags: tuple[str, str] = ("", "")
    """TCP flags seen each way, as letters in Wireshark's order, for example ``SAP``."""
    fragments: int = 0
    duplicates: tuple[int, int] = (0, 0)


class Alike(NamedTuple):
    """Flows that differ only in host, time and size. ``originators`` and ``responders`` count addresses."""

    example: FlowRecord
    """The first of them."""
    flows: int
    originators: int
    responders: int


class Records(Sequence[FlowRecord]):
    """Flow records, and what renderers ask of all of them at once; here by a look at each.

    Where records are made of columns, the answers are too (:mod:`analyzer.pipeline.records`).
    """

    def __init__(self, records: Sequence[FlowRecord]) -> None:
        self._records = records

    @staticmethod
    def of(records: Sequence[FlowRecord]) -> Records:
        """``records`` from anywhere."""
        return records if isinstance(records, Records) else Records(records)

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, at: int) -> FlowRecord: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[FlowRecord]: ...
    def __getitem__(self, at: int | slice) -> FlowRecord | Sequence[FlowRecord]:
        return self._records[at]

    def __iter__(self) -> Iterator[FlowRecord]:
        return iter(self._records)

    def totals(self) -> tuple[int, int]:
        """Packets and bytes of all."""
        return sum(sum(one.packets) for one in self), sum(sum(one.bytes) for one in self)

    def verdicts(self) -> Mapping[Verdict, int]:
        """How many flows have each verdict; none of a verdict that no flow has."""
        return Counter(one.verdict for one in self if one.verdict is not None)

    def guessed(self) -> bool:
        """Whether the direction of any flow is a guess."""
        return any(one.confidence == "guess" for one in self)

    def alike(self, verdict: Verdict | None = None) -> list[Alike]:
        """The flows, with one verdict if any is given, by transport, port, service, roles and outcome.

        In order of their first flow. A leg goes to a port that says nothing: all of its kind are alike.
        """
        groups: dict[tuple[object, ...], list[FlowRecord]] = {}
        for one in self:
            if verdict is None or one.verdict is verdict:
                port = (
                    "*" if one.parent is not None and one.responder.port is not None else one.responder.port
                )
                ends = one.originator.roles, one.responder.roles
                key = one.transport, port, one.service or one.protocol, *ends, one.outcome
                groups.setdefault(key, []).append(one)
        return [
            Alike(
                some[0],
                len(some),
                len({one.originator.address for one in some}),
                len({one.responder.address for one in some}),
            )
            for some in groups.values()
        ]

    def cells(self) -> Iterator[Mapping[str, Cells]]:
        """The records, some at a time, as columns: their fields, the parts of ends and pairs each by itself.

        Sent is from the originator, received from the responder.
        """
        coming = iter(self)
        while some := list(islice(coming, TOGETHER)):
            yield {name: Coded.of(map(tell, some)) for name, tell in PARTS.items()}


PARTS: Final[Mapping[str, Callable[[FlowRecord], Any]]] = {
    "id": lambda one: one.id,
    "transport": lambda one: one.transport,
    "protocol": lambda one: one.protocol,
    "service": lambda one: one.service,
    "originator_address": lambda one: one.originator.address,
    "originator_port": lambda one: one.originator.port,
    "originator_roles": lambda one: one.originator.roles,
    "responder_address": lambda one: one.responder.address,
    "responder_port": lambda one: one.responder.port,
    "responder_roles": lambda one: one.responder.roles,
    "confidence": lambda one: one.confidence,
    "basis": lambda one: one.basis,
    "packets_sent": lambda one: one.packets[0],
    "packets_received": lambda one: one.packets[1],
    "bytes_sent": lambda one: one.bytes[0],
    "bytes_received": lambda one: one.bytes[1],
    "first": lambda one: one.first,
    "last": lambda one: one.last,
    "first_frame": lambda one: one.frames[0],
    "last_frame": lambda one: one.frames[1],
    "outcome": lambda one: one.outcome,
    "parent": lambda one: one.parent,
    "detail": lambda one: one.detail,
    "flags_sent": lambda one: one.flags[0],
    "flags_received": lambda one: one.flags[1],
    "fragments": lambda one: one.fragments,
    "duplicates_sent": lambda one: one.duplicates[0],
    "duplicates_received": lambda one: one.duplicates[1],
    "verdict": lambda one: one.verdict,
    "reason": lambda one: one.reason,
    "rows": lambda one: one.rows,
    "waived": lambda one: one.waived,
}
"""A record in parts: every one is a single value."""


@dataclass(frozen=True, slots=True)
class FlowReport:
    """Everything ``flows`` found: the flow table without a verdict."""

    version: str
    captures: tuple[CaptureInfo, ...]
    flows: Sequence[FlowRecord]
    undecoded: Mapping[str, int] = field(default_factory=dict)
