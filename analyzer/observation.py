"""What the packets of a protocol tell of a fault, and what is known about the hosts when it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analyzer import transports
from analyzer.addresses import text
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.directory import Directory
from analyzer.kinds import Array, among
from analyzer.model import FindingKind, Host, Severity, Transfer, Verdict
from analyzer.visibility import Visibility

SECOND: Final = 1_000_000_000
FRAMES: Final = 12
"""Frames that a tally keeps: the first half and the last half of what it counts."""
FLOWS: Final = 16
"""Pairs of ends that a tally keeps."""
UNDECLARED: Final = "undeclared"
NAMED: Final = 3
"""Hosts that a sentence names before it only counts them."""

Endpoint = tuple[Address, int]
"""An address and a UDP or TCP port."""
Ends = tuple[str, Endpoint, Endpoint]
"""A transport and the two ends of flows of it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One cause, told. ``severity`` is the most it may weigh; ``key`` names the cause in any capture."""

    kind: FindingKind
    severity: Severity
    key: tuple[str, ...]
    title: str
    detail: str
    advice: str
    frames: tuple[int, ...]
    flows: tuple[Conversation, ...] = ()
    near_miss: str = ""
    explains: str = ""
    """A protocol: where a row of it is missing, this only tells what came close."""


@dataclass(slots=True)
class Tally:
    """How often something was seen, when, in which frames and between which ends, in bounded memory."""

    count: int = 0
    first: int = 0
    last: int = 0
    opening: list[int] = field(default_factory=list)
    closing: list[int] = field(default_factory=list)
    ends: dict[tuple[Endpoint, Endpoint], None] = field(default_factory=dict)

    def add(self, time: int, frame: int, source: Endpoint, target: Endpoint) -> None:
        """Count one more, in frame order."""
        if not self.count:
            self.first = time
        self.count += 1
        self.last = max(self.last, time)
        if len(self.opening) < FRAMES // 2:
            self.opening.append(frame)
        else:
            self.closing = [*self.closing, frame][-FRAMES // 2 :]
        if len(self.ends) < FLOWS:
            self.ends[source, target] = None

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames kept, in order."""
        return (*self.opening, *self.closing)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sheets and the site say of a flow, for whoever saw a fault in it.

    ``ends`` are what its two ends are, for grouping. ``certain``: nothing inferred stands behind the verdict.
    ``waived`` is the site's reason to let it pass, empty without one.
    """

    verdict: Verdict = Verdict.REVIEW
    certain: bool = False
    ends: tuple[str, str] = (UNDECLARED, UNDECLARED)
    waived: str = ""


class Setting:
    """What the judging knows: conversations, hosts, transfers, and what this capture could have shown.

    ``directory`` has the site's entries at an address. ``activities`` are those that the user says took
    place. ``standing`` tells what is said of a flow; a leg stands as its request does.
    """

    def __init__(
        self,
        found: Sequence[Conversation],
        seen: Visibility,
        directory: Directory | None = None,
        transfers: Sequence[Transfer] = (),
        activities: Iterable[str] = (),
        standing: Callable[[Conversation], Standing] = lambda _: Standing(),
    ) -> None:
        self.found, self.seen = Conversations.of(found), seen
        self.directory = directory or Directory(())
        self.transfers, self.activities = transfers, frozenset(activities)
        self.standing = standing

    def hosts(self, address: Address) -> tuple[Host, ...]:
        """The site's entries at an address."""
        return self.directory.at(*address)

    def holding(self, role: str) -> Array:
        """Which of the places of ``found`` hold a role, as booleans."""
        places = self.found.places
        numbers, owners = self.directory.owners(places.version, places.hi, places.lo)
        wanted = np.array([any(role in host.roles for host in hosts) for hosts in owners], bool)
        result: Array = wanted[numbers]
        return result

    def using(self, transport: str, *ports: int) -> Iterator[Conversation]:
        """The conversations that have one of ``ports`` at either end, in order."""
        columns = self.found.columns
        wanted = among(columns["a_port"], ports) | among(columns["b_port"], ports)
        return self.found.at(np.flatnonzero(wanted & (columns["transport"] == transports.number(transport))))

    def flow(self, transport: str, one: Endpoint, other: Endpoint) -> Conversation | None:
        """The last conversation between two ends."""
        row = self.found.between(transports.number(transport), one, other)
        return self.found[row] if row >= 0 else None

    def flows(self, transport: str, tallies: Iterable[Tally]) -> tuple[Conversation, ...]:
        """The conversations that tallies were counted in, each once."""
        rows = {}
        for tally in tallies:
            for one, other in tally.ends:
                flow = self.flow(transport, one, other)
                if flow is not None:
                    rows[flow.row] = flow
        return tuple(rows.values())

    def roles(self, address: Address) -> tuple[str, ...]:
        """All roles held at an address."""
        return tuple(dict.fromkeys(role for host in self.hosts(address) for role in host.roles))

    def kind(self, address: Address) -> str:
        """What a host is, for grouping: its roles, or that it has none."""
        return "+".join(sorted(self.roles(address))) or UNDECLARED

    def asker(self, address: Address) -> str:
        """What an asker is, for grouping: its roles, or who it is. What strangers ask has no common cause."""
        kind = self.kind(address)
        return kind if kind != UNDECLARED else text(*address)

    def same_host(self, one: Address, other: Address) -> bool:
        """Whether a host entry that names addresses, not whole networks, has both."""
        return one == other or any(
            host is entry and not any("/" in net or "-" in net for net in host.networks)
            for host in self.hosts(one)
            for entry in self.hosts(other)
        )


def frames_of(tallies: Iterable[Tally]) -> tuple[int, ...]:
    """Evidence of several tallies: a few frames of each, all of a single one."""
    tallies = list(tallies)
    most = FRAMES if len(tallies) == 1 else 3
    return tuple(sorted({frame for tally in tallies for frame in tally.frames[:most]}))


def named(addresses: Iterable[Address], word: str = "hosts") -> str:
    """``10.0.0.1``, ``10.0.0.1 and 10.0.0.2``, or ``12 hosts (10.0.0.1, 10.0.0.2, 10.0.0.3 …)``."""
    return listed([text(*address) for address in sorted(set(addresses))], word)


def listed(names: Sequence[str], word: str) -> str:
    """A few names in a sentence; many are counted."""
    if len(names) <= NAMED:
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{len(names)} {word} ({', '.join(names[:NAMED])} …)"


def times(count: int) -> str:
    """``once`` or ``3 times``."""
    return "once" if count == 1 else f"{count} times"
