"""The values that the stages hand to each other, beside the tables: frozen, typed, documented.

Words are those of the contract; a field named like a JSON key is that key.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

Direction = Literal["incoming", "outgoing"]
Confidence = Literal["certain", "likely", "guess"]
Basis = Literal["syn", "payload", "session", "multicast", "roles", "ports", "first-packet"]


class Progress(Protocol):
    """Who is told how far reading has come."""

    def start(self, total: int | None) -> None:
        """``total`` bytes will be read; None where that is not known (a stream)."""

    def advance(self, count: int) -> None:
        """``count`` more bytes of input have been used."""

    def finish(self) -> None:
        """All input has been read."""


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


class Status(enum.StrEnum):
    """What the capture says of a row."""

    WORKING = "working"
    ONE_WAY = "one-way"
    FAILING = "failing"
    MISSING = "missing"
    NOT_EXERCISED = "not-exercised"
    NOT_OBSERVABLE = "not-observable"
    NOT_APPLICABLE = "not-applicable"


class Severity(enum.StrEnum):
    """How much a finding weighs. Only a violation makes the exit code 1."""

    VIOLATION = "violation"
    WARNING = "warning"
    NOTE = "note"


class FindingKind(enum.StrEnum):
    """What a finding is about."""

    UNEXPECTED_FLOW = "unexpected-flow"
    DISPUTED_FLOW = "disputed-flow"
    MISSING_FLOW = "missing-flow"
    FAILING_FLOW = "failing-flow"
    PAYLOAD_MISMATCH = "payload-mismatch"
    RETIRED_SERVICE = "retired-service"
    INCOMPATIBLE_VERSIONS = "incompatible-versions"
    UNSUPPORTED_VERSION = "unsupported-version"
    DIRECT_MODE = "direct-mode"
    UNDECLARED_PEER = "undeclared-peer"
    TRANSFER_FAILED = "transfer-failed"
    CAPTURE_PROBLEM = "capture-problem"
    EXPIRED_WAIVER = "expired-waiver"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a capture that could not be used, counted instead of lost in silence.

    ``code`` is a short stable word (``truncated-file``, ``bad-block-length``, ``link-type`` …),
    ``frame`` the first frame it touches (0: none), ``count`` how many frames.
    """

    code: str
    detail: str
    frame: int = 0
    count: int = 1
    damage: bool = True
    """True for damage of the file (a ``capture-problem`` finding); False for frames that simply
    hold nothing for us (a link type without IP, 802.11 management), which are only counted."""


@dataclass(frozen=True, slots=True)
class CaptureInfo:
    """One capture file as it was read. Times are ns since 1970; None without packets."""

    path: str
    sha256: str
    format: str
    link_types: tuple[str, ...]
    packets: int
    bytes: int
    first: int | None
    last: int | None
    first_frame: int
    problems: tuple[Problem, ...]


