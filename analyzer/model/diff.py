"""What changed between two reports."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzer.model.flow import Outcome, Verdict
from analyzer.model.words import FindingKind, Severity, Status


class Turn(enum.StrEnum):
    """What became of a finding."""

    FIXED = "fixed"
    """Old only, and the new side would have shown it."""
    NEW = "new"
    """New only, and the old side would have shown it."""
    REMAINS = "remains"
    NO_LONGER_JUDGED = "no-longer-judged"
    """Old only, and the new side could not have shown it: no proof of a repair."""
    FIRST_JUDGED = "first-judged"
    """New only, and the old side could not have shown it: no proof of a regression."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, in figures. ``source`` is how the user named it; ``duration`` is ns."""

    source: str
    form: Literal["capture", "report"]
    version: str
    site: str
    compliant: bool
    captures: tuple[str, ...] = ()
    packets: int = 0
    first: str | None = None
    last: str | None = None
    duration: int = 0
    findings: Mapping[str, int] = field(default_factory=dict)
    """Severity → how many."""
    judged: bool = True
    """Whether a sheet has something to say about any of its traffic."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding as one side has it. ``flows`` counts them."""

    id: str
    kind: FindingKind
    severity: Severity
    title: str
    detail: str = ""
    advice: str = ""
    waived: str = ""
    flows: int = 0
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding and what became of it. ``old`` is None where it is new, ``new`` where it is gone.

    ``counts`` says whether it is a fault of the site: a violation or warning about traffic, not a note or
    damage of a capture. ``changed`` says that it remains with another severity, waiver, title or id.
    """

    turn: Turn
    old: Fault | None
    new: Fault | None
    counts: bool
    changed: bool = False
    reason: str = ""
    """Why it could not be judged, or what changed."""

    @property
    def shown(self) -> Fault:
        """The fault to show: the new one where there is one."""
        fault = self.new or self.old
        assert fault is not None  # a change has a side
        return fault


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row whose status changed. NOT_APPLICABLE also stands for a row that one side does not have."""

    id: str
    service: str
    old: Status
    new: Status
    old_reason: str = ""
    new_reason: str = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """All flows of a relation on one side, or of several relations that changed alike.

    ``outcome`` is the best that any flow had. ``rate`` is bytes a second of the captured time.
    """

    verdict: Verdict | None
    outcome: Outcome
    flows: int
    packets: int
    bytes: int
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class RelationChange:
    """Who talks to whom on which port, and what changed. ``old`` is None where it appeared.

    ``originator`` and ``responder`` are roles joined by ``+``, or an address where none is known.
    ``pairs`` are the addresses concerned.
    """

    change: Literal["appeared", "vanished", "changed", "volume"]
    originator: str
    responder: str
    transport: str
    port: int | None
    service: str
    old: Traffic | None
    new: Traffic | None
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything ``diff`` found."""

    version: str
    old: Side
    new: Side
    findings: tuple[FindingChange, ...] = ()
    rows: tuple[RowChange, ...] = ()
    relations: tuple[RelationChange, ...] = ()
    background: Mapping[str, int] = field(default_factory=dict)
    """``appeared`` and ``vanished`` → relations of background traffic, which are no difference."""
    notes: tuple[str, ...] = ()
    """What makes the two sides hard to compare."""

    @property
    def differs(self) -> bool:
        """Whether anything changed that is not mere background."""
        return bool(
            self.rows
            or self.relations
            or any(entry.turn is not Turn.REMAINS or entry.changed for entry in self.findings)
        )

    def count(self, turn: Turn) -> int:
        """Faults (not notes) of which this became."""
        return sum(entry.turn is turn and entry.counts for entry in self.findings)
