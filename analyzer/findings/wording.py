"""The sentences of findings: titles, details and advice in plain words."""

from __future__ import annotations

from analyzer import outcomes
from analyzer.addresses import text
from analyzer.compliance import Judgement
from analyzer.compliance.statuses import OPERATION
from analyzer.conversation import Conversation
from analyzer.findings.case import EXAMPLES, Case, call, spell
from analyzer.model import Outcome, Row, RowResult

STOPPED = {
    Outcome.REFUSED: "the attempt was refused",
    Outcome.BLOCKED: "the attempt was blocked",
    Outcome.UNANSWERED: "nobody answered",
    Outcome.ONE_WAY: "no answer seen",
    Outcome.ANSWERED: "it was answered",
}


def port_of(conversation: Conversation) -> str:
    """``UDP 5683``, or the transport's name where there are no ports."""
    name = conversation.transport.upper()
    return f"{name} {conversation.port}" if conversation.ported else name


def service_of(conversation: Conversation, judgement: Judgement) -> str:
    """``UDP 5683 (CoAP)``: the port with the sheet's word for it, else the protocol's."""
    name = judgement.rows[0].service.name if judgement.rows else conversation.protocol
    return f"{port_of(conversation)} ({name})" if name else port_of(conversation)


def ends_of(case: Case) -> tuple[str, str]:
    """What to call the two ends of a case's flows."""
    ends = case.judgements[0].ends
    return (
        call(ends[0], (text(*flow.originator) for flow in case.flows)),
        call(ends[1], (text(*flow.responder) for flow in case.flows)),
    )


def examples(case: Case) -> str:
    """The first flows of a case, spelt out."""
    lines = [spell(flow) for head in case.flows[:EXAMPLES] for flow in (head, *head.legs[:1])]
    more = len(case.flows) - EXAMPLES
    return "; ".join(lines) + (f"; and {more} more" if more > 0 else "")


def outcome_line(case: Case) -> str:
    """What became of the attempts, all of them if they agree."""
    results = dict.fromkeys(outcomes.of_session(flow)[0] for flow in case.flows)
    return ", ".join(STOPPED[outcome] for outcome in results)


def unexpected(case: Case) -> None:
    """Fill the words of an unexpected flow."""
    origin, target = ends_of(case)
    what = service_of(case.flows[0], case.judgements[0])
    case.title = f"{origin} opens {what} to {target}: not in the sheet"
    case.detail = f"{case.judgements[0].reason}; {outcome_line(case)}. {examples(case)}"
    case.advice = (
        f"If it is not wanted, find what opens {port_of(case.flows[0])} on {origin} and stop it, or block it at "
        f"the firewall. If it is wanted, add an allow entry (from, to, transport, port, reason) to the site file. "
        + _role_advice(case)
    )


def _role_advice(case: Case) -> str:
    origin, target = case.judgements[0].ends
    undeclared = [
        name
        for end, name in zip((origin, target), ends_of(case), strict=True)
        if not end.roles and not end.everyone
    ]
    if undeclared:
        return f"If {undeclared[0]} is a known system, declare its role in the site file."
    return "If a host has changed its part, correct its role or version in the site file."


def many_ports(case: Case, ports: int) -> None:
    """Fill the words of one finding for many unexpected ports."""
    origin, target = ends_of(case)
    transport = case.flows[0].transport.upper()
    case.title = f"{origin} tries {ports} different {transport} ports of {target}: not in the sheet"
    case.detail = f"This looks like a port scan or a service with changing ports; {outcome_line(case)}. {examples(case)}"
    case.advice = (
        f"Find out what runs on {origin}. A security scanner belongs into the site file (role or allow entry); "
        "anything else should be stopped."
    )


def retired(case: Case) -> None:
    """Fill the words of a retired service in use."""
    origin, target = ends_of(case)
    entry = case.judgements[0].retired
    assert entry is not None
    what = f"{port_of(case.flows[0])} ({entry.name})"
    who = " and ".join(dict.fromkeys(subject.role for subject in case.judgements[0].unlisted))
    case.title = f"{origin} still uses {what} with {target}: retired since {who} {entry.since}"
    case.detail = f"{entry.reason}; {outcome_line(case)}. {examples(case)}"
    case.advice = (
        f"Check that the upgrade to {entry.since} finished on every host named here, and that its version in the "
        f"site file is right. A firewall needs no opening for {port_of(case.flows[0])} any more."
    )


