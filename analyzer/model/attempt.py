"""Updates: what one node went through, and the nodes of one gateway seen as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


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
    reason: Literal["", "asked-again", "never-came-back"] = ""
    """What speaks against an update whose image arrived."""
    came_back: bool | None = None
    """Whether the node was heard after its image arrived; None where the capture does not tell."""
    basis: Literal["certain", "likely"] = "certain"
    """``likely``: no transfer was read, the behaviour of a connection looks like an update."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A node of a campaign whose last attempt did not succeed, and where it stopped."""

    node: str
    attempt: str
    outcome: str
    where: str


@dataclass(frozen=True, slots=True)
class Outlier:
    """A node of a campaign far from the median of its peers: ``rate`` in bytes per second, or counts."""

    node: str
    transfer: str
    what: Literal["slow", "retransmissions"]
    value: float
    median: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """The updates of several nodes from one gateway; each node counts once, with its last attempt.

    ``outcomes`` counts nodes by outcome.
    """

    id: str
    gateway: str
    nodes: int
    outcomes: Mapping[str, int]
    stopped: tuple[Stopped, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    attempts: tuple[str, ...] = ()
