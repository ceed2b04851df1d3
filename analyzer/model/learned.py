"""A sheet drafted from traffic that is known to be good."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.model.capture import CaptureInfo
from analyzer.model.sheet import Direction


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """A port that hosts of one role open or accept, and the traffic that says so.

    ``protocol`` is a protocol's name or ``unknown``, ``name`` what a sheet would call the service. ``peers``
    are the roles at the other end, None where one of those hosts has none. ``groups`` are the multicast and
    broadcast addresses sent to. ``hosts`` are the role's own. ``replied``: whether any reply was seen.
    """

    role: str
    direction: Direction
    transport: str
    port: int
    protocol: str
    name: str
    activity: str
    flows: int
    hosts: tuple[str, ...]
    peers: frozenset[str] | None
    groups: tuple[str, ...] = ()
    replied: bool = True


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Traffic that was not learned: ``why``, what it was, how many flows."""

    why: str
    what: str
    flows: int


@dataclass(frozen=True, slots=True)
class Learned:
    """A ruleset in the making: one edition a role, its rows in order of role, direction, transport, port.

    ``background`` is infrastructure that was seen: it is recognised by itself and belongs in no sheet.
    """

    version: str
    captures: tuple[CaptureInfo, ...]
    name: str
    rows: tuple[LearnedRow, ...]
    background: tuple[LeftOut, ...] = ()
    left: tuple[LeftOut, ...] = ()
