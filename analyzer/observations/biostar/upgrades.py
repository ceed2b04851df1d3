"""The picture of a firmware upgrade inside a connection: much data to a device, the end, silence, a return.

The SDK sends firmware over the connection that is open already (BS_UpgradeEx), so nothing else shows it. Much
data may as well be users and templates: the picture is a likelihood, and is called that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from analyzer.addresses import text
from analyzer.model import Attempt, Event
from analyzer.observation import SECOND, Setting
from analyzer.observations.biostar.link import LISTENER, OPENER, Burst, Link
from analyzer.observations.biostar.sessions import Pair, of_devices

BULK: Final = 100_000
"""Bytes in one burst from which on it may be a firmware: the smallest devices' are some hundred kilobytes."""
CLOSED_WITHIN: Final = 60 * SECOND
"""How long after the last byte the connection ends: the device writes its flash first."""
SILENCE: Final = 10 * SECOND
"""How long a device that restarts is not heard at the least."""
NEVER: Final = 180 * SECOND
"""A device that is silent for this long is not restarting any more."""

Outcome = Literal["succeeded", "unknown"]


class Picture(NamedTuple):
    """What is taken for an upgrade: the connection, its burst towards the device, its end, the return."""

    pair: Pair
    link: Link
    burst: Burst
    end: int
    back: Link | None


def upgrades(links: Sequence[Link], setting: Setting) -> tuple[Attempt, ...]:
    """Likely upgrades of declared devices, in order of their beginning; their ids count from ``u1``."""
    devices: dict[object, list[tuple[Pair, Link]]] = defaultdict(list)
    for pair, held in of_devices(links, setting).items():
        devices[pair.device] += [(pair, link) for link in held]
    pictures = [picture for held in devices.values() for picture in _pictures(held, setting)]
    pictures.sort(key=lambda picture: picture.burst.first)
    return tuple(_attempt(f"u{number}", one, setting) for number, one in enumerate(pictures, 1))


def _pictures(held: Sequence[tuple[Pair, Link]], setting: Setting) -> Iterator[Picture]:
    for pair, link in held:
        burst = link.sides[LISTENER if pair.device_side == OPENER else OPENER].largest
        end = link.ended if link.ended_by is not None else link.last
        if burst is None or burst.bytes < BULK or end - burst.last > CLOSED_WITHIN:
            continue
        others = [(p, other) for p, other in held if other is not link]
        if any(_heard(p, other, end) for p, other in others):
            continue
        later = sorted((other for _, other in others if other.begun > end), key=lambda other: other.begun)
        back = next((other for other in later if other.established), None)
        # A device in direct mode that its PC leaves is silent: only what the device does tells of a restart.
        tried = any(not other.established for other in later if back is None or other.begun < back.begun)
        restarts = pair.device_side == OPENER or link.ended_by == LISTENER or tried
        enough = (back.begun if back else setting.seen.end) - end >= SILENCE
        if restarts and enough:
            yield Picture(pair, link, burst, end, back)


def _heard(pair: Pair, other: Link, end: int) -> bool:
    """Whether the device spoke on another connection when it should be restarting, or stayed on it."""
    if other.begun > end:
        return other.begun < end + SILENCE and (pair.device_side == OPENER or other.established)
    return other.sides[pair.device_side].last_data > end + SECOND


def _attempt(name: str, picture: Picture, setting: Setting) -> Attempt:
    pair, link, burst, end, back = picture
    timeline = [
        Event(burst.first, burst.first_frame, "transferring", f"{burst.bytes} bytes in one connection"),
        Event(end, link.end_frame or burst.last_frame, "restarted", "likely: the connection ended, silence"),
    ]
    outcome: Outcome = "unknown"
    if back is not None:
        silence = (back.begun - end) / SECOND
        timeline.append(Event(back.begun, back.frame, "came-back", f"after {silence:.0f} s"))
        outcome, then = "succeeded", f"silence for {silence:.0f} s, connected again"
    elif setting.seen.end - end >= NEVER:
        silence = (setting.seen.end - end) / SECOND
        timeline.append(Event(setting.seen.end, 0, "never-came-back", f"silent for {silence:.0f} s"))
        then = f"and it did not connect again within {silence:.0f} s"
    else:
        then = "and the capture ends before it connects again"
    flows = (setting.flow("tcp", one.opener, one.listener) for one in (link, back) if one is not None)
    return Attempt(
        id=name,
        node=text(*pair.device),
        gateway=text(*pair.other),
        outcome=outcome,
        detail="likely an upgrade inside a BioStar connection, for nobody can read it: "
        f"{burst.bytes} bytes to the device, the end of the connection, {then}",
        first=timeline[0].time,
        last=timeline[-1].time,
        timeline=tuple(timeline),
        transfers=(),
        flows=tuple(dict.fromkeys(flow.id for flow in flows if flow is not None)),
        basis="likely",
    )
