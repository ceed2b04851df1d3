"""BioStar 1: connections judged by how they behave, for nobody outside can read their bytes."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.observation import Setting
from analyzer.observations import late
from analyzer.observations.biostar.pick import AT_DEVICE, wants


def _observer() -> late.Observer:
    from analyzer.observations.biostar.observer import Observer  # noqa: PLC0415 - most sites have no BioStar

    return Observer()


def watcher() -> late.Late:
    """Watches one analysis."""
    return late.Late(wants, _observer)


def near(setting: Setting) -> Mapping[int, str]:
    """What comes close to right for each attempt at a device's port that failed, by the flow's row."""
    if next(setting.using("tcp", *AT_DEVICE), None) is None:
        return {}
    from analyzer.observations.biostar import family  # noqa: PLC0415 - as above

    return family.near(setting)
