"""Devices that are looked for and devices that say they are there: Who-Is and I-Am (ANSI/ASHRAE 135, 16.10).

Two causes are told: a device or range that somebody keeps looking for and nobody is, and one device instance
that two devices claim. Both need care, for a capture shows a part of the building only:

- an I-Am may go to the asker alone, so its absence proves something only where the asker's own traffic is
  in the capture; and the asker behind a BBMD is answered in its own subnet;
- one device may be seen at several places: directly, passed on by a BBMD, by one router or another, with
  two network cards, or at a new address after DHCP gave it one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from analyzer.addresses import is_broadcast, looks_broadcast
from analyzer.conversation import Address
from analyzer.model import FindingKind, Severity
from analyzer.observation import (
    SECOND,
    Observation,
    Setting,
    Tally,
    frames_of,
    listed,
    named,
    times,
)
from analyzer.observations.bacnet.sighting import Party, Sighting
from analyzer.protocols.bacnet import i_am, who_is

KEPT: Final = 65_536
"""Device instances, and searches, that are remembered."""
ORIGINS: Final = 8
"""Devices remembered that claim one instance."""
LEARNED: Final = 16
"""I-Am of one device from which it is learned who asks it and where it answers; more tell nothing new."""
UNSET: Final = 4_194_303
"""The instance of a device that nobody has given one yet (12.11.1); everybody's in a Who-Is range."""
ANSWER_WITHIN: Final = 10 * SECOND
"""How long after a Who-Is an I-Am still answers it: devices wait a random time to spare the network."""
APART: Final = SECOND
"""Searches closer together than this are one: a program asks on all its networks at once."""
ENOUGH: Final = 3
"""Searches without an answer from which on somebody keeps looking."""
EXAMPLES: Final = 3
"""Devices that do answer the asker, cited beside those that do not."""
SWEEP: Final = 20
"""Searches for different ranges from which on an asker goes through all numbers, whoever has them."""

Range = tuple[int, int]


@dataclass(slots=True)
class Search:
    """Who-Is of one asker for one range. ``local``: not only seen as a BBMD passed it on."""

    asker: Party
    tally: Tally = field(default_factory=Tally)
    moments: int = 0
    latest: int = 0
    local: bool = False


@dataclass(slots=True)
class Claim:
    """I-Am of one device for one instance: the askers that it answered, the addresses that it was sent to."""

    party: Party
    tally: Tally = field(default_factory=Tally)
    asked_by: set[Address] = field(default_factory=set)
    heard_at: set[Address] = field(default_factory=set)


class Devices:
    """Searches and claims of a capture."""

    def __init__(self) -> None:
        self.searches: dict[tuple[object, Range], Search] = {}
        self.claims: dict[int, dict[object, Claim]] = {}
        self.rivals: dict[int, set[object]] = {}
        """Instance → identities that claimed it at the same time."""
        self._recent: deque[tuple[int, Range, Address]] = deque(maxlen=64)
        self._latest: dict[int, object] = {}

    def add(self, seen: Sighting) -> None:
        """Look at one message, in frame order."""
        npdu = seen.message.npdu
        if npdu is None or npdu.apdu is None:
            return
        wanted = who_is(npdu.apdu)
        if wanted is not None:
            self._search(seen, wanted)
        elif (npdu.apdu.type, npdu.apdu.service) == (1, 8):
            self._recent.append((seen.time, (0, UNSET), seen.speaker.address))
        instance = i_am(npdu.apdu)
        if instance is not None and instance != UNSET and not is_broadcast(*seen.speaker.address):
            self._claim(seen, instance)

    def _search(self, seen: Sighting, wanted: Range) -> None:
        asker = seen.speaker
        self._recent.append((seen.time, wanted, asker.address))
        if wanted[0] > wanted[1] or wanted == (0, UNSET):
            return
        key = asker.identity, wanted
        search = self.searches.get(key)
        if search is None:
            if len(self.searches) >= KEPT:
                return
            search = self.searches[key] = Search(asker)
        search.tally.add(seen.time, seen.frame, seen.source, seen.target)
        search.local = search.local or not seen.forwarded
        if not search.moments or seen.time - search.latest >= APART:
            search.moments += 1
            search.latest = seen.time

    def _claim(self, seen: Sighting, instance: int) -> None:
        party = seen.speaker
        held = self.claims.get(instance)
        if held is None:
            if len(self.claims) >= KEPT:
                return
            held = self.claims[instance] = {}
        claim = held.get(party.identity)
        again = claim is not None and self._latest.get(instance) != party.identity
        if claim is None:
            if len(held) >= ORIGINS:
                return
            claim = held[party.identity] = Claim(party)
        if claim.tally.count < LEARNED:
            claim.heard_at.add(seen.target[0])
            claim.asked_by.update(
                asker
                for time, (low, high), asker in self._recent
                if low <= instance <= high and seen.time - time <= ANSWER_WITHIN
            )
        for identity, other in held.items():
            near = abs(seen.time - other.tally.last) <= ANSWER_WITHIN
            met = claim.heard_at & other.heard_at or claim.asked_by & other.asked_by
            if identity != party.identity and met and (near or again) and not _nobody(party, other.party):
                self.rivals.setdefault(instance, set()).update((identity, party.identity))
        claim.tally.add(seen.time, seen.frame, seen.source, seen.target)
        self._latest[instance] = party.identity


