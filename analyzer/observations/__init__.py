"""Observations: what the behaviour of hosts tells beside their flows, one module or package a protocol.

::

    Watching.add(packets)     beside the flow table, batch by batch, to an observer where there is something
    observe(watching, setting)  when conversations, hosts and transfers are known → Observation

A behaviour is a reading of ours, so what is told here is a warning at the most. Carriers of files tell
observations too, of the faults that no transfer is about (``analyzer.transfers``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from analyzer import model
from analyzer.late import Watching
from analyzer.observation import Ends, Observation, Setting
from analyzer.observations.behaviour import Observer, load


def observers() -> tuple[Watching[Observer], ...]:
    """One of each, to watch one analysis."""
    return tuple(Watching(one.observer) for one in load().values() if one.observer is not None)


def observe(watching: Iterable[Watching[Observer]], setting: Setting) -> Iterator[Observation]:
    """All that they have to tell, and what conversations and transfers tell without them."""
    for one in watching:
        if one.made is not None:
            yield from one.made.observe(setting)
    for behaviour in load().values():
        yield from behaviour.tell(setting)


def attempts(watching: Iterable[Watching[Observer]], setting: Setting) -> tuple[model.Attempt, ...]:
    """Updates that only the behaviour of connections shows: likely ones. Their ids count from ``u1``."""
    return tuple(
        attempt for one in watching if one.made is not None for attempt in one.made.attempts(setting)
    )


def ends(watching: Iterable[Watching[Observer]]) -> Iterator[Ends]:
    """The ends of the flows of which they may still speak."""
    for one in watching:
        if one.made is not None:
            yield from one.made.ends()


def forget(watching: Iterable[Watching[Observer]], before: int) -> None:
    """Give up what ended before ``before``, ns, and what nothing that comes can ask for."""
    for one in watching:
        if one.made is not None:
            one.made.forget(before)


def near(setting: Setting) -> Mapping[int, str]:
    """What comes close to right for attempts that failed, by the flow's row."""
    return {row: said for behaviour in load().values() for row, said in behaviour.near(setting).items()}


__all__ = [
    "Observation",
    "Observer",
    "Setting",
    "Watching",
    "attempts",
    "ends",
    "forget",
    "near",
    "observe",
    "observers",
]
