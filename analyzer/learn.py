"""Known-good traffic → the rows of a sheet: per role, direction, transport and port.

Only what worked is learned. The client's side of a flow is folded away by who opened it, whatever its number;
where nothing tells who did, the port that stays while the other one changes is the service's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analyzer import outcomes, protocols
from analyzer.addresses import text
from analyzer.compliance import Judgement
from analyzer.conversation import Address, Conversation
from analyzer.model import Direction, LearnedRow, LeftOut, Outcome, Row, Verdict

UNKNOWN: Final = "unknown"
WORKED: Final = (Outcome.ANSWERED, Outcome.ONE_WAY)
REPEATS: Final = 2
"""Different ports that one port has to meet before it passes for a service's."""

Key = tuple[str, Direction, str, int]
Roles = tuple[str, ...]


@dataclass(slots=True)
class _Seen:
    """What was seen of one row."""

    flows: int = 0
    hosts: dict[Address, None] = field(default_factory=dict)
    peers: set[str] = field(default_factory=set)
    open: bool = False
    """Some host at the other end has no role."""
    groups: dict[str, None] = field(default_factory=dict)
    replied: bool = False
    protocols: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    activities: Counter[str] = field(default_factory=Counter)


def settle(found: Iterable[Conversation], roles: Callable[[Address], tuple[str, ...]]) -> None:
    """Decide who opened flows where that is a guess, by the port that stays while the other one changes."""
    open_ = [
        conversation
        for conversation in found
        if conversation.confidence == "guess" and conversation.ported and conversation.parent is None
    ]
    others: dict[tuple[str, tuple[str, ...], int], set[tuple[Address, int]]] = defaultdict(set)
    for conversation in open_:
        for near, port, far, other in _sides(conversation):
            others[conversation.transport, roles(near) or (text(*near),), port].add((far, other))
    for conversation in open_:
        seen = [
            len(others[conversation.transport, roles(near) or (text(*near),), port])
            for near, port, _, _ in _sides(conversation)
        ]
        if max(seen) >= REPEATS and seen[0] != seen[1]:
            conversation.forward = seen[1] > seen[0]  # B has the port that stays
            conversation.confidence, conversation.basis = "likely", "ports"


def _sides(
    conversation: Conversation,
) -> tuple[tuple[Address, int, Address, int], tuple[Address, int, Address, int]]:
    a, b = (conversation.a, conversation.a_port), (conversation.b, conversation.b_port)
    return (*a, *b), (*b, *a)


def learn(
    found: Iterable[Conversation], judgements: Mapping[int, Judgement]
) -> tuple[tuple[LearnedRow, ...], tuple[LeftOut, ...], tuple[LeftOut, ...]]:
    """Rows, background, and what was left out, of classified and judged conversations."""
    rows: dict[Key, _Seen] = defaultdict(_Seen)
    background: Counter[str] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    for conversation in found:
        if conversation.parent is not None:
            continue
        judgement = judgements[conversation.row]
        if judgement.verdict is Verdict.INFRASTRUCTURE:
            background[_title(conversation)] += 1
            continue
        why = _unfit(conversation, judgement)
        if why:
            left[why, _spell(conversation, judgement)] += 1
        else:
            _take(conversation, judgement, rows)
    return (
        tuple(_row(key, seen) for key, seen in sorted(rows.items())),
        tuple(LeftOut("infrastructure", what, count) for what, count in sorted(background.items())),
        tuple(LeftOut(why, what, count) for (why, what), count in sorted(left.items())),
    )


def _unfit(conversation: Conversation, judgement: Judgement) -> str:
    """Why a flow is not learned, empty where it is."""
    origin, target = judgement.ends
    if not (origin.roles or target.roles):
        return "no host with a role"
    outcome, why = outcomes.of_session(conversation)
    if outcome not in WORKED:
        return why or outcome.value
    if not conversation.ported:
        return "a sheet holds TCP and UDP only"
    if conversation.confidence == "guess":
        return "nothing tells who opened it"
    return ""


def _take(conversation: Conversation, judgement: Judgement, rows: dict[Key, _Seen]) -> None:
    origin, target = judgement.ends
    opens = [row for row in judgement.rows if row.direction == "outgoing"]
    accepts = [row for row in judgement.rows if row.direction == "incoming"]
    opener, accepter = _spoken(origin.roles, opens), _spoken(target.roles, accepts)
    sides: Sequence[tuple[Direction, Address, Roles, Roles, list[Row]]] = (
        ("outgoing", conversation.originator, opener, accepter, opens),
        ("incoming", conversation.responder, accepter, opener, accepts),
    )
    for direction, address, mine, theirs, listed in sides:
        for role in mine:
            seen = rows[role, direction, conversation.transport, conversation.port]
            seen.flows += 1
            seen.hosts[address] = None
            seen.replied |= outcomes.of_session(conversation)[0] is Outcome.ANSWERED
            seen.protocols[conversation.protocol or UNKNOWN] += 1
            seen.names.update(row.service.name for row in listed)
            seen.activities.update(row.service.activity for row in listed)
            if direction == "outgoing" and conversation.to_group:
                seen.groups[text(*conversation.responder)] = None
            elif theirs:
                seen.peers.update(theirs)
            else:
                seen.open = True


def _spoken(roles: Roles, listed: Sequence[Row]) -> Roles:
    """The roles of a host that a flow belongs to: those whose sheet lists it, else the first."""
    subjects = tuple(dict.fromkeys(row.subject for row in listed if row.subject in roles))
    return subjects or roles[:1]


def _row(key: Key, seen: _Seen) -> LearnedRow:
    role, direction, transport, port = key
    protocol = min(seen.protocols, key=lambda name: (-seen.protocols[name], name))
    known = protocols.load().get(protocol)
    title = known.title if known is not None else f"{transport.upper()} {port}"
    return LearnedRow(
        role,
        direction,
        transport,
        port,
        protocol,
        min(seen.names, key=lambda name: (-seen.names[name], name), default=title),
        min(seen.activities, key=lambda name: (-seen.activities[name], name), default="operation"),
        seen.flows,
        tuple(text(*address) for address in sorted(seen.hosts)),
        None if seen.open or not seen.peers else frozenset(seen.peers),
        tuple(sorted(seen.groups)),
        seen.replied,
    )


def _title(conversation: Conversation) -> str:
    known = protocols.load().get(conversation.protocol)
    return known.title if known is not None else conversation.transport.upper()


def _spell(conversation: Conversation, judgement: Judgement) -> str:
    port = f" {conversation.port}" if conversation.ported else ""
    ends = (conversation.originator, conversation.responder)
    source, target = (
        " + ".join(end.roles) or text(*address) for end, address in zip(judgement.ends, ends, strict=True)
    )
    return f"{conversation.transport.upper()}{port}, {source} to {target}"