def _nobody(*parties: Party) -> bool:
    """Whether one of them may be a broadcast address: somebody said I-Am in its name, and it is no device.

    In a wider subnet a device may have such an address, so that it is found where it is looked for.
    """
    return any(looks_broadcast(*party.address) for party in parties)


# ---------------------------------------------------------------- telling


def tell(devices: Devices, setting: Setting) -> Iterator[Observation]:
    """One observation for each asker that looks in vain, and for each instance with two owners."""
    yield from _in_vain(devices, setting)
    yield from _twice(devices, setting)


def _in_vain(devices: Devices, setting: Setting) -> Iterator[Observation]:
    instances = sorted(devices.claims)
    askers: dict[tuple[object, bool], dict[Range, Search]] = defaultdict(dict)
    ranges: dict[object, int] = defaultdict(int)
    for (identity, wanted), search in devices.searches.items():
        ranges[identity] += 1
        place = bisect_left(instances, wanted[0])
        found = place < len(instances) and instances[place] <= wanted[1]
        if not found and _kept_on(search, setting.seen.end):
            shown = _would_show(search, setting)
            if shown is not None and (shown or wanted[0] == wanted[1]):
                askers[identity, shown][wanted] = search
    for (identity, shown), held in askers.items():
        one = all(low == high for low, high in held)
        certain = shown and one and ranges[identity] <= SWEEP
        severity = Severity.WARNING if certain else Severity.NOTE
        yield _vain(held, severity, devices, setting, shown=shown)


def _kept_on(search: Search, end: int) -> bool:
    """Whether the asker repeated itself, and the capture went on for long enough after that."""
    late = search.latest > end - ANSWER_WITHIN
    return search.moments - late >= ENOUGH


def _would_show(search: Search, setting: Setting) -> bool | None:
    """Whether an I-Am would be in this capture, also one sent to the asker alone; None: no word on that.

    It would where the capture was taken at the asker, or shows the unicast traffic of several hosts and the
    asker's among it; and where the Who-Is went to hosts that are in this capture. Where one other host takes
    part in all unicast traffic nobody can say. A Who-Is that only a BBMD passed on is answered elsewhere.
    """
    if not search.local:
        return None
    address, seen = search.asker.address, setting.seen
    asked = [target[0] for _, target in search.tally.ends]
    if not any(flow.group for flow in setting.flows("udp", [search.tally])):
        return (
            all(seen.sight(host) is not None and not seen.one_sided(address, host) for host in asked) or None
        )
    sight = seen.sight(address)
    if sight is None or sight.received.first is None:
        return None
    return not seen.points or seen.points == {address}


