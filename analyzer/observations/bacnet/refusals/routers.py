"""Routers that do not pass messages on to a network (Reject-Message-To-Network, 6.4.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from analyzer.model import FindingKind, Severity
from analyzer.observation import Observation, Setting, Tally, frames_of, named
from analyzer.observations.bacnet.refusals.count import Rejection
from analyzer.observations.bacnet.refusals.words import between, counted
from analyzer.protocols._bacnet import NETWORK_REJECTS, reason

_BUSY: Final = 2
_TOO_LONG: Final = 4
"""Reasons of Reject-Message-To-Network (6.4.4) that are no fault of the routing."""


def tell(rejections: Mapping[Rejection, Tally], setting: Setting) -> Iterator[Observation]:
    """One observation for each network, reason and two kinds of host."""
    groups: dict[tuple[str, ...], dict[Rejection, Tally]] = defaultdict(dict)
    for key, tally in rejections.items():
        group = setting.asker(key.asker), setting.kind(key.router), str(key.network), str(key.reason)
        groups[group][key] = tally
    for cause, held in groups.items():
        first = next(iter(held))
        flows = setting.flows("udp", held.values())
        everyone = bool(flows) and all(flow.group for flow in flows)
        askers = "everyone" if everyone else named({key.asker for key in held})
        routers = named({key.router for key in held})
        where = f"network {first.network}" if first.network is not None else "a network"
        yield Observation(
            kind=FindingKind.PROTOCOL_ERROR,
            severity=Severity.WARNING,
            key=("bacnet", "network", setting.kind(first.asker), *cause[1:]),
            title=f"router {routers} rejects messages of {askers} to {where}: "
            f"{reason(NETWORK_REJECTS, first.reason)}",
            detail=counted([(between(key.asker, key.router), tally) for key, tally in held.items()])
            + ". Reject-Message-To-Network",
            advice=_routed(first.reason, where, routers),
            frames=frames_of(held.values()),
            flows=flows,
        )


def _routed(reason: int | None, where: str, routers: str) -> str:
    """What to do about a message that a router rejects (6.4.4)."""
    if reason == _BUSY:
        return (
            f"{routers} takes no more messages for {where} for now: that network is slow or overloaded. "
            "Ask less often there, or have the load on it measured."
        )
    if reason == _TOO_LONG:
        return (
            f"{where.capitalize()} carries shorter messages than this one. Ask there for fewer properties at "
            "a time, or lower the maximum APDU length of the device that asks."
        )
    return (
        f"Check the routing table of {routers}, and that {where} is the right number and its router is up. "
        "Devices there cannot be reached while this lasts."
    )
