"""Answers whose questions a capture lost: blocks of a file all the same.

A capture that loses packets may lose the request for the last block and hold the block itself. The server
sends none that was not asked for (RFC 7959 section 2.1), so it belongs to the file that is under way between
the two ends; with two of them under way nobody can say to which, and nothing is given to either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from analyzer.sessions import EARLY
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.coap.body import Body, place
from analyzer.transfers.coap.gather import AGAIN, Answer, Messages


def settle(found: Messages, end: int) -> None:
    """Give to their files the answers whose requests will not come any more; ``end`` is the capture's, ns."""
    late = {key: one for key, one in found.unasked.items() if end - one.message.time > EARLY}
    if not late:
        return
    files: dict[tuple[Endpoint, Endpoint], list[Body]] = defaultdict(list)
    for body in found.bodies.values():
        if body.requests and not body.q_block:
            files[body.client, body.server].append(body)
    for key, answer in late.items():
        file = _of(answer, files)
        if file is not None:
            del found.unasked[key]
            _supply(file, answer)
            if answer.body is not None:
                answer.body.given += 1


def _of(answer: Answer, files: Mapping[tuple[Endpoint, Endpoint], list[Body]]) -> Body | None:
    """The one file of which an answer can bring a block; None where none is, or several are."""
    said, message = answer.said, answer.message
    value, writes = (said.block1, True) if said.block1 >= 0 else (said.block2, False)
    if value < 0 or said.code >= 128:
        return None
    first, _, size = place(value)
    fitting = [
        body
        for body in files.get((message.target, message.source), ())
        if body.writes is writes
        and body.size == size
        and body.first - AGAIN * (first < body.begin) <= message.time <= body.last + AGAIN
        and (body.orderly or body.has(first))
        and not (body.done and body.total is not None and first >= body.total)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _supply(body: Body, answer: Answer) -> None:
    said, message = answer.said, answer.message
    first, more, size = place(said.block1 if body.writes else said.block2)
    length = min(said.length, size) if said.length >= 0 and not body.writes else size
    body.supply(first, length, more, said.code, message.time, message.frame)