def _vain(
    held: dict[Range, Search], severity: Severity, devices: Devices, setting: Setting, *, shown: bool
) -> Observation:
    first = next(iter(held.values()))
    wanted = sorted(held)
    names = [f"{low}" if low == high else f"{low} to {high}" for low, high in wanted]
    word = "device" if all(low == high for low, high in wanted) else "devices"
    what = f"{word} {listed(names, 'ranges')}" if len(names) <= 3 else f"{len(names)} device ranges"
    asked = "; ".join(
        f"Who-Is {names[place]}, {times(held[wanted[place]].moments)}" for place in range(min(3, len(names)))
    )
    there = sorted(devices.claims)
    said = (
        f"Devices that said I-Am: {listed([str(one) for one in there], 'devices')}"
        if there
        else "No device said I-Am in this capture"
    )
    answered = [
        claim.tally
        for claims in devices.claims.values()
        for claim in claims.values()
        if first.asker.address in claim.asked_by
    ]
    tallies = [*(search.tally for search in held.values()), *answered[:EXAMPLES]]
    return Observation(
        kind=FindingKind.FAILING_FLOW,
        severity=severity,
        key=("bacnet", "who-is", "" if shown else "hidden", setting.kind(first.asker.address), *names[:8]),
        title=f"{first.asker.name} keeps looking for BACnet {what}: "
        + ("no I-Am answers" if shown else "this capture does not tell whether it answers"),
        detail=f"{asked}. {said}" + ("" if shown else f". {_hidden(first.asker.name, setting)}"),
        near_miss=_nearest(wanted, there),
        advice="Check that the device is on, and that its instance number is the one that is looked for. "
        "If it is in another subnet, a BBMD there and one here must know each other, or the asker must "
        "register as a foreign device; if it is here, compare the broadcast address of the Who-Is with "
        "the subnet's mask. A device that is gone should be taken out of the configuration of "
        f"{first.asker.name}.",
        frames=frames_of(tallies),
        flows=setting.flows("udp", tallies),
    )


def _hidden(asker: str, setting: Setting) -> str:
    where = named(setting.seen.points)
    return (
        f"All unicast traffic here is that of {where}: an I-Am that another device sends to {asker} alone "
        f"would not be seen. A capture at {asker} tells"
    )


def _nearest(wanted: list[Range], there: list[int]) -> str:
    """The instance that is nearest to the one looked for: a slip of the pen is a likely cause."""
    if len(wanted) != 1 or wanted[0][0] != wanted[0][1] or not there:
        return ""
    number = wanted[0][0]
    best = min(there, key=lambda one: (not _slip(one, number), abs(one - number)))
    return f"device {best} is there, and its number differs in one digit" if _slip(best, number) else ""


def _slip(one: int, other: int) -> bool:
    """Whether two numbers differ in one digit, or in one that is missing or doubled."""
    long, short = sorted((str(one), str(other)), key=len, reverse=True)
    if len(long) == len(short):
        return sum(a != b for a, b in zip(long, short, strict=True)) == 1
    return len(long) == len(short) + 1 and any(
        long[:place] + long[place + 1 :] == short for place in range(len(long))
    )


def _twice(devices: Devices, setting: Setting) -> Iterator[Observation]:
    for instance, identities in sorted(devices.rivals.items()):
        claims = [claim for identity, claim in devices.claims[instance].items() if identity in identities]
        apart: list[Claim] = []
        for claim in claims:
            address = claim.party.address
            known = claim.party.network is None and any(
                other.party.network is None and setting.same_host(address, other.party.address)
                for other in apart
            )
            if not known and address[0] == claims[0].party.address[0]:
                apart.append(claim)
        if len(apart) < 2:
            continue
        apart.sort(key=lambda claim: claim.party.address)
        names = [claim.party.name for claim in apart]
        told = "; ".join(
            f"{claim.party.name} said so {times(claim.tally.count)}, to "
            f"{named(claim.heard_at)}" + (f", asked by {named(claim.asked_by)}" if claim.asked_by else "")
            for claim in apart
        )
        yield Observation(
            kind=FindingKind.DUPLICATE_DEVICE,
            severity=Severity.WARNING,
            key=("bacnet", str(instance)),
            title=f"BACnet device {instance} is claimed by {listed(names, 'devices')}",
            detail=f"{told}. An instance number is one device's on the whole internetwork (clause 12.11.1)",
            near_miss="perhaps one device with two addresses",
            advice="Give one of the two another instance number, then let the BACnet systems search "
            f"again. If {names[0]} and {names[1]} are one device with two addresses, enter both addresses "
            "in one host of the site file.",
            frames=frames_of(claim.tally for claim in apart),
            flows=setting.flows("udp", (claim.tally for claim in apart)),
        )
