"""A conversation and what was judged of it, as reports show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.addresses import text
from analyzer.compliance import Bench, Judgement
from analyzer.conversation import Conversation
from analyzer.model import (
    Endpoint,
    FlowRecord,
)
from analyzer.protocols import load as load_protocols

FLAG_LETTERS: Final = "FSRPAUEC"
"""TCP flags from the lowest bit up (RFC 9293 section 3.1), as Wireshark abbreviates them."""


def record(
    conversation: Conversation,
    judgements: Mapping[int, Judgement],
    bench: Bench,
    waived: Mapping[int, str] | None = None,
) -> FlowRecord:
    """The record of one conversation.

    ``judgements`` and ``waived`` (reason of the waiver) go by the row of the flow table; a flow that nobody
    judged has no verdict, and a leg is waived with its request.
    """
    judgement = judgements.get(conversation.row)
    head = conversation.parent or conversation
    reasons = [judgement.reason] if judgement is not None else []
    if conversation.why:
        reasons.append(conversation.why)
    originator = _endpoint(conversation, bench, responder=False)
    responder = _endpoint(conversation, bench, responder=True)
    letters = [_letters(flags) if conversation.transport == "tcp" else "" for flags in conversation.flags]
    return FlowRecord(
        id=conversation.id,
        transport=conversation.transport,
        protocol=conversation.protocol or "unknown",
        service=_service(conversation, judgement),
        originator=originator,
        responder=responder,
        confidence=conversation.confidence,
        basis=conversation.basis,
        packets=conversation.oriented(conversation.packets),
        bytes=conversation.oriented(conversation.bytes),
        first=conversation.start,
        last=conversation.end,
        frames=(min(frame for frame in conversation.first_frame if frame), max(conversation.last_frame)),
        outcome=conversation.outcome,
        verdict=judgement.verdict if judgement is not None else None,
        reason="; ".join(reasons),
        rows=tuple(row.id for row in judgement.rows) if judgement is not None else (),
        parent=conversation.parent.id if conversation.parent is not None else None,
        waived=(waived or {}).get(head.row, ""),
        detail=conversation.detail,
        flags=conversation.oriented((letters[0], letters[1])),
        fragments=conversation.fragments,
        duplicates=conversation.oriented(conversation.duplicates),
    )


def _endpoint(conversation: Conversation, bench: Bench, *, responder: bool) -> Endpoint:
    address = conversation.responder if responder else conversation.originator
    port = conversation.port if responder else conversation.originator_port
    return Endpoint(text(*address), port if conversation.ported else None, bench.end(address).roles)


def _service(conversation: Conversation, judgement: Judgement | None) -> str:
    if judgement is not None and judgement.rows:
        return judgement.rows[0].service.name
    if judgement is not None and judgement.retired is not None:
        return judgement.retired.name
    protocol = load_protocols().get(conversation.protocol)
    return protocol.title if protocol is not None else ""


def _letters(flags: int) -> str:
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)
