"""Refusals: BVLC results that are no success, Errors, Rejects, Aborts, and routers that reject a network."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.observation import Observation, Setting
from analyzer.observations.bacnet.refusals import results, routers, services
from analyzer.observations.bacnet.refusals.count import Refusals


def tell(refusals: Refusals, setting: Setting) -> Iterator[Observation]:
    """One observation for each cause between the same two kinds of host."""
    yield from results.tell(refusals.results, refusals.accepted, setting)
    yield from services.tell(refusals.refusals, setting)
    yield from routers.tell(refusals.rejections, setting)


__all__ = ["Refusals", "tell"]
