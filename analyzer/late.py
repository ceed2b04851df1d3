"""Watchers of packets that are made when there is something for them: most captures hold nothing of most
protocols.

What declares one is light, for every check imports it: which packets it wants, and a function that imports
what the watcher itself is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from analyzer.picking import Claim, Sift, Wants
from analyzer.tables import Packets


class Adder(Protocol):
    """Takes consecutive batches, whole or as far as it wants them, in frame order."""

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added."""


W = TypeVar("W", bound=Adder)


@dataclass(frozen=True, slots=True)
class Late(Generic[W]):
    """A watcher that ``make`` gives. It travels to other processes: its functions are those of modules.

    ``wants`` says what the watcher's ``add`` looks at. What it names of a batch has to be the same as what it
    names of the part of the batch that it named: a capture that is read in segments hands over only that.

    ``claim`` gives what the watcher reads with :func:`analyzer.picking.rows_of` of every batch, if anything.
    ``begins`` says whether a watcher that has seen nothing yet would keep anything of a batch, where not all
    that it wants makes it begin. ``sift`` is what the watcher asks of every batch with
    :func:`analyzer.picking.sifted`, if anything.
    """

    name: str
    wants: Wants
    make: Callable[[], W]
    begins: Callable[[Packets], bool] | None = None
    claim: Callable[[], Claim] | None = None
    sift: Sift | None = None

    def due(self, packets: Packets) -> bool:
        """Whether a batch is the first to hold something for the watcher."""
        if self.begins is not None:
            return self.begins(packets)
        wanted = self.wants(packets)
        return bool(len(wanted.rows) or len(wanted.quotes))


class Watching(Generic[W]):
    """One analysis' watcher of one declaration. ``made`` is None until a batch holds something for it."""

    def __init__(self, late: Late[W]) -> None:
        self._late = late
        self.made: W | None = None

    @property
    def wants(self) -> Wants:
        """What ``add`` needs of a batch."""
        return self._late.wants

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What is to be sorted out of a batch before it is added."""
        return () if self._late.claim is None else (self._late.claim(),)

    @property
    def sifts(self) -> tuple[Sift, ...]:
        """What is to be found of a batch before it is added."""
        return () if self._late.sift is None else (self._late.sift,)

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, whole or picked."""
        if self.made is None and self._late.due(packets):
            self.made = self._late.make()
        if self.made is not None:
            self.made.add(packets)
