"""Who is what, from who opens which service to whom: a host is the role whose rows explain its traffic.

Every relation between two hosts speaks for the pairs of roles whose sheets list it at both ends. What one end
is depends on what the other one is, so the beliefs of all hosts are settled together, in a few rounds. A
sheet that names its subject's only peer says as well that the peer is in the middle: where one host has
several partners and they have only it, it is that peer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from analyzer.addresses import is_broadcast, is_multicast, is_unspecified
from analyzer.conversation import Address, Conversation
from analyzer.infer.beliefs import settle
from analyzer.infer.relations import Party, Relation, around, parties
from analyzer.infer.sheets import FAINT, WEAK, Key, Sheets
from analyzer.model import Ruleset

ENOUGH: Final = 2 * WEAK
"""Evidence a role needs: one service of the vendor's own, or two of the open ones."""
DECIDED, CERTAIN = 0.8, 0.9
"""Belief from which on a role is likely, or certain where the evidence is broad too."""
LEAD: Final = 0.05
"""Belief by which the first must lead the second to be called at all."""

Level = Literal["certain", "likely", "unsure"]


@dataclass(frozen=True, slots=True)
class Hint:
    """Something beside the sheets that speaks for a role."""

    address: Address
    role: str
    weight: float
    reason: str


@dataclass(frozen=True, slots=True)
class Guess:
    """What one host is. ``role`` is empty where two roles explain its traffic equally; ``rivals`` are they.

    ``enough``: the evidence is what only such equipment, or several services of it, would leave.
    ``frames`` are the first frames of the relations that speak for it.
    """

    address: Address
    role: str
    level: Level
    enough: bool
    reasons: tuple[str, ...]
    rivals: tuple[str, ...]
    partners: tuple[Address, ...]
    frames: tuple[int, ...]
    telling: float = 0
    """Weight of the services that only such equipment uses."""


def guess(
    found: Sequence[Conversation],
    rulesets: Sequence[Ruleset],
    proven: Collection[tuple[Address, Address]] = frozenset(),
    hints: Iterable[Hint] = (),
) -> list[Guess]:
    """What each host with such traffic is, in order of address.

    ``proven`` are pairs of hosts of which one's packets prove the other's answers, which are not here.
    """
    sheets = Sheets(rulesets)
    hosts = parties(found, sheets, proven)
    given: dict[Address, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    said: dict[tuple[Address, str], list[str]] = defaultdict(list)
    for hint in hints:
        given[hint.address][hint.role] += hint.weight
        said[hint.address, hint.role].append(hint.reason)
    settle(hosts, sheets, given)
    return [
        _guess(address, hosts, sheets, said)
        for address in sorted(hosts)
        if hosts[address].belief and (hosts[address].telling or hosts[address].opens) and _possible(address)
    ]


def _possible(address: Address) -> bool:
    """Whether a host can have the address, whatever a capture shows as coming from it."""
    return not (is_multicast(*address) or is_broadcast(*address) or is_unspecified(*address))


def _guess(
    address: Address,
    hosts: Mapping[Address, Party],
    sheets: Sheets,
    said: Mapping[tuple[Address, str], Sequence[str]],
) -> Guess:
    host = hosts[address]
    ranked = sorted(host.belief.items(), key=lambda item: -item[1])
    role, belief = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    rivals = tuple(name for name, other in ranked[1:] if other > 1 - DECIDED)
    if belief - second < LEAD:
        role, rivals = "", tuple(name for name, other in ranked if belief - other < LEAD)
    if role in sheets.middle and _mirrored(host, hosts, role):
        # Two hosts that do the same to each other: one of them is in the middle, and nothing tells which.
        role, rivals = "", tuple(host.belief)
    reasons = (*dict.fromkeys(said.get((address, role), ())), *_reasons(host))
    frames = tuple(sorted({relation.frame for relation in (*host.opens, *host.accepts)})[:4])
    return Guess(
        address,
        role,
        _level(address, hosts, belief) if role else "unsure",
        _enough(host, hosts),
        reasons,
        rivals,
        tuple(host.partners),
        frames,
        host.telling,
    )


def _enough(host: Party, hosts: Mapping[Address, Party]) -> bool:
    """Whether the evidence would do: the host's own, or that of the partner in whose company it is."""
    return host.telling >= ENOUGH or (
        host.telling > FAINT
        and any(hub.telling >= ENOUGH and len(hub.partners) > 1 for hub in around(host, hosts))
    )


def _mirrored(host: Party, hosts: Mapping[Address, Party], role: str) -> bool:
    if len(host.partners) != 1:
        return False
    belief = hosts[next(iter(host.partners))].belief if next(iter(host.partners)) in hosts else {}
    return bool(belief) and max(belief, key=belief.__getitem__) == role


def _level(address: Address, hosts: Mapping[Address, Party], belief: float) -> Level:
    """How sure a role is: what the belief is, and how broad the evidence that carries it."""
    host = hosts[address]
    in_company = len(host.partners) > 1 or any(len(hub.partners) > 1 for hub in around(host, hosts))
    if belief < DECIDED or not _enough(host, hosts):
        return "unsure"
    if belief >= CERTAIN and len(host.own) > 1 and in_company:
        return "certain"
    if len(host.own) > 1 or (in_company and (host.own or host.recognised)):
        return "likely"
    return "unsure"


def _reasons(host: Party) -> Iterable[str]:
    """What the host does, the most telling first."""
    tally: dict[tuple[float, str, Key], list[Relation]] = defaultdict(list)
    for verb, relations in (("opens", host.opens), ("accepts", host.accepts)):
        for relation in relations:
            tally[-relation.weight, verb, relation.key].append(relation)
    for (_, verb, (transport, port)), relations in sorted(tally.items(), key=lambda item: item[0][0]):
        answered = any(relation.answered or relation.group for relation in relations)
        yield f"{verb} {transport.upper()} {port}" + ("" if answered else " (not answered)")
