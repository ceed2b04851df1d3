"""Near misses: the row that a conversation would have matched, but for one thing."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.compliance.judgement import Judgement
from analyzer.conversation import Conversation
from analyzer.matrix import Matrix, Subject
from analyzer.model import Direction, Row

_OTHER: dict[Direction, Direction] = {"incoming": "outgoing", "outgoing": "incoming"}


def near_miss(conversation: Conversation, judgement: Judgement, matrix: Matrix) -> str:
    """One line such as ``matches UDP 50201 (CoAP Emergency) of igor-node 6.0.0+ except direction``.

    Asked in order: peer, direction, transport, edition, role; empty where nothing is near.
    """
    transport, port = conversation.transport, conversation.port
    for subject, direction in _silent(judgement):
        here = matrix.find(subject, direction, transport, port)
        if here:
            return _line(here[0], "peer", _peers(here[0]))
        turned = matrix.find(subject, _OTHER[direction], transport, port)
        if turned:
            other = "opens" if direction == "incoming" else "accepts"
            return _line(turned[0], "direction", f"the sheet has it where {subject.role} {other} it")
        crossed = matrix.find(subject, direction, "udp" if transport == "tcp" else "tcp", port)
        if crossed:
            return _line(crossed[0], "transport", "")
        aged = [
            row
            for row in matrix.rows
            if (row.subject, row.direction, row.transport, row.port)
            == (subject.role, direction, transport, port)
        ]
        if aged:
            return _line(aged[0], "edition", "")
    return _by_role(conversation, judgement, matrix)


def _silent(judgement: Judgement) -> Iterable[tuple[Subject, Direction]]:
    directions: tuple[Direction, Direction] = ("outgoing", "incoming")
    for end, direction in zip(judgement.ends, directions, strict=True):
        for subject in end.subjects:
            if subject in judgement.unlisted:
                yield subject, direction


def _by_role(conversation: Conversation, judgement: Judgement, matrix: Matrix) -> str:
    """A sheet that lists the port for a role that the end does not hold."""
    directions: tuple[Direction, Direction] = ("outgoing", "incoming")
    for end, direction in zip(judgement.ends, directions, strict=True):
        if end.everyone:
            continue
        for row in matrix.rows:
            if (
                row.applicable
                and row.subject not in end.roles
                and (row.direction, row.transport, row.port)
                == (direction, conversation.transport, conversation.port)
            ):
                return _line(
                    row,
                    "role",
                    f"the {'sender' if direction == 'outgoing' else 'receiver'} is no {row.subject}",
                )
    return ""


def _peers(row: Row) -> str:
    peers = " or ".join(sorted(row.peers or ()))
    return f"the sheet has it with {peers}" if peers else ""


def _line(row: Row, thing: str, because: str) -> str:
    name = f" ({row.service.name})" if row.service.name else ""
    tail = f": {because}" if because else ""
    where = f"{row.direction} of {row.ruleset} {row.edition}"
    return f"matches {row.transport.upper()} {row.port}{name} {where} except {thing}{tail}"
