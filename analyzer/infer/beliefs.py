"""What every host is believed to be, settled for all of them together in a few rounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from analyzer.conversation import Address
from analyzer.infer.relations import Party, Relation, around
from analyzer.infer.sheets import Sheets
from analyzer.model import Direction

ATTEMPT: Final = 0.5
"""What an attempt that nobody answered counts for the host that made it; for the other host, nothing."""
MASS: Final = 24.0
"""Evidence from which on only its composition counts: ten thousand flows are no more certain than ten."""
MIDDLE: Final = 8.0
"""What the shape speaks: one host in the middle of several that know only it."""
HEAT: Final = 4.0
"""How much more evidence makes a role e times as likely."""
ROUNDS: Final = 8


def settle(
    hosts: Mapping[Address, Party], sheets: Sheets, given: Mapping[Address, Mapping[str, float]]
) -> None:
    """Give every host its ``belief``: role → likelihood, which add up to 1; none where no sheet fits.

    ``given`` is evidence from beside the sheets, in their weights, by address and role.
    """
    for host in hosts.values():
        able = [
            role
            for role in sheets.roles
            if any((role, "outgoing", relation.key) in sheets.lists for relation in host.opens)
            or any((role, "incoming", relation.key) in sheets.lists for relation in host.accepts)
        ]
        host.belief = dict.fromkeys(able, 1 / len(able)) if able else {}
    for _ in range(ROUNDS):
        after = {
            address: _believe(host, hosts, sheets, given.get(address, {}))
            for address, host in hosts.items()
            if len(host.belief) > 1
        }
        for address, belief in after.items():
            held = hosts[address].belief
            hosts[address].belief = {role: (held[role] + belief[role]) / 2 for role in held}


def _believe(
    host: Party,
    hosts: Mapping[Address, Party],
    sheets: Sheets,
    given: Mapping[str, float],
) -> dict[str, float]:
    """The beliefs of a host that follow from those of its partners."""
    total = 0.0
    scores = dict.fromkeys(host.belief, 0.0)
    sides: tuple[tuple[Direction, list[Relation]], ...] = (
        ("outgoing", host.opens),
        ("incoming", host.accepts),
    )
    for direction, relations in sides:
        for relation in relations:
            far = relation.target if direction == "outgoing" else relation.origin
            other = hosts[far].belief if far in hosts and not relation.group else {}
            weight = relation.weight if relation.answered or relation.group else relation.weight * ATTEMPT
            total += weight
            for role in scores:
                if relation.group:  # whoever could receive it does
                    scores[role] += weight * ((role, direction, relation.key) in sheets.lists)
                else:
                    scores[role] += weight * sheets.explains(role, other, direction, relation.key)
    scale = min(total, MASS) / total if total else 0.0
    mine = len(host.partners)
    theirs = max((len(hub.partners) for hub in around(host, hosts)), default=0)
    shape = sheets.middle if mine > max(theirs, 1) else sheets.around if theirs > max(mine, 1) else ()
    powers = {
        role: (score * scale + given.get(role, 0.0) + (MIDDLE if role in shape else 0.0)) / HEAT
        for role, score in scores.items()
    }
    highest = max(powers.values())
    weights = {role: math.exp(power - highest) for role, power in powers.items()}
    whole = sum(weights.values())
    return {role: weight / whole for role, weight in weights.items()}
