"""A flow as reports show it: what the network did with it, and what the sheets say of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, NamedTuple

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
