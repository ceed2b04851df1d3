"""BACnet: refusals, devices that nobody is or that two are, messages that never become whole."""

from __future__ import annotations

from analyzer.observations import late
from analyzer.observations.bacnet.pick import wants


def _observer() -> late.Observer:
    from analyzer.observations.bacnet.observer import Observer  # noqa: PLC0415 - most sites have no BACnet

    return Observer()


def watcher() -> late.Late:
    """Watches one analysis."""
    return late.Late(wants, _observer)
