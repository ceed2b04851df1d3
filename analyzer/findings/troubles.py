"""Findings about faults of messages that no transfer tells of: repeated errors, and peers that stop
answering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from analyzer.addresses import text
from analyzer.compliance import Judgement
from analyzer.conversation import Conversation
from analyzer.findings.case import FRAMES, Case, kind_of
from analyzer.findings.wording import port_of
from analyzer.model import FindingKind, Outcome, Severity, Verdict
from analyzer.transfers import Trouble

REPEATED: Final = 3
"""Errors of one kind for one resource from which on they are told: one may be a question that found out."""
EXAMPLES: Final = 3
JUDGED: Final = (Verdict.EXPECTED, Verdict.DISPUTED, Verdict.REVIEW)
"""What is unexpected is told as that."""


def cases(
    troubles: Sequence[Trouble],
    found: Sequence[Conversation],
    judgements: Mapping[int, Judgement],
    waived: Mapping[int, str],
) -> Iterable[Case]:
    """One case for each kind of error, and for each service that went silent, between two kinds of host."""
    groups: dict[tuple[str, ...], tuple[Case, list[Trouble]]] = {}
    for trouble in troubles:
        flow = found[trouble.row]
        head = flow.parent or flow
        judgement = judgements[head.row]
        told = _told(trouble, flow, judgement)
        if told is None or judgement.verdict not in JUDGED:
            continue
        kind, severity, extra = told
        waiver = waived.get(head.row, "")
        key = (*(kind_of(end) for end in judgement.ends), flow.transport, str(flow.port), *extra)
        slot = (kind, severity, *key, waiver)
        if slot not in groups:
            groups[slot] = (Case(kind, severity, (*key, waiver) if waiver else key, waived=waiver), [])
        case, held = groups[slot]
        if head not in case.flows:
            case.add(head, judgement)
        if len(case.frames) < FRAMES:
            case.frames.update(trouble.frames)
        held.append(trouble)
    for case, held in groups.values():
        (_error if held[0].what == "error" else _silence)(case, held)
        yield case


def _told(
    trouble: Trouble, flow: Conversation, judgement: Judgement
) -> tuple[FindingKind, Severity, tuple[str, ...]] | None:
    """Kind, severity and what else tells the cause apart; None for what is no finding."""
    if trouble.what == "error":
        if trouble.count < REPEATED:
            return None
        return FindingKind.PROTOCOL_ERROR, Severity.WARNING, (trouble.protocol, trouble.code)
    side = 0 if flow.a == trouble.server else 1
    if flow.outcome is not Outcome.ANSWERED or not flow.packets[side]:
        return None  # a flow without any answer is told as that
    back = flow.last_time[side] > trouble.last
    grave = judgement.certain and judgement.verdict is Verdict.EXPECTED and not back
    severity = Severity.VIOLATION if grave else Severity.WARNING
    return FindingKind.FAILING_FLOW, severity, ("stopped", "recovered") if back else ("stopped",)


def _between(held: Sequence[Trouble]) -> tuple[str, str]:
    """Who asked and who was asked, in a sentence."""
    clients = sorted({text(*trouble.client) for trouble in held})
    servers = sorted({text(*trouble.server) for trouble in held})
    return (
        clients[0] if len(clients) == 1 else f"{len(clients)} hosts",
        servers[0] if len(servers) == 1 else f"{len(servers)} hosts",
    )


def _examples(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - EXAMPLES} more" if len(lines) > EXAMPLES else ""
    return "; ".join(lines[:EXAMPLES]) + more


def _error(case: Case, held: Sequence[Trouble]) -> None:
    client, server = _between(held)
    name = held[0].protocol.upper().replace("COAP", "CoAP")
    total = sum(trouble.count for trouble in held)
    case.title = f"{server} answers {name} requests of {client} with {held[0].code}"
    case.detail = f"{total} answers: " + _examples(
        [
            f"{trouble.subject} by {text(*trouble.client)} {trouble.count} times from frame "
            f"{trouble.frames[0]}"
            for trouble in held
        ]
    )
    case.advice = (
        f"The way is open and the service answers; it refuses what is asked. Compare the versions of "
        f"{client} and "
        f"{server} (a resource that one of them lacks gives 4.04, a method 4.05), their credentials "
        f"(4.01, 4.03), "
        "and read the log of the host that answers (5.00 is its own fault, 5.03 that it is overloaded)."
    )


def _silence(case: Case, held: Sequence[Trouble]) -> None:
    client, server = _between(held)
    port = port_of(case.flows[0])
    later = ", and answers again later" if "recovered" in case.key else ""
    case.title = f"{server} stops answering {client} on {port} in the middle of the capture{later}"
    case.detail = (
        "It answered before. Confirmable messages were repeated to the last (RFC 7252 section 4.2) "
        "without an "
        "acknowledgement: "
        + _examples(
            [
                f"{trouble.subject} from {text(*trouble.client)} sent {trouble.count} times, frames "
                f"{', '.join(map(str, trouble.frames[:5]))}"
                for trouble in held
            ]
        )
    )
    case.advice = (
        f"The port is open: it worked before. Look at what happened to {server} at that moment: "
        f"power, link, restart, "
        "an update, a new firewall rule. If many hosts fell silent at once, look at the switch or "
        "gateway between."
    )
