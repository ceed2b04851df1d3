"""The sentences of findings: titles, details and advice in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import outcomes
from analyzer.addresses import text
from analyzer.compliance.statuses import OPERATION
from analyzer.conversation import Conversation
from analyzer.conversations import Selection
from analyzer.findings.case import EXAMPLES, Case, call, spell
from analyzer.model import Outcome, Row, RowResult

STOPPED = {
    Outcome.REFUSED: "the attempt was refused",
    Outcome.BLOCKED: "the attempt was blocked",
    Outcome.UNANSWERED: "nobody answered",
    Outcome.ONE_WAY: "no answer seen",
    Outcome.ANSWERED: "it was answered",
}
FAILED = {
    Outcome.REFUSED: "is refused",
    Outcome.BLOCKED: "is blocked on the way",
    Outcome.UNANSWERED: "gets no answer",
}


def port_of(conversation: Conversation) -> str:
    """``UDP 5683``, or the transport's name where there are no ports."""
    name = conversation.transport.upper()
    return f"{name} {conversation.port}" if conversation.ported else name


def service_of(case: Case) -> str:
    """``UDP 5683 (CoAP)``: the port with the sheet's word for it, else the protocol's."""
    flow, rows = case.flows[0], case.judgements[0].rows
    name = rows[0].service.name if rows else flow.protocol
    return f"{port_of(flow)} ({name})" if name else port_of(flow)


def ends_of(case: Case) -> tuple[str, str]:
    """What to call the two ends of a case's flows."""
    origin, target = case.judgements[0].ends
    flows = Selection.of(case.flows)
    return (
        call(origin, flows.found.places, flows.places(responder=False)),
        call(target, flows.found.places, flows.places(responder=True)),
    )


def examples(case: Case) -> str:
    """The first flows of a case, spelt out."""
    lines = [spell(flow) for head in case.flows[:EXAMPLES] for flow in (head, *head.legs[:1])]
    more = len(case.flows) - EXAMPLES
    return "; ".join(lines) + (f"; and {more} more" if more > 0 else "")


def became(case: Case) -> str:
    """What became of the attempts, all of them if they agree."""
    flows = Selection.of(case.flows)
    _, results = outcomes.of_sessions(flows.found, flows.rows)
    return ", ".join(STOPPED[outcome] for outcome in dict.fromkeys(outcome for outcome, _ in results))


