"""Observations: what the behaviour of hosts tells beside their flows, one module a protocol.

::

    Late.add(packets)      beside the flow table, batch by batch, to an observer where there is something
    Late.observe(setting)  when conversations, hosts and transfers are known → Observation

A behaviour is a reading of ours, so what is told here is a warning at the most. Carriers of files tell
observations too, of the faults that no transfer is about (``analyzer.transfers``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer import model
from analyzer.observation import Observation, Setting
from analyzer.observations import bacnet, biostar
from analyzer.observations.biostar import near
from analyzer.observations.late import Late
from analyzer.protocols.igor_firmware import PROTOCOL as SIGNALLING


def observers() -> tuple[Late, ...]:
    """One of each, to watch one analysis."""
    return (bacnet.watcher(), biostar.watcher())


def observe(watching: Iterable[Late], setting: Setting) -> Iterator[Observation]:
    """All that they have to tell, and what conversations and transfers tell without them."""
    for one in watching:
        yield from one.observe(setting)
    if setting.found.facts["protocol"].among(SIGNALLING.name).any():
        from analyzer.observations import igor  # noqa: PLC0415 - few captures hold update signalling

        yield from igor.tell(setting)


def attempts(watching: Iterable[Late], setting: Setting) -> tuple[model.Attempt, ...]:
    """Updates that only the behaviour of connections shows: likely ones. Their ids count from ``u1``."""
    return tuple(attempt for one in watching for attempt in one.attempts(setting))


__all__ = ["Late", "Observation", "Setting", "attempts", "near", "observe", "observers"]
