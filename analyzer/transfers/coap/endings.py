"""How a CoAP transfer ended, and why: from the state that its blocks left behind to outcome and cause.

The questions are asked in the order of their certainty: did it complete, did the server answer with an error,
could this capture have shown more, is it still going on. Only then is silence given a cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analyzer import outcomes
from analyzer.addresses import text
from analyzer.model import Cause, Outcome, TransferOutcome
from analyzer.protocols.coap import CODES
from analyzer.tables import QuotedError
from analyzer.transfers.coap.body import Body
from analyzer.transfers.coap.exchange import ACK_RANDOM, ACK_TIMEOUT, MAX_RETRANSMIT, SECOND
from analyzer.transfers.coap.gather import Report

ANSWER: Final = 2 * SECOND
"""What was repeated and then left for this long is not answered any more."""
STUCK: Final = 3
"""Repetitions that make a transfer stuck after ANSWER: by the timers of RFC 7252 section 4.8 they take at
least
14 s."""
PAUSE: Final = 20 * SECOND
"""A node that writes its flash asks for nothing for a while, and a server that does so answers later."""
PATIENCE: Final = 3
"""Times the longest silence so far that another silence may last: some nodes fetch slowly by design."""
CAUSES: Final[Mapping[int, Cause]] = {
    0x81: Cause.ERROR_ACCESS,
    0x82: Cause.ERROR_OPTION,
    0x83: Cause.ERROR_ACCESS,
    0x84: Cause.ERROR_NOT_FOUND,
    0x8D: Cause.ERROR_DISK_FULL,
}
"""Response codes (RFC 7252 section 5.9, RFC 7959 section 2.9) that name a cause; the others are
error-other."""


@dataclass(slots=True)
class Ending:
    """The judgement on one body."""

    outcome: TransferOutcome
    cause: Cause | None = None
    said: list[str] = field(default_factory=list)
    undelivered: bool = False
    """Whether what is blocked is so because nobody finds the server."""


def judge(body: Body, end: int, one_sided: bool, reports: Sequence[Report] = ()) -> Ending:
    """How ``body`` ended. ``end`` is the time of the capture's last packet, ns.

    ``one_sided`` says that answers to the client could not have been seen here; ``reports`` are the ICMP
    errors
    about its packets.
    """
    if body.q_block:
        said = "its blocks are Q-Block (RFC 9177), which is not judged"
        return Ending(TransferOutcome.UNKNOWN, None, [said])
    if not body.requests:
        said = "only the server's packets are in this capture"
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    if body.done and not (not body.answered and body.repeated[1] >= 2):
        return _finished(body)
    ending = _refused(body)
    if ending is None:
        ending = _seen_in_part(body, one_sided)
    if ending is None and not body.answers:
        ending = _unanswered(body, end, reports)
    if ending is None:
        ending = _running(body, end, reports)
    if ending is None:
        ending = _full_of_holes(body)
    if ending is None:
        ending = _silent(body)
    ending.said += _reported(reports)
    return ending


def named(code: int) -> str:
    """A response code as RFC 7252 writes it, with its name."""
    return f"{code >> 5}.{code & 31:02} {CODES.get(code, '')}".strip()


def _finished(body: Body) -> Ending:
    ending = Ending(TransferOutcome.COMPLETE)
    if body.announced is not None and body.begin == 0 and body.announced != body.bytes:
        # Sizes are estimates (RFC 7959 section 4): no fault rests on them.
        ending.said.append(f"{body.announced} bytes were announced, {body.bytes} were sent")
    return ending


def _refused(body: Body) -> Ending | None:
    """The last word was an error or an RST."""
    if body.reset_by:
        said = f"the {body.reset_by} answered with RST: it has no use for the message (RFC 7252 section 4.2)"
        cause = Cause.REFUSED if body.reset_by == "server" else Cause.CLIENT_GAVE_UP
        return Ending(TransferOutcome.FAILED, cause, [said])
    if not body.error:
        return None
    said = f"the server answered {named(body.error)}"
    if body.asked > 0:
        said += f" to the block at byte {body.asked}"
    return Ending(TransferOutcome.FAILED, CAUSES.get(body.error, Cause.ERROR_OTHER), [said])


def _seen_in_part(body: Body, one_sided: bool) -> Ending | None:
    """One direction only is a matter of the capture, not of the transfer."""
    if body.answers or not (body.several or one_sided):
        return None
    said = "only the client's packets are in this capture"
    return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])


def _unanswered(body: Body, end: int, reports: Sequence[Report]) -> Ending | None:
    times = "asked once" if body.requests == 1 else f"asked {body.requests} times"
    told = [(report, *explain(report)) for report in reports if report.of_client]
    for wanted, cause in ((Outcome.BLOCKED, Cause.BLOCKED), (Outcome.REFUSED, Cause.REFUSED)):
        for report, outcome, name in told:
            if outcome is wanted:
                said = f"{times}; {text(*report.reporter)} answered ICMP {name}"
                lost = f"ICMP {name}" in outcomes.UNDELIVERED
                return Ending(TransferOutcome.FAILED, cause, [said], lost)
    if end - body.last < _patience(body):
        return _cut_short(body, end)
    return Ending(TransferOutcome.FAILED, Cause.NO_RESPONSE, [f"{times}, no answer of any kind"])


def _patience(body: Body) -> int:
    """How long after its last message a request that was repeated as often may yet be answered or
    repeated, ns."""
    repeats = body.repeated[1]
    if repeats >= MAX_RETRANSMIT:
        return 0
    if repeats >= STUCK:
        return ANSWER
    return int(ACK_TIMEOUT * ACK_RANDOM * 2 ** min(repeats, MAX_RETRANSMIT))


def explain(report: Report) -> tuple[Outcome | None, str]:
    """The outcome an ICMP error stands for and its name."""
    quoted = QuotedError(
        True, report.version, report.type, report.code, report.reporter, 1, report.frame, report.frame, 0
    )
    return outcomes.explain(quoted)


def _cut_short(body: Body, end: int) -> Ending:
    said = (
        f"the capture ended {(end - body.last) / SECOND:.1f} s after its last message, at byte {body.bytes}"
    )
    return Ending(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, [said])


def _running(body: Body, end: int, reports: Sequence[Report]) -> Ending | None:
    if any(explain(report)[0] is not None and report.time >= body.progress for report in reports):
        return None
    # A request that waits is repeated by a timer; everything else is somebody's pause.
    waits = (not body.answered and not body.promised) or body.repeated[1] >= STUCK
    patience = _patience(body) if waits else max(PAUSE, PATIENCE * body.longest_gap)
    return _cut_short(body, end) if end - body.last < patience else None


def _full_of_holes(body: Body) -> Ending | None:
    """A capture that is known to lack packets of a transfer may lack its end."""
    if not body.holes or not body.answered or any(body.repeated):
        return None
    where = f"byte {body.bytes} was the last one acknowledged"
    said = f"{body.holes} of its packets are missing in this capture, perhaps its last ones as well"
    return Ending(TransferOutcome.UNKNOWN, None, [where, said])


def _silent(body: Body) -> Ending:
    """It stopped without a word: who repeated what tells where messages were lost."""
    failed = TransferOutcome.FAILED
    server, client = body.repeated
    if body.total is not None and not body.writes and not body.orderly:
        said = "blocks were asked for in no order, and not all of them in this capture"
        return Ending(TransferOutcome.UNKNOWN, None, [said])
    if body.blocks == 1 and server >= STUCK - 1 and client >= STUCK - 1:
        if body.writes:
            said = f"the server took the first block {server + 1} times, the client went on repeating it"
            return Ending(failed, Cause.ACK_PATH_BLOCKED, [said])
        said = f"the server sent the first block {server + 1} times, the client went on asking for it"
        return Ending(failed, Cause.DATA_PATH_BLOCKED, [said])
    if not body.blocks and not body.answered:
        said = "the server acknowledged the request and never answered it"
        return Ending(failed, Cause.NO_RESPONSE, [said])
    where = f"byte {body.bytes} was the last one acknowledged"
    if body.answered and server and not client:
        said = f"the client fell silent while the server still sent ({server} repetitions)"
        return Ending(failed, Cause.CLIENT_GAVE_UP, [said, where])
    if body.answered and not body.writes and not body.image:
        # Of what is no image a client may want the beginning only.
        return Ending(TransferOutcome.UNKNOWN, None, [where, "the client asked for no more"])
    if body.answered:
        said = "the server answered, and the client " + (
            "sent nothing more" if body.writes else "asked for no more"
        )
        return Ending(failed, Cause.STALLED, [where, said])
    verb = "sent" if body.writes else "asked for"
    if not client and not server and not body.promised:
        # Who hears nothing repeats it (RFC 7252 section 4.2): maybe only the capture lacks the answer.
        said = f"the block at byte {body.asked} was {verb} once, and neither answered nor repeated"
        return Ending(TransferOutcome.UNKNOWN, None, [where, f"{said}: a packet may be missing here"])
    said = f"the block at byte {body.asked} was {verb} {client + 1} times"
    if body.promised:
        said += ", acknowledged"
    return Ending(failed, Cause.STALLED, [where, f"{said} and never answered"])


def _reported(reports: Sequence[Report]) -> Sequence[str]:
    said = dict.fromkeys(
        f"{text(*report.reporter)} answered ICMP {name} to the {'client' if report.of_client else 'server'}"
        for report in reports
        if (name := explain(report)[1])
    )
    return list(said)[:2]
