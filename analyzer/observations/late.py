"""Observers that are made when there is something to observe: most captures hold none of most protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from analyzer import model
from analyzer.observation import Ends, Observation, Setting
from analyzer.picking import Wants
from analyzer.tables import Packets


class Observer(Protocol):
    """Watches packets, and tells what it saw once everything else is known."""

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, whole or picked."""

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """What is to be told."""

    def attempts(self, setting: Setting) -> tuple[model.Attempt, ...]:
        """Updates that only the behaviour of connections shows: likely ones. Their ids count from ``u1``."""

    def ends(self) -> Iterable[Ends]:
        """The ends of the flows of which it may still speak."""


class Late:
    """An observer that ``make`` gives when a batch first holds what it ``wants``. Without one it tells
    nothing."""

    def __init__(self, wants: Wants, make: Callable[[], Observer]) -> None:
        self.wants = wants
        self.made: Observer | None = None
        self._make = make

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, whole or picked."""
        if self.made is None and len(self.wants(packets).rows):
            self.made = self._make()
        if self.made is not None:
            self.made.add(packets)

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """What is to be told of all that was added."""
        return self.made.observe(setting) if self.made is not None else ()

    def attempts(self, setting: Setting) -> tuple[model.Attempt, ...]:
        """As :meth:`Observer.attempts`."""
        return self.made.attempts(setting) if self.made is not None else ()

    def ends(self) -> Iterable[Ends]:
        """As :meth:`Observer.ends`."""
        return self.made.ends() if self.made is not None else ()