class Source(NamedTuple):
    """Where a sheet says it."""

    document: str
    section: str


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What we think and the document does not say, with our reason."""

    what: str
    reason: str
    certainty: Literal["certain", "likely", "unknown"] = "likely"
    """How sure we are: ``certain`` rests on a primary source that the reason names."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a ruleset: the legend's entry and what we add to it.

    ``name`` is the legend's text. ``protocol`` is the name of an ``analyzer.protocols`` file.
    ``reply`` says whether an answer is due: True, False, or None where only the payload tells.
    ``due_with`` are the roles whose presence on the site makes the row due in normal operation; empty:
    never due without the user's word. ``pool`` names the ports that are exercised as a group;
    ``paired`` says that incoming and outgoing count as one when the activity is due (push or pull).
    """

    transport: str
    port: int
    name: str
    protocol: str
    activity: str = "operation"
    reply: bool | None = None
    due_with: frozenset[str] = frozenset()
    pool: str = ""
    paired: bool = False
    mode: str = ""
    """The mode that use of this service speaks for, where only one mode has it in earnest."""
    interpretations: tuple[Interpretation, ...] = ()


@dataclass(frozen=True, slots=True)
class Retired:
    """A service that an edition no longer has, and since when."""

    transport: str
    port: int
    name: str
    since: str
    reason: str


@dataclass(frozen=True, slots=True)
class Edition:
    """One table of a sheet.

    ``versions`` is a PEP 440 specifier such as ``>=1.12.1,<=4.5.3``, or empty where the edition is
    chosen by ``mode``. ``incoming`` and ``outgoing`` hold ``(transport, port)`` in the table's own
    order. ``works_with`` maps a counterpart role to the specifier of versions the sheet states.
    """

    id: str
    subject: str
    section: str
    incoming: tuple[tuple[str, int], ...]
    outgoing: tuple[tuple[str, int], ...]
    versions: str = ""
    mode: str = ""
    notes: tuple[str, ...] = ()
    works_with: Mapping[str, str] = field(default_factory=dict)
    retired: tuple[Retired, ...] = ()
    peers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Which roles may be at the other end, by ``"incoming"``/``"outgoing"`` or by
    ``"incoming/tcp/1480"``; nothing stated: the sheet names no peer."""
    interpretations: tuple[Interpretation, ...] = ()
    due_with: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Keys as in ``peers``: where stated, stands in for the service's ``due_with`` in this edition."""
    columns: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)
    """The table's columns as printed, by ``"incoming/tcp"``: a port a line, None for an empty cell.
    Empty where nobody typed the table's lines."""

    def peers_of(self, direction: Direction, transport: str, port: int) -> frozenset[str] | None:
        """Roles that may be at the other end of a row; None where the sheet names no peer."""
        return self.peers.get(f"{direction}/{transport}/{port}", self.peers.get(direction))

    def due_of(self, direction: Direction, service: Service) -> frozenset[str]:
        """Roles whose presence makes a row of this edition due in normal operation."""
        row = self.due_with.get(f"{direction}/{service.transport}/{service.port}")
        return row if row is not None else self.due_with.get(direction, service.due_with)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Antivirus exclusions of a version range. ``only_with`` is a role without which the entry is
    not needed (empty: always)."""

    versions: str
    section: str
    paths: tuple[str, ...]
    processes: tuple[str, ...]
    conditional: Mapping[str, str] = field(default_factory=dict)
    """Process → role that makes it needed (the BACnet service only with a BACnet system)."""


@dataclass(frozen=True, slots=True)
class Background:
    """A protocol that is site infrastructure. ``when`` is ``always``, ``client`` (background where
    the subject opens it, judged where it is addressed) or ``elsewhere`` (background only between
    hosts that are no subjects)."""

    protocol: str
    when: Literal["always", "client", "elsewhere"]
    reason: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One vendor sheet, or the infrastructure list."""

    name: str
    title: str
    vendor: str
    document: str
    file: str
    services: Mapping[tuple[str, int], Service] = field(default_factory=dict)
    editions: tuple[Edition, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    background: tuple[Background, ...] = ()
    notes: tuple[str, ...] = ()
    product: str = ""
    observe_minutes: float | None = None
    """How long a subject must be seen before a due row is missing, where the sheet states its own."""
    temporary_modes: Mapping[str, str] = field(default_factory=dict)
    """Mode → the sheet's words why it is for temporary use only."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The roles this sheet speaks about, in order of appearance."""
        return tuple(dict.fromkeys(edition.subject for edition in self.editions))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the expected matrix. ``applicable`` is False for other editions and modes."""

    id: str
    ruleset: str
    edition: str
    subject: str
    direction: Direction
    transport: str
    port: int
    service: Service
    source: Source
    peers: frozenset[str] | None
    """Roles that may be at the other end; None where the sheet names none."""
    due_with: frozenset[str] = frozenset()
    """Roles whose presence makes the row due in normal operation."""
    applicable: bool = True


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row and what the capture says of it. ``outcome`` is that of the attempts where failing."""

    row: Row
    status: Status
    reason: str
    outcome: Outcome | None = None
    flows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """A host entry of the site: one name, one or more networks, one or more roles.

    ``networks`` are strings as written: an address, a CIDR or a range ``a-b``. ``basis`` is
    ``declared`` or ``inferred``; ``reason`` says why where inferred. ``version`` and ``mode`` are
    empty where unknown.
    """

    name: str
    networks: tuple[str, ...]
    roles: tuple[str, ...]
    version: str = ""
    mode: str = ""
    basis: Literal["declared", "inferred"] = "declared"
    reason: str = ""
    edition: str = ""
    """The edition that the traffic speaks for, where no version or mode was stated: always an inference."""


@dataclass(frozen=True, slots=True)
class Allow:
    """A site's own row, also the waiver of a finding. Ends are host names, roles, networks or
    ``any``; ``port`` None means every port."""

    source: str
    target: str
    transport: str
    port: int | None
    reason: str
    owner: str = ""
    until: datetime.date | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """What the user told us, or what we inferred, about the building."""

    name: str = ""
    hosts: tuple[Host, ...] = ()
    activities: frozenset[str] = frozenset({"operation"})
    allow: tuple[Allow, ...] = ()
    observe_minutes: float | None = None
    declared: bool = True


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


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause that a technician can act on, speaking for all flows that share it."""

    id: str
    kind: FindingKind
    severity: Severity
    title: str
    detail: str
    near_miss: str = ""
    advice: str = ""
    flows: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    wireshark_filter: str = ""
    waived: str = ""


class TransferOutcome(enum.StrEnum):
    """How a transfer ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    IN_PROGRESS = "in-progress"
    UNKNOWN = "unknown"


class Cause(enum.StrEnum):
    """Why a transfer did not complete."""

    NO_RESPONSE = "no-response"
    REFUSED = "refused"
    BLOCKED = "blocked"
    ERROR_NOT_FOUND = "error-not-found"
    ERROR_ACCESS = "error-access"
    ERROR_DISK_FULL = "error-disk-full"
    ERROR_OPTION = "error-option"
    ERROR_OTHER = "error-other"
    DATA_PATH_BLOCKED = "data-path-blocked"
    ACK_PATH_BLOCKED = "ack-path-blocked"
    REPLY_FROM_OTHER_ADDRESS = "reply-from-other-address"
    FRAGMENTS_LOST = "fragments-lost"
    BLOCK_WRAP = "block-wrap"
    MISSING_FINAL_BLOCK = "missing-final-block"
    STALLED = "stalled"
    SIZE_MISMATCH = "size-mismatch"
    WRONG_MODE = "wrong-mode"
    CLIENT_GAVE_UP = "client-gave-up"
    CAPTURE_ENDED = "capture-ended"
    CAPTURE_ONE_SIDED = "capture-one-sided"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file on its way, with all requests for it that belong together.

    ``client`` asked and ``server`` was asked (or answered a request to a group). ``bytes`` and ``blocks``
    are what the receiver acknowledged, ``expected_bytes`` what was announced, ``retransmissions`` the packets
    of either side seen again (copies that the capture made are none). Times are ns since 1970.
    """

    id: str
    protocol: str
    operation: Literal["read", "write"]
    client: str
    server: str
    file: str | None
    mode: str | None
    outcome: TransferOutcome
    cause: Cause | None
    detail: str
    advice: str
    first: int
    last: int
    frames: tuple[int, int]
    requested: Mapping[str, str] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)
    block_size: int | None = None
    window_size: int | None = None
    bytes: int = 0
    expected_bytes: int | None = None
    blocks: int = 0
    retransmissions: int = 0
    longest_gap: int = 0
    """Longest silence between two of its packets, ns."""
    attempts: int = 1
    """Requests sent, repetitions included; 0 where it began before the capture."""
    answered: int | None = None
    """When the first answer came, ns, and its frame."""
    answered_frame: int = 0
    evidence: tuple[int, ...] = ()
    """The frames that show what happened."""
    flows: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Acknowledged bytes per second, 0 for no time at all."""
        span = self.last - self.first
        return self.bytes * 1e9 / span if span > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """A moment of an update: what happened, when (ns since 1970), in which frame."""

    time: int
    frame: int
    what: Literal[
        "announced",
        "requested",
        "transferring",
        "complete",
        "failed",
        "restarted",
        "came-back",
        "never-came-back",
    ]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The transfers and signalling of one node within one span: one attempt to update it.

    ``transfers`` and ``flows`` are ids. ``outcome`` is ``succeeded`` (the image arrived, nothing speaks
    against it), ``transfer-failed``, ``update-failed`` (the image arrived and the node asked for it again or
    never came back), ``in-progress`` or ``unknown``.
    """

    id: str
    node: str
    gateway: str
    outcome: Literal["succeeded", "transfer-failed", "update-failed", "in-progress", "unknown"]
    detail: str
    first: int
    last: int
    timeline: tuple[Event, ...]
    transfers: tuple[str, ...]
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

    @property
    def compliant(self) -> bool:
        """No violation."""
        return not any(finding.severity is Severity.VIOLATION for finding in self.findings)


@dataclass(frozen=True, slots=True)
class FlowReport:
    """Everything ``flows`` found: the flow table without a verdict."""

    version: str
    captures: tuple[CaptureInfo, ...]
    flows: Sequence[FlowRecord]
    undecoded: Mapping[str, int] = field(default_factory=dict)


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

    @property
    def failed(self) -> bool:
        """Whether any transfer failed."""
        return any(transfer.outcome is TransferOutcome.FAILED for transfer in self.transfers)
