"""Who is what, from who opens which service to whom: a host is the role whose rows explain its traffic.

Every relation between two hosts speaks for the pairs of roles whose sheets list it at both ends. What one end
is depends on what the other one is, so the beliefs of all hosts are settled together, in a few rounds. A
sheet that names its subject's only peer says as well that the peer is in the middle: where one host has
several partners and they have only it, it is that peer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from analyzer import protocols
from analyzer.addresses import is_broadcast, is_multicast, is_unspecified
from analyzer.conversation import Address, Conversation
from analyzer.model import Direction, Ruleset
from analyzer.protocol import Fit

OPEN_PROTOCOLS: Final = frozenset({"coap", "tftp", "ssdp", "upnp", "coaps"})
"""Used by many products: evidence, but weak."""
TELLING_PROTOCOLS: Final = frozenset({"coap", "coaps"})
"""Of these, those that make a role likely where the shape fits: every office has TFTP and UPnP."""
COMMON_PROTOCOLS: Final = frozenset({"http", "tls", "bacnet"})
"""Used by everybody: they only tell roles apart where stronger evidence has spoken."""
STRONG, WEAK, FAINT = 12, 4, 1
"""Evidence: a service of the vendor's own; an open one, or one whose port others claim too; a common one."""
ENOUGH: Final = 2 * WEAK
"""Evidence a role needs: one service of the vendor's own, or two of the open ones."""
BACNET_SERVICE: Final = "igor-bacnet-service"
"""Any BACnet device accepts 47808: this role is implied, not inferred."""

UNNAMED: Final = 0.5
"""What a relation weighs where neither sheet names the other end, against one where a sheet does."""
ONE_SHEET: Final = 0.25
"""What it weighs where only one of the two sheets lists it."""
DUE: Final = 1.25
"""What a row that is due in normal operation counts more than one that is not."""
ATTEMPT: Final = 0.5
"""What an attempt that nobody answered counts for the host that made it; for the other host, nothing."""
MASS: Final = 24.0
"""Evidence from which on only its composition counts: ten thousand flows are no more certain than ten."""
MIDDLE: Final = 8.0
"""What the shape speaks: one host in the middle of several that know only it."""
HEAT: Final = 4.0
"""How much more evidence makes a role e times as likely."""
ROUNDS: Final = 8
DECIDED, CERTAIN = 0.8, 0.9
"""Belief from which on a role is likely, or certain where the evidence is broad too."""
LEAD: Final = 0.05
"""Belief by which the first must lead the second to be called at all."""

Level = Literal["certain", "likely", "unsure"]
Key = tuple[str, int]


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


@dataclass(slots=True)
class _Relation:
    """All flows of one service from one host to another."""

    origin: Address
    target: Address
    key: Key
    weight: float
    group: bool
    flows: int = 0
    answered: bool = False
    recognised: bool = False
    frame: int = 0


@dataclass(slots=True)
class _Host:
    """The relations of a host and what is believed of it."""

    opens: list[_Relation] = field(default_factory=list)
    accepts: list[_Relation] = field(default_factory=list)
    belief: dict[str, float] = field(default_factory=dict)
    partners: dict[Address, None] = field(default_factory=dict)
    telling: float = 0
    own: set[Key] = field(default_factory=set)
    recognised: bool = False


