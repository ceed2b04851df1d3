"""Modes and editions that nobody stated, and the BACnet service on a gateway's host, by the traffic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from analyzer.conversation import Conversation
from analyzer.conversations import Conversations
from analyzer.directory import Directory
from analyzer.kinds import distinct
from analyzer.model import Direction, Edition, Host, Ruleset

BACNET_SERVICE: Final = "igor-bacnet-service"
BACNET_SYSTEM: Final = "bacnet-system"
GATEWAY: Final = "igor-gateway"

Use = tuple[Direction, str, int]
"""``(direction, transport, port)`` seen from a host."""


def settled(
    hosts: Sequence[Host], found: Sequence[Conversation], rulesets: Sequence[Ruleset]
) -> tuple[Host, ...]:
    """``hosts`` with the BACnet service that their traffic implies, and modes and editions it speaks for."""
    hosts = (*hosts, *_implied(hosts, found, rulesets))
    uses = uses_of(hosts, found)
    return tuple(_edition(host, hosts, uses, rulesets) for host in hosts)


# ---------------------------------------------------------------- the BACnet service


def _implied(
    hosts: Sequence[Host], found: Sequence[Conversation], rulesets: Sequence[Ruleset]
) -> Iterable[Host]:
    """The BACnet service on a gateway's host: its BACnet/IP traffic is seen, or a BACnet system declared."""
    known = {role for ruleset in rulesets for role in ruleset.subjects}
    if BACNET_SERVICE not in known or any(BACNET_SERVICE in host.roles for host in hosts):
        return
    directory = Directory(hosts)
    declared = any(BACNET_SYSTEM in host.roles for host in hosts)
    found = Conversations.of(found)
    columns, places = found.columns, found.places
    rows = np.flatnonzero(found.facts["protocol"].among("bacnet"))
    numbers, owners = directory.owners(places.version, places.hi, places.lo)
    speaking: set[int] = set()
    for place, way in ((places.a, "ab"), (places.b, "ba")):
        there = rows[~found.group[rows] | (columns[f"packets_{way}"][rows] > 0)]
        for number in distinct(numbers[place[there]]).tolist():
            speaking |= {id(host) for host in owners[number]}
    for host in hosts:
        if GATEWAY in host.roles and (id(host) in speaking or declared):
            why = (
                "BACnet/IP traffic of the gateway's host"
                if id(host) in speaking
                else "a BACnet system is declared"
            )
            yield replace(
                host,
                name=f"{host.name} (BACnet service)",
                roles=(BACNET_SERVICE,),
                mode="",
                edition="",
                reason=f"implied: {why}",
            )


# ---------------------------------------------------------------- modes and editions


def uses_of(hosts: Sequence[Host], found: Sequence[Conversation]) -> Mapping[int, set[Use]]:
    """What each host entry opens and accepts, by ``id`` of the entry."""
    directory = Directory(hosts)
    uses: dict[int, set[Use]] = defaultdict(set)
    found = Conversations.of(found)
    heads = found.heads
    rows = heads[(found.ported & found.facts["claimed"].among(""))[heads]]
    numbers, owners = directory.owners(found.places.version, found.places.hi, found.places.lo)
    columns, (_, port), ends = (
        found.columns,
        found.pair("port"),
        found.oriented(found.places.a, found.places.b),
    )
    directions: tuple[Direction, Direction] = ("outgoing", "incoming")
    for place, direction in zip(ends, directions, strict=True):
        for row in found.kinds(rows, (numbers[place], columns["transport"], port)).firsts.tolist():
            for host in owners[numbers[place[row]]]:
                uses[id(host)].add((direction, found[row].transport, int(port[row])))
    return uses


def _edition(
    host: Host, hosts: Sequence[Host], uses: Mapping[int, set[Use]], rulesets: Sequence[Ruleset]
) -> Host:
    """``host`` with the mode or edition that the traffic speaks for, where it has none."""
    for role in host.roles:
        for ruleset in rulesets:
            editions = [edition for edition in ruleset.editions if edition.subject == role]
            if any(edition.mode for edition in editions) and not host.mode:
                mode, stated = _mode(ruleset, hosts, uses)
                if mode:
                    spoken = next((edition.id for edition in editions if edition.mode == mode), "")
                    return replace(
                        host,
                        mode=mode,
                        edition="" if stated else spoken,
                        reason=_also(
                            host.reason,
                            f"{mode} mode {'as stated for the site' if stated else 'by its traffic'}",
                        ),
                    )
            elif len(editions) > 1 and not host.version:
                spoken = _spoken(editions, uses.get(id(host), set()))
                if spoken:
                    return replace(
                        host, edition=spoken, reason=_also(host.reason, f"edition {spoken} by its traffic")
                    )
    return host


def _also(reason: str, more: str) -> str:
    return f"{reason}; {more}" if reason else more


def _listed(edition: Edition, use: Use) -> bool:
    direction, transport, port = use
    return (transport, port) in (edition.incoming if direction == "incoming" else edition.outgoing)


def _spoken(editions: Sequence[Edition], uses: set[Use]) -> str:
    """The one edition that lists more of what was used than every other, empty if none does."""
    scores = sorted(
        ((sum(_listed(edition, use) for use in uses), edition.id) for edition in editions), reverse=True
    )
    return scores[0][1] if scores[0][0] > scores[1][0] else ""


def _mode(ruleset: Ruleset, hosts: Sequence[Host], uses: Mapping[int, set[Use]]) -> tuple[str, bool]:
    """The mode of a site, and whether somebody stated it.

    A mode declared for one host holds for all; else it is the one whose editions list most of what was used.
    """
    stated = {host.mode for host in hosts if host.mode and set(host.roles) & set(ruleset.subjects)}
    if len(stated) == 1:
        return next(iter(stated)), True
    scores: dict[str, int] = defaultdict(int)
    for edition in ruleset.editions:
        for host in hosts:
            if edition.subject in host.roles:
                scores[edition.mode] += sum(
                    1
                    for use in uses.get(id(host), ())
                    if _listed(edition, use) and _speaks_for(ruleset, use, edition.mode)
                )
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if ranked and ranked[0][1] and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0], False
    return "", False


def _speaks_for(ruleset: Ruleset, use: Use, mode: str) -> bool:
    """Whether use of a service may count for ``mode``: a service that marks a mode counts for it alone."""
    service = ruleset.services.get((use[1], use[2]))
    return service is None or not service.mode or service.mode == mode
