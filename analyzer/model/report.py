"""What the commands hand to the renderers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from analyzer.model.words import Severity

if TYPE_CHECKING:
    # A report is made of what its command found: no command finds all of it.
    from analyzer.model.attempt import Attempt, Campaign
    from analyzer.model.capture import CaptureInfo
    from analyzer.model.finding import Finding
    from analyzer.model.flow import FlowRecord, Outcome
    from analyzer.model.pair import Pair
    from analyzer.model.sheet import Row, Ruleset
    from analyzer.model.site import Site
    from analyzer.model.transfer import Transfer
    from analyzer.model.words import Status


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row and what the capture says of it. ``outcome`` is that of the attempts where failing."""

    row: Row
    status: Status
    reason: str
    outcome: Outcome | None = None
    flows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostResult:
    """A host as the report lists it."""

    name: str
    addresses: tuple[str, ...]
    roles: tuple[str, ...]
    version: str
    basis: Literal["declared", "inferred"]
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything ``check`` found, in one object that every renderer reads."""

    version: str
    captures: tuple[CaptureInfo, ...]
    site: Site
    hosts: tuple[HostResult, ...]
    rows: tuple[RowResult, ...]
    flows: Sequence[FlowRecord]
    findings: tuple[Finding, ...]
    rulesets: tuple[Ruleset, ...] = ()
    undecoded: Mapping[str, int] = field(default_factory=dict)
    """Reason → frames that were not decoded to the end."""
    transfers: tuple[Transfer, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    half_shown: int = 0
    """Judged flows of which the capture holds one direction and could not have held the other."""
    command: str = ""
    """The command line that asked for the report, without secrets; empty where none did."""

    @property
    def compliant(self) -> bool:
        """No violation."""
        return not any(finding.severity is Severity.VIOLATION for finding in self.findings)


@dataclass(frozen=True, slots=True)
class FirmwareReport:
    """Everything ``firmware`` found: transfers, update attempts, and the findings about them."""

    version: str
    captures: tuple[CaptureInfo, ...]
    site: Site
    hosts: tuple[HostResult, ...]
    transfers: tuple[Transfer, ...]
    attempts: tuple[Attempt, ...] = ()
    findings: tuple[Finding, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    pair: Pair | None = None
    """How the two captures fit together, where two points of one path were compared."""

    @property
    def failed(self) -> bool:
        """Whether any transfer failed."""
        return any(transfer.outcome == "failed" for transfer in self.transfers)
