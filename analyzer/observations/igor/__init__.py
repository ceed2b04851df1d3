"""Igor: its update signalling, as far as conversations and transfers show it."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.observation import Observation, Setting
from analyzer.observations import behaviour
from analyzer.protocols.igor_firmware import PROTOCOL as SIGNALLING


def _tell(setting: Setting) -> Iterable[Observation]:
    if not setting.found.facts["protocol"].among(SIGNALLING.name).any():
        return ()
    from analyzer.observations.igor import signalling  # noqa: PLC0415 - few captures hold any

    return signalling.tell(setting)


BEHAVIOUR = behaviour.Behaviour("igor", tell=_tell)

__all__ = ["BEHAVIOUR"]
