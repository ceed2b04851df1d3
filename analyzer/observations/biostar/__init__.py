"""BioStar 1: connections judged by how they behave, for nobody outside can read their bytes."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.late import Late
from analyzer.observation import Setting
from analyzer.observations import behaviour
from analyzer.observations.biostar.pick import AT_DEVICE, claim, wants


def _observer() -> behaviour.Observer:
    from analyzer.observations.biostar.observer import Observer  # noqa: PLC0415 - most sites have no BioStar

    return Observer()


def _near(setting: Setting) -> Mapping[int, str]:
    if next(setting.using("tcp", *AT_DEVICE), None) is None:
        return {}
    from analyzer.observations.biostar import family  # noqa: PLC0415 - as above

    return family.near(setting)


BEHAVIOUR = behaviour.Behaviour("biostar", Late("biostar", wants, _observer, claim=claim), near=_near)

__all__ = ["BEHAVIOUR"]
