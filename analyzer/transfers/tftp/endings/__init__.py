"""How a TFTP transfer ended, and why: from the state that its packets left behind to outcome and cause.

The questions are asked in the order of their certainty: did it complete, did somebody end it with an ERROR,
did the network say something, could this capture have shown more, is it still going on. Only then is
silence given a cause, by who repeated what.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from analyzer import outcomes
from analyzer.addresses import text
from analyzer.model import Cause, Outcome, TransferOutcome
from analyzer.sessions import EARLY
from analyzer.transfers.tftp.endings.ending import SECOND, Ending, done, expected, seconds, size
from analyzer.transfers.tftp.endings.errors import UNKNOWN_TID, told
from analyzer.transfers.tftp.endings.icmp import explain, reported, too_large
from analyzer.transfers.tftp.endings.silence import silent
from analyzer.transfers.tftp.session import DOUBLED, Leg, Session

__all__ = ["SECOND", "Ending", "expected", "judge", "size"]

ANSWER: Final = 2 * SECOND
"""A peer answers in milliseconds: what has only been repeated for this long is not answered any more."""
STILL_RUNNING: Final = 5 * SECOND
"""A transfer with few repetitions since its last progress, this shortly before the end, may yet go on."""
STUCK, UNHEARD = 3, 2
"""Repetitions that make a transfer stuck after ANSWER: since its last progress, or of a first answer."""
PAUSE: Final = 20 * SECOND
"""The same where nobody repeated anything: a node that writes its flash is silent for a while."""
TEXTS: Final = frozenset(
    (
        "txt",
        "cfg",
        "conf",
        "ini",
        "log",
        "csv",
        "xml",
        "json",
        "yaml",
        "yml",
        "md",
        "htm",
        "html",
        "sh",
        "bat",
    )
)
"""File name endings of text, which may be sent in netascii."""
IN_ORDER: Final = "octet"


def judge(session: Session, end: int, one_sided: bool, begin: int = 0, filtered: bool = False) -> Ending:
    """How ``session`` ended. ``begin`` and ``end`` are the times of the capture's first and last packet, ns.

    ``one_sided`` says that answers to the client could not have been seen here, ``filtered`` that perhaps
    none from another port than 69 could.
    """
    leg = session.best()
    if leg is None:
        return _unanswered(session, end, one_sided, begin, filtered)
    if leg.final and done(leg):
        return _finished(session, leg)
    if leg.failure is not None and leg.acked >= 0 and not _went_on(leg):
        return told(session, leg)
    announced = expected(session, leg)
    ending = _seen_in_part(leg, one_sided)
    if ending is None and announced is not None and _covers(leg, announced):
        ending = Ending(TransferOutcome.COMPLETE, None, ["its last block is not in this capture"])
    if ending is None:
        ending = too_large(session, leg)
    if ending is None:
        ending = _running(session, leg, end)
    if ending is None:
        ending = silent(session, leg, announced)
    ending.said += reported(session)
    return ending


def _covers(leg: Leg, announced: int) -> bool:
    """Whether the last acknowledgement is of the block that has to be the last one."""
    return leg.top is None and leg.acked >= announced // leg.block_size + 1


def _finished(session: Session, leg: Leg) -> Ending:
    ending = Ending(TransferOutcome.COMPLETE)
    if leg.acked < leg.sent:
        ending.said.append("the last acknowledgement is not in this capture")
    mode = session.request.mode if session.request is not None else ""
    announced = expected(session, leg)
    if mode not in ("", IN_ORDER) and session.request is not None:
        name = session.request.file.rpartition(".")[2].lower()
        if name not in TEXTS:
            ending.outcome, ending.cause = TransferOutcome.FAILED, Cause.WRONG_MODE
            ending.said.append(f"it ended in mode {mode}, which changes line ends and so the image")
    elif announced is not None and not leg.began_late and size(leg) != announced:
        if size(leg) < announced:
            ending.outcome, ending.cause = TransferOutcome.FAILED, Cause.SIZE_MISMATCH
        ending.said.append(f"it ended after {size(leg)} bytes, {announced} were announced")
    if leg.doubled_most >= DOUBLED:
        ending.said.append(
            "many packets are sent twice at once: one side answers duplicates with data "
            "(Sorcerer's Apprentice, RFC 1123 section 4.2.3.1)"
        )
    return ending


def _went_on(leg: Leg) -> bool:
    """Whether the transfer went on after an ERROR, which then concerned a stray packet.

    What follows any other than "unknown transfer ID" at once stood before it on the wire.
    """
    failure = leg.failure
    assert failure is not None
    swapped = 0 if failure.code == UNKNOWN_TID else EARLY
    return leg.progress_time > failure.time + swapped and leg.progress_frame > failure.frame


def _unanswered(session: Session, end: int, one_sided: bool, begin: int, filtered: bool) -> Ending:
    times = f"asked {session.asks} times" if session.asks > 1 else "asked once"
    if session.folded:
        times += f" from {len({one.client for one in (*session.folded, session)})} ports"
    told = [(report, *explain(report)) for report in session.reports if report.of_client]
    for wanted, cause in ((Outcome.BLOCKED, Cause.BLOCKED), (Outcome.REFUSED, Cause.REFUSED)):
        for report, outcome, name in told:
            if outcome is wanted:
                said = f"{times}; {text(*report.reporter)} answered ICMP {name}"
                lost = f"ICMP {name}" in outcomes.UNDELIVERED
                return Ending(TransferOutcome.FAILED, cause, [said], undelivered=lost)
    if one_sided:
        said = f"{times}; the capture shows one direction only"
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    # A capture that begins with the request was made of it, and is taken as it is.
    if end - session.first_time < outcomes.REPLY_WITHIN <= session.first_time - begin:
        said = f"{times}, and the capture ended {seconds(end - session.first_time)} later"
        return Ending(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, [said])
    if filtered and not told and not _insisted(session):
        said = (
            f"{times}, and not again as an unheard client does; no TFTP packet off port 69 is in this "
            "capture: a capture filter of ports leaves the answer out"
        )
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    extra = [f"{text(*report.reporter)} answered ICMP {name}" for report, _, name in told if name]
    return Ending(TransferOutcome.FAILED, Cause.NO_RESPONSE, [f"{times}, no answer of any kind", *extra[:1]])


def _insisted(session: Session) -> bool:
    """Whether the client asked again, as one does that heard no answer (RFC 1350 section 2).

    ``tcpdump port 69`` of a healthy transfer holds its request and nothing else: the answer comes from a new
    port (section 4), whatever the capture goes on to show. Such a file is told from a server that does not
    answer by the client alone: one that was heard does not repeat its request when its timer runs out. The
    same file asked for from another port is a repetition only with the same options, for a client that first
    asks for the size begins anew for the file.
    """
    whole = [*session.folded, session]
    return any(one.insisted for one in whole) or any(
        one.requested == later.requested and later.first_time - one.last_request in outcomes.TIMER
        for one, later in pairwise(whole)
    )


def _seen_in_part(leg: Leg, one_sided: bool) -> Ending | None:
    """One direction only is a matter of the capture, not of the transfer."""
    server, client = leg.packets
    said = ""
    if client and not server and leg.apart:
        said = (
            f"the server's packets stand {seconds(leg.apart)} before the client's, as where each direction "
            "was captured by a clock of its own (editcap -t shifts one)"
        )
    elif client and not server:
        said = "only the client's packets are in this capture"
    elif server and not client and (leg.sent > leg.window + 1 or (not leg.reads and leg.acked)):
        said = "only the server's packets are in this capture"
    elif one_sided and not (server and client):
        said = "the capture shows one direction only"
    if said:
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    return None


def _running(session: Session, leg: Leg, end: int) -> Ending | None:
    since = max(leg.progress_time, 0)
    if not leg.client_spoke:
        since = session.first_time
    quiet = end - since
    repeats = sum(leg.repeated) + (max(0, session.requests - 1) if not leg.client_spoke else 0)
    if any(explain(report)[0] is not None and report.time >= since for report in session.reports):
        return None  # somebody closed the door
    patience = STILL_RUNNING if repeats else PAUSE if leg.client_spoke else STILL_RUNNING
    stuck = repeats >= (STUCK if leg.client_spoke else UNHEARD)
    if quiet < (ANSWER if stuck else patience):
        said = f"the capture ended {seconds(quiet)} after its last progress, at block {leg.acked}"
        return Ending(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, [said])
    return None
