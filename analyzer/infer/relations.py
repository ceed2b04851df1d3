"""Who opened which service to whom: all flows of a service between two hosts are one relation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.infer.sheets import FAINT, STRONG, Key, Sheets
from analyzer.protocol import Fit

TELLING_PROTOCOLS: Final = frozenset({"coap", "coaps"})
"""Open protocols that make a role likely where the shape fits: every office has TFTP and UPnP."""


@dataclass(slots=True)
class Relation:
    """All flows of one service from one host to another."""

    origin: Address
    target: Address
    key: Key
    weight: float
    group: bool
    answered: bool = False
    recognised: bool = False
    frame: int = 0


@dataclass(slots=True)
class Party:
    """The relations of a host and what is believed of it."""

    opens: list[Relation] = field(default_factory=list)
    accepts: list[Relation] = field(default_factory=list)
    belief: dict[str, float] = field(default_factory=dict)
    partners: dict[Address, None] = field(default_factory=dict)
    telling: float = 0
    own: set[Key] = field(default_factory=set)
    recognised: bool = False


def parties(
    found: Sequence[Conversation], sheets: Sheets, proven: Collection[tuple[Address, Address]] = frozenset()
) -> dict[Address, Party]:
    """The hosts of conversations that some sheet lists, with what each opened and accepted.

    ``proven`` are pairs of hosts of which one's packets prove the other's answers, which are not here.
    """
    hosts: dict[Address, Party] = defaultdict(Party)
    for relation in _relations(found, sheets, proven):
        origin = hosts[relation.origin]
        origin.opens.append(relation)
        if relation.group:
            if relation.weight == STRONG:
                _count(origin, relation)
            continue
        telling = relation.weight > FAINT
        if telling:
            origin.partners[relation.target] = None
        if not relation.answered:
            continue
        target = hosts[relation.target]
        target.accepts.append(relation)
        if telling:
            target.partners[relation.origin] = None
            _count(origin, relation)
            _count(target, relation)
    return dict(hosts)


def _relations(
    found: Sequence[Conversation], sheets: Sheets, proven: Collection[tuple[Address, Address]]
) -> Iterable[Relation]:
    held: dict[tuple[Address, Address, Key], Relation] = {}
    for conversation in Conversations.of(found).addressed_to(sheets.protocols):
        if conversation.parent is not None or conversation.claimed:
            continue
        weight = sheets.weight(conversation)
        origin, target = conversation.originator, conversation.responder
        if not weight or origin == target:
            continue
        answered = _took_place(conversation) or (origin, target) in proven or (target, origin) in proven
        if not answered and not conversation.oriented(conversation.packets)[0]:
            continue
        key = conversation.transport, conversation.port
        relation = held.get((origin, target, key))
        if relation is None:
            relation = held[origin, target, key] = Relation(
                origin, target, key, weight, conversation.to_group, frame=_frame(conversation)
            )
        relation.recognised |= conversation.fit is Fit.YES and conversation.protocol in TELLING_PROTOCOLS
        relation.answered |= answered
    return held.values()


def _frame(conversation: Conversation) -> int:
    return min(frame for frame in conversation.first_frame if frame)


def _took_place(conversation: Conversation) -> bool:
    """Whether both ends had a part in it: an attempt says nothing about the host it was aimed at."""
    answered = any(leg.oriented(leg.packets)[1] for leg in conversation.legs)
    return all(conversation.packets) or (answered and not conversation.group)


def _count(host: Party, relation: Relation) -> None:
    host.telling += relation.weight
    host.recognised |= relation.recognised
    if relation.weight == STRONG:
        host.own.add(relation.key)


def around(host: Party, hosts: Mapping[Address, Party]) -> Iterable[Party]:
    """The partners of ``host`` of which more is known than that they were asked."""
    return (hosts[far] for far in host.partners if far in hosts)
