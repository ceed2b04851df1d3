"""BACnet: refusals, devices that nobody is or that two are, messages that never become whole."""

from __future__ import annotations

from analyzer.late import Late
from analyzer.observations import behaviour
from analyzer.observations.bacnet.pick import claim, sift, wants


def _observer() -> behaviour.Observer:
    from analyzer.observations.bacnet.observer import Observer  # noqa: PLC0415 - most sites have no BACnet

    return Observer()


BEHAVIOUR = behaviour.Behaviour("bacnet", Late("bacnet", wants, _observer, claim=claim, sift=sift))

__all__ = ["BEHAVIOUR"]
