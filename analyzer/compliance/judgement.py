"""A verdict and what it rests on: the two ends, their subjects, the rows that speak."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from analyzer.matrix import Subject
from analyzer.model import Host, Retired, Row, Verdict


class Says(enum.Enum):
    """What one end's sheets say."""

    NOTHING = "no subject here"
    LISTED = "listed"
    UNLISTED = "not listed"
    UNKNOWN = "no edition covers this version"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a conversation: the host entries at its address, and the subjects they are."""

    hosts: tuple[Host, ...] = ()
    subjects: tuple[Subject, ...] = ()
    everyone: bool = False
    """A group address: ``subjects`` are all that could receive."""

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles held here, in the site's order."""
        return (
            () if self.everyone else tuple(dict.fromkeys(role for host in self.hosts for role in host.roles))
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a conversation, and what it rests on."""

    verdict: Verdict
    reason: str
    ends: tuple[End, End]
    rows: tuple[Row, ...] = ()
    unlisted: tuple[Subject, ...] = ()
    """The subjects whose sheets do not list it."""
    retired: Retired | None = None
    undeclared: bool = False
    """The far end is in no site file."""
    certain: bool = True
    """Nothing inferred stands behind the verdict."""