def disputed(case: Case) -> None:
    """Fill the words of a flow on which two sheets disagree."""
    origin, target = ends_of(case)
    judgement = case.judgements[0]
    case.title = f"{origin} opens {service_of(case.flows[0], judgement)} to {target}: one sheet lists it, the other does not"
    sources = "; ".join(
        dict.fromkeys(f"{row.source.document}, {row.source.section}" for row in judgement.rows)
    )
    case.detail = f"{judgement.reason} (listed: {sources}); {outcome_line(case)}. {examples(case)}"
    case.advice = (
        "The vendor's documents contradict each other here. Ask the vendor which one holds; until then open the "
        f"port only if the site needs it: {port_of(case.flows[0])} from {origin} to {target}."
    )


def failing(case: Case, outcome: Outcome, why: str) -> None:
    """Fill the words of an expected flow that never gets its answer."""
    origin, target = ends_of(case)
    what = service_of(case.flows[0], case.judgements[0])
    verb = {
        Outcome.REFUSED: "is refused",
        Outcome.BLOCKED: "is blocked on the way",
        Outcome.UNANSWERED: "gets no answer",
    }[outcome]
    leg = any(head.legs for head in case.flows)
    case.title = f"{what} from {origin} to {target} {verb}" + (" on its data path" if leg else "")
    case.detail = f"{why}. {case.judgements[0].reason}. {examples(case)}"
    case.advice = _failing_advice(case, outcome, leg)


def _failing_advice(case: Case, outcome: Outcome, leg: bool) -> str:
    flow = case.flows[0]
    origin, target = ends_of(case)
    port = port_of(flow)
    if leg:
        return (
            f"The request reaches {target}, and the answer from a new port does not reach {origin} or is not "
            f"acknowledged. Allow UDP from {target}, any port, to the client's port of the request (a TFTP helper "
            "of the firewall does that), in both directions, and check the host firewall of the client."
        )
    if outcome is Outcome.BLOCKED:
        reporters = sorted({text(*error.reporter) for head in case.flows for error in head.errors})
        sender = f" The rejection came from {reporters[0]}." if reporters else ""
        return f"Allow {port} from {origin} to {target} in the firewall or router between them.{sender}"
    if outcome is Outcome.REFUSED:
        return (
            f"{target} answered that nothing listens on {port}: no filter is in the way. Start the service there, or "
            "correct the host's role and version in the site file."
        )
    return (
        f"Silence does not tell a stopped service from a filter. In this order: is {target} switched on and does the "
        f"service on {port} run; does its host firewall allow {port} in; does every firewall between them allow {port} "
        f"from {origin} to {target} and the answers back. A capture at {target} shows whether the packets arrive."
    )


def missing(case: Case, results: list[RowResult]) -> None:
    """Fill the words of rows that were due and never attempted."""
    rows = [result.row for result in results]
    row = rows[0]
    case.title = f"{row.subject} never used {ports_of(rows)}, {row.direction}"
    case.detail = (
        f"{results[0].reason[:1].upper()}{results[0].reason[1:]}. {row.source.document}, {row.source.section}"
    )
    activity = (
        ""
        if row.service.activity == OPERATION
        else f" Start the activity {row.service.activity} while capturing."
    )
    partner = " or ".join(sorted((row.peers or frozenset()) | row.due_with)) or "its counterpart"
    case.advice = (
        f"Check that {'the service runs on ' + row.subject if row.direction == 'incoming' else row.subject + ' is set up'} "
        f"and that {partner} is configured to talk to it. If a firewall drops the traffic before the capture "
        f"point, it has to allow {ports_of(rows)}.{activity}"
    )


def ports_of(rows: list[Row]) -> str:
    """``UDP 5683 (CoAP)`` for one row, a list for several."""
    named = dict.fromkeys(f"{row.transport.upper()} {row.port} ({row.service.name})" for row in rows)
    return ", ".join(named)


def mismatch(case: Case) -> None:
    """Fill the words of a payload that is not what its port claims."""
    flow = case.flows[0]
    origin, target = ends_of(case)
    found = f"it is {flow.protocol}" if flow.protocol else "it is no known protocol"
    case.title = f"{port_of(flow)} between {origin} and {target} does not carry {flow.claimed}"
    head = next((head for side in flow.heads for head in side), None)
    start = f" The first payload begins {head.data[:16].hex(' ')}." if head is not None else ""
    case.detail = (
        f"The port claims {flow.claimed}, the payload contradicts it: {found}.{start} {examples(case)}"
    )
    case.advice = (
        "Another program may use the port, or the product speaks something the sheet does not name. Look at the "
        "frames named here, and at the program that owns the port on the responder."
    )


def undeclared(case: Case) -> None:
    """Fill the words of an expected flow with a host that is in no site file."""
    origin, target = ends_of(case)
    case.title = f"{service_of(case.flows[0], case.judgements[0])} between {origin} and {target}: the peer is not declared"
    case.detail = f"{case.judgements[0].reason}; the sheet names no peer. {examples(case)}"
    case.advice = "Declare the host and its role in the site file if it is part of the site."
