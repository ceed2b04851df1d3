"""What the behaviour of hosts tells in one protocol, and who watches it.

A file or package beside this one that holds ``BEHAVIOUR`` is one; the folder is the registry.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from analyzer import model, registry
from analyzer.late import Late
from analyzer.observation import Ends, Observation, Setting
from analyzer.tables import Packets

SHARED: Final = frozenset({"behaviour"})
"""Modules of this folder that are no protocol's."""


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

    def forget(self, before: int) -> None:
        """Give up what ended before ``before``, ns, and what nothing that comes can ask for."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One protocol. A module that declares it imports what it takes to tell inside functions.

    ``observer`` watches packets beside the flow table. ``tell`` is what conversations and transfers tell
    without it. ``near`` is what comes close to right for attempts that failed, by the flow's row.
    """

    name: str
    observer: Late[Observer] | None = None
    tell: Callable[[Setting], Iterable[Observation]] = lambda _: ()
    near: Callable[[Setting], Mapping[int, str]] = lambda _: {}


@functools.cache
def load() -> Mapping[str, Behaviour]:
    """Every protocol of this folder by name, in alphabetical order; read once.

    Raises ``ImportError``, see :func:`analyzer.registry.entry`.
    """
    names = registry.names([str(Path(__file__).parent)], SHARED)
    return MappingProxyType(
        {name: registry.entry(__package__, name, "BEHAVIOUR", Behaviour) for name in names}
    )
