"""Observations: what the behaviour of hosts tells beside their flows, one module a protocol.

::

    Observer.add(packets)      beside the flow table, batch by batch
    Observer.observe(setting)  when conversations, hosts and transfers are known → Observation

A behaviour is a reading of ours, so an observation is a warning at the most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from analyzer.model import Attempt
from analyzer.observations import bacnet, biostar, igor
from analyzer.observations.biostar.family import near
from analyzer.observations.observation import Observation, Setting
from analyzer.picking import Watcher


class Observer(Watcher, Protocol):
    """Watches packets, and tells what it saw once everything else is known."""

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """What is to be told."""


def observers() -> tuple[Observer, ...]:
    """One of each, to watch one analysis."""
    return (bacnet.Observer(), biostar.Observer())


def observe(watching: Iterable[Observer], setting: Setting) -> Iterator[Observation]:
    """All that they have to tell, and what conversations and transfers tell without them."""
    for one in watching:
        yield from one.observe(setting)
    yield from igor.tell(setting)


def attempts(watching: Iterable[Observer], setting: Setting) -> tuple[Attempt, ...]:
    """Updates that only the behaviour of connections shows: likely ones. Their ids count from ``u1``."""
    return tuple(
        attempt for one in watching if isinstance(one, biostar.Observer) for attempt in one.attempts(setting)
    )


__all__ = ["Observation", "Observer", "Setting", "attempts", "near", "observe", "observers"]
