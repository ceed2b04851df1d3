"""Observations: what the behaviour of hosts tells beside their flows, one module a protocol.

::

    Observer.add(packets)      beside the flow table, batch by batch
    Observer.observe(setting)  when conversations, hosts and transfers are known → Observation

A behaviour is a reading of ours, so an observation is a warning at the most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from analyzer.observations import bacnet
from analyzer.observations.observation import Observation, Setting
from analyzer.picking import Watcher


class Observer(Watcher, Protocol):
    """Watches packets, and tells what it saw once everything else is known."""

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """What is to be told."""


def observers() -> tuple[Observer, ...]:
    """One of each, to watch one analysis."""
    return (bacnet.Observer(),)


def observe(watching: Iterable[Observer], setting: Setting) -> Iterator[Observation]:
    """All that they have to tell."""
    for one in watching:
        yield from one.observe(setting)


__all__ = ["Observation", "Observer", "Setting", "observe", "observers"]
