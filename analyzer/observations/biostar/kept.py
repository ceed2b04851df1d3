"""Which connections have to be remembered while a capture is followed for days: a few of each kind, and those
beside them that tell what they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from analyzer.observation import SECOND
from analyzer.observations.biostar.link import OPENER, Link
from analyzer.observations.biostar.sessions import (
    WATCHED,
    Pair,
    closed_at_once,
    most_at_once,
    silence_of,
)
from analyzer.observations.biostar.upgrades import BULK, NEVER

EACH: Final = 4
"""Connections of a kind that stay: rules here count to three."""
OPEN: Final = 8 * 3600 * SECOND
"""A connection whose end was not seen is over when nothing was heard of it for so long: many times the
keep-alive of both ends."""


def kept(links: Sequence[Link], before: int) -> list[Link]:
    """The connections that stay of ``links``, in order: of those that were over before ``before``, ns, a
    few of each kind."""
    pairs: dict[Pair, list[Link]] = defaultdict(list)
    for link in links:
        pairs[Pair(link.opener[0], *link.listener)].append(link)
    stay: set[int] = set()
    for held in pairs.values():
        stay.update(map(id, _of_pair(held, before)))
    stay.update(map(id, _beside(links, stay)))
    _count(pairs, stay, before)
    return [link for link in links if id(link) in stay]


def _over(link: Link, before: int) -> bool:
    return link.last < (before if link.ended_by is not None else before - OPEN)


def _of_pair(held: Sequence[Link], before: int) -> Iterator[Link]:
    """Those that are not over, the last one, and the first few of each kind."""
    seen: dict[tuple[object, ...], int] = defaultdict(int)
    for link in held:
        kind = _kind(link, held, before)
        seen[kind] += 1
        if seen[kind] <= EACH or not _over(link, before) or link is held[-1]:
            yield link


def _kind(link: Link, held: Sequence[Link], before: int) -> tuple[object, ...]:
    """What is said of a connection, whichever it is."""
    silence = silence_of(link, held, before)
    return (
        *(link.opened, link.established, link.ended_by, link.reset),
        *(closed_at_once(link), link.lasted(before) >= WATCHED, _bulky(link)),
        None if silence is None else silence.over,
    )


def _bulky(link: Link) -> bool:
    """Whether it may have carried an upgrade."""
    return any(side.largest is not None and side.largest.bytes >= BULK for side in link.sides)


def _beside(links: Sequence[Link], stay: set[int]) -> Iterator[Link]:
    """The connections that tell whether a device restarted after one that stays: those of it that were open
    about its end, and the next one."""
    devices: dict[object, list[Link]] = defaultdict(list)
    for link in links:
        devices[_device(link)].append(link)
    for link in links:
        if id(link) not in stay or not _bulky(link):
            continue
        end = link.ended if link.ended_by is not None else link.last
        near = devices[_device(link)]
        yield from [other for other in near if other.begun > end and other.established][:1]
        yield from (other for other in near if other.begun <= end + NEVER and other.last >= link.begun)


def _device(link: Link) -> object:
    return Pair(link.opener[0], *link.listener).device


def _count(pairs: dict[Pair, list[Link]], stay: set[int], before: int) -> None:
    """Note on those that stay what those that go would have told."""
    for held in pairs.values():
        gone = [link for link in held if id(link) not in stay]
        if not gone:
            continue
        first = next(link for link in held if id(link) in stay)
        first.together = most_at_once([link for link in held if link.established], before)
        owners: dict[tuple[object, ...], Link] = {}
        kinds = [_kind(link, held, before) for link in held]
        silences = [silence_of(link, held, before) for link in held]
        for link, kind, silence in zip(held, kinds, silences, strict=True):
            if id(link) not in stay:
                owners[kind].alike += 1 + link.alike
                continue
            owners[kind] = owners.get(kind, link)
            if _over(link, before):
                link.settled = True
                link.silence = None if silence is None else (silence.gap, silence.over)
            elif silence is None:
                link.excused = link.sides[OPENER].gap
