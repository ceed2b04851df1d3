"""A verdict and what it rests on: the two ends, their subjects, the rows that speak."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.conversation import Conversation
from analyzer.kinds import Array
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


class Judgements(Mapping[int, Judgement]):
    """The judgement on each row of a flow table; equal relations share one.

    ``kinds`` are the distinct judgements, ``of`` is the number of each row's.
    """

    def __init__(self, of: Array, kinds: Iterable[Judgement]) -> None:
        numbers: dict[int, int] = {}
        self.kinds: list[Judgement] = []
        first = []
        for kind in kinds:
            number = numbers.setdefault(id(kind), len(numbers))
            if number == len(self.kinds):
                self.kinds.append(kind)
            first.append(number)
        self.of = np.array(first, np.int64)[of]

    @classmethod
    def on(cls, found: Sequence[Conversation], judgements: Mapping[int, Judgement]) -> Judgements:
        """``judgements`` by the place of each conversation in ``found``; as they are where they go by
        that."""
        if isinstance(judgements, Judgements):
            return judgements
        return cls(np.arange(len(found)), [judgements[one.row] for one in found])

    def __getitem__(self, row: int) -> Judgement:
        try:
            return self.kinds[int(self.of[row])]
        except IndexError as error:
            raise KeyError(row) from error

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.of)))

    def __len__(self) -> int:
        return len(self.of)

    def where(self, told: Callable[[Judgement], bool]) -> Array:
        """The rows whose judgement ``told`` holds of, in order."""
        wanted = np.array([told(kind) for kind in self.kinds], bool)
        return np.flatnonzero(wanted[self.of])
