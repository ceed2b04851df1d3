"""What a vendor's sheet says, with our readings of it apart, and the rows that follow for a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Direction = Literal["incoming", "outgoing"]


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