def guess(
    found: Iterable[Conversation],
    rulesets: Sequence[Ruleset],
    proven: Collection[tuple[Address, Address]] = frozenset(),
    hints: Iterable[Hint] = (),
) -> list[Guess]:
    """What each host with such traffic is, in order of address.

    ``proven`` are pairs of hosts of which one's packets prove the other's answers, which are not here.
    """
    sheets = _Sheets(rulesets)
    hosts = _gather(_relations(found, sheets, proven))
    given: dict[Address, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    said: dict[tuple[Address, str], list[str]] = defaultdict(list)
    for hint in hints:
        given[hint.address][hint.role] += hint.weight
        said[hint.address, hint.role].append(hint.reason)
    _settle(hosts, sheets, given)
    return [
        _guess(address, hosts, sheets, said)
        for address in sorted(hosts)
        if hosts[address].belief and (hosts[address].telling or hosts[address].opens) and _possible(address)
    ]


def _possible(address: Address) -> bool:
    """Whether a host can have the address, whatever a capture shows as coming from it."""
    return not (is_multicast(*address) or is_broadcast(*address) or is_unspecified(*address))


# ---------------------------------------------------------------- sheets


class _Sheets:
    """The rows of all editions, asked by service."""

    def __init__(self, rulesets: Sequence[Ruleset]) -> None:
        self.protocols: dict[Key, dict[str, None]] = defaultdict(dict)
        self.lists: dict[tuple[str, Direction, Key], frozenset[str] | None] = {}
        """Role, direction, service → the roles it may be with; None where the sheet names none."""
        self.claims: dict[Key, list[str]] = defaultdict(list)
        for name, protocol in protocols.load().items():
            for key in protocol.ports:
                self.claims[key].append(name)
        self.due: set[tuple[str, Direction, Key]] = set()
        self.roles: dict[str, None] = {}
        named: set[str] = set()
        only: set[tuple[str, str]] = set()
        for ruleset in rulesets:
            for edition in ruleset.editions:
                role = edition.subject
                if role == BACNET_SERVICE:
                    continue
                self.roles[role] = None
                sides: tuple[tuple[Direction, tuple[Key, ...]], ...] = (
                    ("incoming", edition.incoming),
                    ("outgoing", edition.outgoing),
                )
                for direction, keys in sides:
                    for key in keys:
                        service = ruleset.services.get(key)
                        self.protocols[key][service.protocol if service is not None else ""] = None
                        peers = edition.peers_of(direction, *key)
                        self._list((role, direction, key), peers)
                        if service is not None and edition.due_of(direction, service):
                            self.due.add((role, direction, key))
                        named |= peers or set()
                if edition.peers.get("incoming") and len(edition.peers["incoming"]) == 1:
                    only |= {(role, peer) for peer in edition.peers["incoming"]}
        self.middle = {peer for role, peer in only if (peer, role) not in only}
        """Roles that another sheet names as its only peer."""
        self.around = {role for role, peer in only if (peer, role) not in only}

    def shared(self, key: Key, mine: Collection[str]) -> bool:
        """Whether a protocol of others claims the port too, as Kerberos does 88."""
        return any(name not in mine for name in self.claims.get(key, ()))

    def _list(self, row: tuple[str, Direction, Key], peers: frozenset[str] | None) -> None:
        before = self.lists.get(row, frozenset())
        self.lists[row] = None if peers is None or before is None else before | peers

    def weight(self, conversation: Conversation) -> float:
        """What a flow is worth as evidence, 0 where no sheet has it."""
        carried = self.protocols.get((conversation.transport, conversation.port))
        if carried is None:
            return 0
        name = conversation.protocol
        if name and name not in carried and name not in ("ssdp", "upnp", "http"):
            return 0
        own = WEAK if self.shared((conversation.transport, conversation.port), carried) else STRONG
        return max(
            FAINT if protocol in COMMON_PROTOCOLS else WEAK if protocol in OPEN_PROTOCOLS else own
            for protocol in carried
        )

    def explains(self, role: str, other: Mapping[str, float], direction: Direction, key: Key) -> float:
        """How well a relation fits ``role`` here and what the ``other`` end is believed to be."""
        if (role, direction, key) not in self.lists:
            return 0
        mine = self.lists[role, direction, key]
        back: Direction = "incoming" if direction == "outgoing" else "outgoing"
        fit = UNNAMED if mine is None and not other else 0.0
        for far, belief in other.items():
            if mine is not None and far not in mine:
                continue
            if (far, back, key) not in self.lists:
                fit += belief * ONE_SHEET
                continue
            theirs = self.lists[far, back, key]
            if theirs is None or role in theirs:
                fit += belief * (UNNAMED if mine is None and theirs is None else 1.0)
        return fit * (DUE if (role, direction, key) in self.due else 1.0)


# ---------------------------------------------------------------- relations


def _relations(
    found: Iterable[Conversation], sheets: _Sheets, proven: Collection[tuple[Address, Address]]
) -> Iterable[_Relation]:
    held: dict[tuple[Address, Address, Key], _Relation] = {}
    for conversation in found:
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
            relation = held[origin, target, key] = _Relation(
                origin, target, key, weight, conversation.to_group, frame=_frame(conversation)
            )
        relation.flows += 1
        relation.recognised |= conversation.fit is Fit.YES and conversation.protocol in TELLING_PROTOCOLS
        relation.answered |= answered
    return held.values()


def _frame(conversation: Conversation) -> int:
    return min(frame for frame in conversation.first_frame if frame)


def _took_place(conversation: Conversation) -> bool:
    """Whether both ends had a part in it: an attempt says nothing about the host it was aimed at."""
    answered = any(leg.oriented(leg.packets)[1] for leg in conversation.legs)
    return all(conversation.packets) or (answered and not conversation.group)


def _gather(relations: Iterable[_Relation]) -> dict[Address, _Host]:
    hosts: dict[Address, _Host] = defaultdict(_Host)
    for relation in relations:
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


def _count(host: _Host, relation: _Relation) -> None:
    host.telling += relation.weight
    host.recognised |= relation.recognised
    if relation.weight == STRONG:
        host.own.add(relation.key)


# ---------------------------------------------------------------- beliefs


def _settle(
    hosts: Mapping[Address, _Host], sheets: _Sheets, given: Mapping[Address, Mapping[str, float]]
) -> None:
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
    host: _Host,
    hosts: Mapping[Address, _Host],
    sheets: _Sheets,
    given: Mapping[str, float],
) -> dict[str, float]:
    """The beliefs of a host that follow from those of its partners."""
    total = 0.0
    scores = dict.fromkeys(host.belief, 0.0)
    sides: tuple[tuple[Direction, list[_Relation]], ...] = (
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
    theirs = max((len(hub.partners) for hub in _around(host, hosts)), default=0)
    shape = sheets.middle if mine > max(theirs, 1) else sheets.around if theirs > max(mine, 1) else ()
    powers = {
        role: (score * scale + given.get(role, 0.0) + (MIDDLE if role in shape else 0.0)) / HEAT
        for role, score in scores.items()
    }
    highest = max(powers.values())
    weights = {role: math.exp(power - highest) for role, power in powers.items()}
    whole = sum(weights.values())
    return {role: weight / whole for role, weight in weights.items()}


def _guess(
    address: Address,
    hosts: Mapping[Address, _Host],
    sheets: _Sheets,
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


def _enough(host: _Host, hosts: Mapping[Address, _Host]) -> bool:
    """Whether the evidence would do: the host's own, or that of the partner in whose company it is."""
    return host.telling >= ENOUGH or (
        host.telling > FAINT
        and any(hub.telling >= ENOUGH and len(hub.partners) > 1 for hub in _around(host, hosts))
    )


def _around(host: _Host, hosts: Mapping[Address, _Host]) -> Iterable[_Host]:
    return (hosts[far] for far in host.partners if far in hosts)


def _mirrored(host: _Host, hosts: Mapping[Address, _Host], role: str) -> bool:
    if len(host.partners) != 1:
        return False
    belief = hosts[next(iter(host.partners))].belief if next(iter(host.partners)) in hosts else {}
    return bool(belief) and max(belief, key=belief.__getitem__) == role


def _level(address: Address, hosts: Mapping[Address, _Host], belief: float) -> Level:
    """How sure a role is: what the belief is, and how broad the evidence that carries it."""
    host = hosts[address]
    in_company = len(host.partners) > 1 or any(len(hub.partners) > 1 for hub in _around(host, hosts))
    if belief < DECIDED or not _enough(host, hosts):
        return "unsure"
    if belief >= CERTAIN and len(host.own) > 1 and in_company:
        return "certain"
    if len(host.own) > 1 or (in_company and (host.own or host.recognised)):
        return "likely"
    return "unsure"


def _reasons(host: _Host) -> Iterable[str]:
    """What the host does, the most telling first."""
    tally: dict[tuple[float, str, Key], list[_Relation]] = defaultdict(list)
    for verb, relations in (("opens", host.opens), ("accepts", host.accepts)):
        for relation in relations:
            tally[-relation.weight, verb, relation.key].append(relation)
    for (_, verb, (transport, port)), relations in sorted(tally.items(), key=lambda item: item[0][0]):
        answered = any(relation.answered or relation.group for relation in relations)
        yield f"{verb} {transport.upper()} {port}" + ("" if answered else " (not answered)")
