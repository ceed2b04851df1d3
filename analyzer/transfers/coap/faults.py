"""Faults of messages that no transfer tells of: repeated errors, and peers that stop answering."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from analyzer.addresses import text
from analyzer.conversation import Conversation
from analyzer.model import FindingKind, Outcome, Severity, Verdict
from analyzer.observation import Observation, Setting, Standing
from analyzer.protocols.coap import CODES
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.coap.endings import named
from analyzer.transfers.coap.gather import Messages

REPEATED: Final = 3
"""Errors of one kind for one resource from which on they are told: one may be a question that found out."""
EXAMPLES: Final = 3
FRAMES: Final = 24
"""Evidence from which on no further fault of the same cause adds to it."""
JUDGED: Final = (Verdict.EXPECTED, Verdict.DISPUTED, Verdict.REVIEW)
"""What is unexpected is told as that."""


class Fault(NamedTuple):
    """Requests for ``subject`` that were answered with the error ``code``, or, where that is empty, a message
    that the other end never acknowledged, though it may have acknowledged others. ``last`` is in ns."""

    code: str
    subject: str
    client: Endpoint
    server: Endpoint
    times: int
    last: int
    frames: tuple[int, ...]

    @property
    def asker(self) -> str:
        """The client's address."""
        return text(*self.client[:3])


def seen(found: Messages) -> Iterator[Fault]:
    """The faults of all messages, errors first. Those of a file's blocks are its transfer's."""
    for errors in found.errors.values():
        subject = f"{CODES.get(errors.request, '')} {errors.path}"
        ends = errors.client, errors.server
        yield Fault(named(errors.code), subject, *ends, errors.count, errors.last, tuple(errors.frames))
    for one in found.exhausted():
        if one.owner is None:
            subject = f"CON {CODES.get(one.code, 'ping')}"
            yield Fault("", subject, one.source, one.target, one.copies, one.last, tuple(one.frames))


def tell(faults: Iterable[Fault], setting: Setting) -> Iterator[Observation]:
    """One for each kind of error, and for each service that went silent, between two kinds of host."""
    causes: dict[tuple[str, ...], list[tuple[Fault, Conversation]]] = {}
    weights: dict[tuple[str, ...], tuple[Severity, tuple[str, ...]]] = {}
    for fault in faults:
        flow = setting.flow("udp", *((end[:3], end[3]) for end in (fault.client, fault.server)))
        if flow is None:
            continue
        head = flow.parent or flow
        standing = setting.standing(flow)
        weighed = _weighed(fault, flow, standing)
        if weighed is None or standing.verdict not in JUDGED:
            continue
        severity, apart = weighed
        key = (*standing.ends, flow.transport, str(flow.port), *apart)
        slot = (severity, *key, standing.waived)
        weights[slot] = severity, key
        causes.setdefault(slot, []).append((fault, head))
    for slot, held in causes.items():
        yield _told(*weights[slot], held)


def _weighed(fault: Fault, flow: Conversation, standing: Standing) -> tuple[Severity, tuple[str, ...]] | None:
    """Severity and what else tells the cause apart; None for what is no fault."""
    if fault.code:
        return (Severity.WARNING, ("coap", fault.code)) if fault.times >= REPEATED else None
    side = 0 if flow.a == fault.server[:3] else 1
    if flow.outcome is not Outcome.ANSWERED or not flow.packets[side]:
        return None  # a flow without any answer is told as that
    back = flow.last_time[side] > fault.last
    grave = standing.certain and standing.verdict is Verdict.EXPECTED and not back
    severity = Severity.VIOLATION if grave else Severity.WARNING
    return severity, ("stopped", "recovered") if back else ("stopped",)


def _told(
    severity: Severity, key: tuple[str, ...], held: Sequence[tuple[Fault, Conversation]]
) -> Observation:
    faults = [fault for fault, _ in held]
    kind, words = (
        (FindingKind.PROTOCOL_ERROR, _error(faults))
        if faults[0].code
        else (FindingKind.FAILING_FLOW, _silence(faults, held[0][1].port, "recovered" in key))
    )
    frames: set[int] = set()
    for fault in faults:
        if len(frames) < FRAMES:
            frames.update(fault.frames)
    flows = {head.row: head for _, head in held}
    return Observation(kind, severity, key, *words, tuple(sorted(frames)), tuple(flows.values()))


def _between(held: Sequence[Fault]) -> tuple[str, str]:
    """Who asked and who was asked, in a sentence."""
    clients = sorted({fault.asker for fault in held})
    servers = sorted({text(*fault.server[:3]) for fault in held})
    return (
        clients[0] if len(clients) == 1 else f"{len(clients)} hosts",
        servers[0] if len(servers) == 1 else f"{len(servers)} hosts",
    )


def _examples(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - EXAMPLES} more" if len(lines) > EXAMPLES else ""
    return "; ".join(lines[:EXAMPLES]) + more


def _error(held: Sequence[Fault]) -> tuple[str, str, str]:
    """Title, detail, advice."""
    client, server = _between(held)
    total = sum(fault.times for fault in held)
    lines = [
        f"{fault.subject} by {fault.asker} {fault.times} times from frame {fault.frames[0]}" for fault in held
    ]
    return (
        f"{server} answers CoAP requests of {client} with {held[0].code}",
        f"{total} answers: {_examples(lines)}",
        f"The way is open and the service answers; it refuses what is asked. Compare the versions of "
        f"{client} and {server} (a resource that one of them lacks gives 4.04, a method 4.05), their "
        "credentials (4.01, 4.03), and read the log of the host that answers (5.00 is its own fault, 5.03 "
        "that it is overloaded).",
    )


def _silence(held: Sequence[Fault], port: int, recovered: bool) -> tuple[str, str, str]:
    """Title, detail, advice."""
    client, server = _between(held)
    later = ", and answers again later" if recovered else ""
    lines = [
        f"{fault.subject} from {fault.asker} sent {fault.times} times, frames "
        f"{', '.join(map(str, fault.frames[:5]))}"
        for fault in held
    ]
    return (
        f"{server} stops answering {client} on UDP {port} in the middle of the capture{later}",
        "It answered before. Confirmable messages were repeated to the last (RFC 7252 section 4.2) without "
        f"an acknowledgement: {_examples(lines)}",
        f"The port is open: it worked before. Look at what happened to {server} at that moment: power, link, "
        "restart, an update, a new firewall rule. If many hosts fell silent at once, look at the switch or "
        "gateway between.",
    )