def capital(sentence: str) -> str:
    """``sentence`` with its first letter in upper case, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def unexpected(case: Case) -> None:
    """Fill the words of an unexpected flow."""
    origin, target = ends_of(case)
    case.title = f"{origin} opens {service_of(case)} to {target}: not in the sheet"
    case.detail = f"{case.judgements[0].reason}; {became(case)}. {examples(case)}"
    case.advice = (
        f"If it is not wanted, find what opens {port_of(case.flows[0])} on {origin} and stop it, "
        "or block it at the firewall. If it is wanted, add an allow entry (from, to, transport, port, reason)"
        f" to the site file. {_role_advice(case)}"
    )


def _role_advice(case: Case) -> str:
    for end, name in zip(case.judgements[0].ends, ends_of(case), strict=True):
        if not end.roles and not end.everyone:
            return f"If {name} is a known system, declare its role in the site file."
    return "If a host has changed its part, correct its role or version in the site file."


def many_ports(case: Case, ports: int) -> None:
    """Fill the words of one finding for many unexpected ports."""
    origin, target = ends_of(case)
    transport = case.flows[0].transport.upper()
    case.title = f"{origin} tries {ports} different {transport} ports of {target}: not in the sheet"
    beside = ""
    if case.beside:
        some = ", ".join(map(str, case.beside[:EXAMPLES]))
        more = f" and {len(case.beside) - EXAMPLES} more" if len(case.beside) > EXAMPLES else ""
        beside = f". Listed ports were tried as well, in vain ({some}{more}), which is no fault of these rows"
    case.detail = f"A port scan, or a service with changing ports; {became(case)}{beside}. {examples(case)}"
    case.advice = (
        f"Find out what runs on {origin}. A security scanner belongs into the site file, "
        "with a role or an allow entry; anything else should be stopped."
    )


def retired(case: Case) -> None:
    """Fill the words of a retired service in use."""
    origin, target = ends_of(case)
    judgement = case.judgements[0]
    entry = judgement.retired
    assert entry is not None
    port = port_of(case.flows[0])
    since = " and ".join(
        dict.fromkeys(
            f"{subject.role} {edition_entry.since}"
            for subject in judgement.unlisted
            for edition in subject.editions
            for edition_entry in edition.retired
            if (edition_entry.transport, edition_entry.port) == (entry.transport, entry.port)
        )
    )
    case.title = f"{origin} still uses {port} ({entry.name}) with {target}: retired since {since}"
    case.detail = f"{entry.reason}; {became(case)}. {examples(case)}"
    case.advice = (
        "Check that the upgrade finished on every host named here, and that its version in the site file is "
        f"right. A firewall needs no opening for {port} any more."
    )


def disputed(case: Case) -> None:
    """Fill the words of a flow on which two sheets disagree."""
    origin, target = ends_of(case)
    judgement = case.judgements[0]
    what = service_of(case)
    case.title = f"{origin} opens {what} to {target}: one sheet lists it, the other does not"
    where = dict.fromkeys(f"{row.source.document}, {row.source.section}" for row in judgement.rows)
    case.detail = f"{judgement.reason} (listed: {'; '.join(where)}); {became(case)}. {examples(case)}"
    case.advice = (
        "The vendor's documents contradict each other here. Ask the vendor which one holds; until then open "
        f"the port only if the site needs it: {port_of(case.flows[0])} from {origin} to {target}."
    )


def failing(case: Case) -> None:
    """Fill the words of an expected flow that never gets its answer."""
    if case.lost and case.lost == len(case.flows):
        _lost(case)
        return
    origin, target = ends_of(case)
    outcome, why = outcomes.of_session(case.flows[0])
    later = ", and a later attempt does" if "recovered" in case.key else ""
    lost = _undelivered(case)
    became = f"is not delivered: {why.removeprefix('ICMP ')}" if lost else FAILED[outcome]
    case.title = f"{service_of(case)} from {origin} to {target} {became}{later}"
    over = ""
    if case.over and not later:
        over = " Later attempts between the same hosts were answered, as after a restart."
    if case.lost:
        over = f" {case.lost} of {len(case.flows)} were perhaps answered, and the capture lost it."
    case.detail = f"{capital(why)}.{over} {case.judgements[0].reason}. {examples(case)}"
    if lost:
        case.advice = _undelivered_advice(case, target)
    elif outcome is Outcome.BLOCKED:
        case.advice = _blocked_advice(case, origin, target)
    elif outcome is Outcome.REFUSED:
        case.advice = (
            f"{target} answered that nothing listens on {port_of(case.flows[0])}: no filter is in the way. "
            "Start the service there, or correct the host's role and version in the site file."
        )
    else:
        case.advice = _silence_advice(port_of(case.flows[0]), origin, target)


def _lost(case: Case) -> None:
    """Fill the words of answers that perhaps only the capture lacks."""
    origin, target = ends_of(case)
    count = len(case.flows)
    requests = "a request" if count == 1 else f"{count} requests"
    case.title = (
        f"{service_of(case)} from {origin} to {target}: {requests} without an answer in this capture, "
        "perhaps lost by the capture itself"
    )
    case.detail = (
        f"{'It was' if count == 1 else 'Each was'} sent once and not again, as it would be had nobody "
        "answered, and others like it are answered: the answer was probably there, and the capture dropped "
        f"it. It cannot be told for certain. {case.judgements[0].reason}. {examples(case)}"
    )
    case.advice = (
        "Look at the drop counters of the mirror port and of the machine that captures (Wireshark: "
        "Statistics, Capture File Properties); capture fewer hosts or ports, or to a faster disk, and check "
        f"again. If they are at zero, packets are lost between {origin} and {target}, and a program there "
        "does not ask again."
    )


def _undelivered(case: Case) -> bool:
    """Whether routers, or the sender itself, say of all attempts that they find no way or nobody there."""
    flows = Selection.of(case.flows)
    _, results = outcomes.of_sessions(flows.found, flows.rows)
    return all(why in outcomes.UNDELIVERED for _, why in results)


def _reporters(case: Case) -> list[str]:
    """Who sent the ICMP errors."""
    heads = Selection.of(case.flows).complaining()
    return sorted({text(*error.reporter) for head in heads for error in head.errors})


def _undelivered_advice(case: Case, target: str) -> str:
    reporters = _reporters(case)
    sender = f" {reporters[0]} says so: begin there." if reporters else ""
    return (
        f"No filter says this: {target} does not answer in its own network, or there is no route to it. In "
        f"this order: is {target} switched on and connected, are its address, mask and VLAN right, is there "
        f"a route to its network.{sender}"
    )


def _blocked_advice(case: Case, origin: str, target: str) -> str:
    reporters = _reporters(case)
    sender = f" The rejection came from {reporters[0]}." if reporters else ""
    port = port_of(case.flows[0])
    return f"Allow {port} from {origin} to {target} in the firewall or router between them.{sender}"


def _silence_advice(port: str, origin: str, target: str) -> str:
    return (
        f"Silence does not tell a stopped service from a filter. In this order: is {target} switched on, and "
        f"does its service on {port} run; does its host firewall let {port} in; does every firewall between "
        f"let {port} through from {origin} to {target}, and the answers back. A capture at {target} shows "
        "whether the packets arrive."
    )


def missing(case: Case, results: Sequence[RowResult], roles: Sequence[str]) -> None:
    """Fill the words of rows that were due and never attempted between ``roles``."""
    rows = [result.row for result in results]
    ports = ports_of(rows)
    where = f"between {' and '.join(roles)}" if len(roles) > 1 else f"at {roles[0]}"
    case.title = f"{ports} {where} was never tried"
    sources = dict.fromkeys(f"{row.source.document}, {row.source.section}" for row in rows)
    case.detail = f"{capital(results[0].reason)}. {'; '.join(sources)}"
    activity = rows[0].service.activity
    repeat = "" if activity == OPERATION else f" Run {activity} once more while capturing."
    case.advice = (
        f"Check that {' and '.join(roles)} are set up to talk to each other and that their services run. "
        f"If one of them does try, a firewall drops {ports} before the capture point: a capture at the "
        f"sender shows it.{repeat}"
    )


def ports_of(rows: Sequence[Row]) -> str:
    """``UDP 5683 (CoAP)`` for one row, a list for several."""
    return ", ".join(
        dict.fromkeys(f"{row.transport.upper()} {row.port} ({row.service.name})" for row in rows)
    )


def mismatch(case: Case) -> None:
    """Fill the words of a payload that is not what its port claims."""
    flow = case.flows[0]
    origin, target = ends_of(case)
    found = f"it is {flow.protocol}" if flow.protocol else "it is no protocol known here"
    head = next((head for side in flow.heads for head in side), None)
    start = f" The first payload begins {head.data[:16].hex(' ')}." if head is not None else ""
    case.title = f"{port_of(flow)} between {origin} and {target} does not carry {flow.claimed}"
    case.detail = (
        f"The port claims {flow.claimed}, the payload contradicts it: {found}.{start} {examples(case)}"
    )
    case.advice = (
        "Another program may use the port, or the product speaks something the sheet does not name. "
        "Look at the frames named here, and at the program that owns the port on the responder."
    )


def undeclared(case: Case) -> None:
    """Fill the words of an expected flow with a host that is in no site file."""
    origin, target = ends_of(case)
    case.title = f"{service_of(case)} between {origin} and {target}: the peer is not declared"
    case.detail = f"{case.judgements[0].reason}; the sheet names no peer. {examples(case)}"
    case.advice = "Declare the host and its role in the site file if it is part of the site."
