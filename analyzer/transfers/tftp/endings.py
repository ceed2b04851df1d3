"""How a TFTP transfer ended, and why: from the state that its packets left behind to outcome and cause.

The questions are asked in the order of their certainty: did it complete, did somebody end it with an ERROR,
did the network say something, could this capture have shown more, is it still going on. Only then is
silence given a cause, by who repeated what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from analyzer import outcomes
from analyzer.addresses import text
from analyzer.model import Cause, Outcome, TransferOutcome
from analyzer.tables import QuotedError
from analyzer.transfers.tftp.session import (
    DOUBLED,
    NUMBERS,
    Failure,
    Leg,
    Report,
    Session,
    number_of,
    strange_options,
)

SECOND: Final = 1_000_000_000
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

FRAGMENTS: Final = frozenset({(4, 3, 4), (4, 11, 1), (6, 2, 0), (6, 3, 1)})
"""ICMP ``(version, type, code)``: fragmentation needed, reassembly time exceeded, packet too big."""

ERRORS: Final = {
    1: Cause.ERROR_NOT_FOUND,
    2: Cause.ERROR_ACCESS,
    3: Cause.ERROR_DISK_FULL,
    8: Cause.ERROR_OPTION,
}
WORDS: Final = (
    ("permission denied", Cause.ERROR_ACCESS),
    ("access denied", Cause.ERROR_ACCESS),
    ("access violation", Cause.ERROR_ACCESS),
    ("not found", Cause.ERROR_NOT_FOUND),
    ("no such file", Cause.ERROR_NOT_FOUND),
    ("no space left", Cause.ERROR_DISK_FULL),
    ("disk full", Cause.ERROR_DISK_FULL),
)
"""What servers write into ERROR 0 where the system's own error has a code in TFTP."""
DISK_FULL: Final = 3
UNKNOWN_TID: Final = 5
"""What is sent to a stranger, without disturbing the transfer (RFC 1350 section 4)."""
CLIENTS_OWN: Final = frozenset({2, DISK_FULL, 8})
"""ERROR codes by which a client states a reason; with any other it just gives up."""


@dataclass(slots=True)
class Ending:
    """The judgement on one session."""

    outcome: TransferOutcome
    cause: Cause | None = None
    said: list[str] = field(default_factory=list)
    """Sentences of the detail."""
    probe: bool = False


def judge(session: Session, end: int, one_sided: bool, begin: int = 0, filtered: bool = False) -> Ending:
    """How ``session`` ended. ``begin`` and ``end`` are the times of the capture's first and last packet, ns.

    ``one_sided`` says that answers to the client could not have been seen here, ``filtered`` that perhaps
    none from another port than 69 could.
    """
    leg = session.best()
    if leg is None:
        return _unanswered(session, end, one_sided, begin, filtered)
    if leg.final and _done(leg):
        return _finished(session, leg)
    if leg.failure is not None and leg.acked >= 0 and not _went_on(leg):
        return _error(session, leg)
    announced = expected(session, leg)
    ending = _seen_in_part(leg, one_sided)
    if ending is None and announced is not None and _covers(leg, announced):
        ending = Ending(TransferOutcome.COMPLETE, None, ["its last block is not in this capture"])
    if ending is None:
        ending = _network(session, leg)
    if ending is None:
        ending = _running(session, leg, end)
    if ending is None:
        ending = _silent(session, leg, announced)
    ending.said += _reported(session)
    return ending


def expected(session: Session, leg: Leg | None) -> int | None:
    """Bytes announced with tsize (RFC 2349): by the server for a read, by the client for a write."""
    told = session.requested if not session.reads else (leg.accepted if leg is not None else {})
    return number_of(told.get("tsize"), 0, 1 << 62)


def size(leg: Leg | None) -> int:
    """Bytes that the receiver acknowledged."""
    if leg is None or not leg.acked:
        return 0
    if leg.final and (leg.acked >= leg.sent or _done(leg)):
        return (leg.sent - 1) * leg.block_size + (leg.top or 0)
    return leg.acked * leg.block_size


def _done(leg: Leg) -> bool:
    """Whether the last block arrived.

    Its acknowledgement may be lost or come after the capture: a receiver that lacked the block would repeat
    its last acknowledgement, so its silence counts as done. That it heard the sender before is needed.
    """
    if leg.acked >= leg.sent:
        return True
    receiver = 1 if leg.reads else 0
    heard = leg.acked >= leg.sent - leg.window and (leg.acked > 0 or (leg.acks_of_nothing > 0 and leg.reads))
    return heard and not leg.repeated[receiver] and leg.failure is None


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
    """Whether the transfer went on after an ERROR, which then concerned a stray packet."""
    assert leg.failure is not None
    return leg.progress_time > leg.failure.time and leg.progress_frame > leg.failure.frame


def _error(session: Session, leg: Leg) -> Ending:
    failure = leg.failure
    assert failure is not None
    words = f"ERROR {failure.code} from the {'client' if failure.from_client else 'server'}"
    if failure.message:
        words += f": {failure.message}"
    ending = Ending(TransferOutcome.FAILED, Cause.ERROR_OTHER, [words])
    if failure.from_client:
        return _given_up(session, leg, failure, ending)
    ending.cause = ERRORS.get(failure.code) or _by_words(failure)
    if _at_wrap(leg) and failure.code in (0, 4, 5):
        return _wrapped(ending)
    if leg.server[:3] != session.asked[:3] and not session.to_group and not leg.client_spoke:
        ending.said.append("it came from another address than the one asked")
    return ending


def _by_words(failure: Failure) -> Cause:
    """The cause that the text of ERROR 0 names: "not defined, see error message" (RFC 1350 appendix I)."""
    said = failure.message.lower() if failure.code == 0 else ""
    return next((cause for words, cause in WORDS if words in said), Cause.ERROR_OTHER)


def _given_up(session: Session, leg: Leg, failure: Failure, ending: Ending) -> Ending:
    """The client's ERROR: a probe, a reason of its own, or just the end."""
    elsewhere = leg.server[:3] != session.asked[:3] and not session.to_group
    if elsewhere and failure.code == UNKNOWN_TID and not leg.acked:
        ending.cause = Cause.REPLY_FROM_OTHER_ADDRESS
        ending.said.append(f"{text(*session.asked[:3])} was asked, {text(*leg.server[:3])} answered")
        return ending
    strange = strange_options(session, leg) if leg.oacks else ""
    ignored = bool(session.requested) and not leg.oacks and leg.sent > 0
    first = not leg.sent and not leg.acked
    if failure.code in (0, 8) and leg.oacks and "tsize" in leg.accepted and first and not strange:
        return Ending(TransferOutcome.COMPLETE, None, ["the client only asked for the size"], probe=True)
    if strange:
        ending.said.append(strange)
    elif ignored:
        ending.said.append("the server ignored the options of the request")
    if _at_wrap(leg) and failure.code != DISK_FULL:
        return _wrapped(ending)
    if failure.code in CLIENTS_OWN:
        ending.cause = ERRORS[failure.code]
    elif (strange and first) or (ignored and leg.acked <= 1 and failure.code in (0, 4)):
        ending.cause = Cause.ERROR_OPTION
    else:
        ending.cause = Cause.CLIENT_GAVE_UP
    return ending


def _wrapped(ending: Ending) -> Ending:
    ending.cause = Cause.BLOCK_WRAP
    ending.said.append("it happened where block numbers begin again after 65535")
    return ending


def _at_wrap(leg: Leg) -> bool:
    """Whether it stopped where the 16-bit block number begins again."""
    return NUMBERS - 1 <= leg.sent <= NUMBERS + leg.window and leg.acked >= NUMBERS - 1 - leg.window


# ---------------------------------------------------------------- the request alone


def _unanswered(session: Session, end: int, one_sided: bool, begin: int, filtered: bool) -> Ending:
    times = f"asked {session.asks} times" if session.asks > 1 else "asked once"
    if session.folded:
        times += f" from {len({one.client for one in (*session.folded, session)})} ports"
    told = [(report, *explain(report)) for report in session.reports if report.of_client]
    for wanted, cause in ((Outcome.BLOCKED, Cause.BLOCKED), (Outcome.REFUSED, Cause.REFUSED)):
        for report, outcome, name in told:
            if outcome is wanted:
                said = f"{times}; {text(*report.reporter)} answered ICMP {name}"
                return Ending(TransferOutcome.FAILED, cause, [said])
    if one_sided:
        said = f"{times}; the capture shows one direction only"
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    # A capture that begins with the request was made of it, and is taken as it is.
    if end - session.first_time < outcomes.REPLY_WITHIN <= session.first_time - begin:
        said = f"{times}, and the capture ended {_seconds(end - session.first_time)} later"
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


def explain(report: Report) -> tuple[Outcome | None, str]:
    """The outcome an ICMP error stands for and its name."""
    quoted = QuotedError(
        True, report.version, report.type, report.code, report.reporter, 1, report.frame, report.frame, 0
    )
    outcome, name = outcomes.explain(quoted)
    if outcome is None:
        special = {
            (4, 3, 4): "fragmentation needed",
            (4, 11, 1): "fragment reassembly time exceeded",
            (4, 11, 0): "time to live exceeded",
            (6, 2, 0): "packet too big",
            (6, 3, 0): "hop limit exceeded",
            (6, 3, 1): "fragment reassembly time exceeded",
        }
        name = special.get((report.version, report.type, report.code), "")
    return outcome, name


# ---------------------------------------------------------------- answered


def _seen_in_part(leg: Leg, one_sided: bool) -> Ending | None:
    """One direction only is a matter of the capture, not of the transfer."""
    server, client = leg.packets
    said = ""
    if client and not server:
        said = "only the client's packets are in this capture"
    elif server and not client and (leg.sent > leg.window + 1 or (not leg.reads and leg.acked)):
        said = "only the server's packets are in this capture"
    elif one_sided and not (server and client):
        said = "the capture shows one direction only"
    if said:
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    return None


def _network(session: Session, leg: Leg) -> Ending | None:
    """What ICMP says of packets too large for the path."""
    for report in session.reports:
        if (report.version, report.type, report.code) in FRAGMENTS and leg.acked <= leg.window:
            _, name = explain(report)
            said = f"{text(*report.reporter)} answered ICMP {name} to blocks of {leg.block_size} bytes"
            return Ending(TransferOutcome.FAILED, Cause.FRAGMENTS_LOST, [said])
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
        said = f"the capture ended {_seconds(quiet)} after its last progress, at block {leg.acked}"
        return Ending(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, [said])
    return None


def _silent(session: Session, leg: Leg, announced: int | None) -> Ending:
    """A transfer that stopped without a word: who repeated what tells where packets were lost."""
    failed = TransferOutcome.FAILED
    if _at_wrap(leg) and leg.acked < leg.sent + 1 and leg.sent >= NUMBERS - 1:
        said = f"it stopped at block {leg.acked}, where block numbers begin again after 65535"
        return Ending(failed, Cause.BLOCK_WRAP, [said])
    if _lacks_end(session, leg, announced):
        said = (
            f"{leg.acked} full blocks were acknowledged"
            + (f", all {announced} bytes" if announced == size(leg) else "")
            + "; the short or empty block that ends a file (RFC 1350 section 6) never came"
        )
        return Ending(failed, Cause.MISSING_FINAL_BLOCK, [said])
    if leg.top is None and leg.acked and not any(leg.repeated):
        said = f"block {leg.acked} was acknowledged and is not in this capture, nor is what followed"
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    return _read(session, leg) if leg.reads else _write(session, leg)


def _lacks_end(session: Session, leg: Leg, announced: int | None) -> bool:
    """Whether the sender stopped after full blocks and thought that was all."""
    if not leg.acked or leg.acked < leg.sent or leg.final or leg.repeated[0 if leg.reads else 1]:
        return False
    if announced is not None:
        return announced == leg.acked * leg.block_size
    # The sender closed its port: it answers the receiver's repetitions with port unreachable.
    sender = leg.server[:3] if leg.reads else session.client[:3]
    return any(
        explain(report)[0] is Outcome.REFUSED
        and report.reporter == sender
        and report.of_client is leg.reads
        and report.time >= leg.progress_time
        for report in session.reports
    )


def _read(session: Session, leg: Leg) -> Ending:
    failed = TransferOutcome.FAILED
    server, client = leg.repeated
    if not leg.acked:
        if not leg.client_spoke and leg.server[:3] != session.asked[:3] and not session.to_group:
            said = f"{text(*session.asked[:3])} was asked, {text(*leg.server[:3])} answered"
            return Ending(failed, Cause.REPLY_FROM_OTHER_ADDRESS, [said])
        if leg.misdirected:
            said = (
                "the client acknowledges to the request's port, not to the port that the server answers from"
            )
            return Ending(failed, Cause.ACK_PATH_BLOCKED, [said])
        if leg.sent and leg.fragmented and leg.acks_of_nothing:
            return _fragments(leg)
        if not leg.sent and leg.acks_of_nothing:
            said = "the client acknowledges the options, the server never goes on to block 1"
            return Ending(failed, Cause.ACK_PATH_BLOCKED, [said])
        what = "block 1" if leg.sent else "the accepted options"
        legs = len(session.legs)
        times = _times(sum(one.packets[0] for one in session.legs.values()))
        said = f"the server sent {what} {times}" + (f" from {legs} ports" if legs > 1 else "")
        return Ending(failed, Cause.DATA_PATH_BLOCKED, [f"{said}, and the client never acknowledged it"])
    if leg.acked >= leg.sent and leg.sent <= leg.window and (server or not client):
        said = f"block {leg.acked} was acknowledged {client + 1} times, the server repeated it or fell silent"
        return Ending(failed, Cause.ACK_PATH_BLOCKED, [said])
    return _stopped(session, leg)


def _write(session: Session, leg: Leg) -> Ending:
    failed = TransferOutcome.FAILED
    server, client = leg.repeated
    if not leg.sent:
        if leg.server[:3] != session.asked[:3] and not session.to_group and not leg.client_spoke:
            said = f"{text(*session.asked[:3])} was asked, {text(*leg.server[:3])} answered"
            return Ending(failed, Cause.REPLY_FROM_OTHER_ADDRESS, [said])
        cause = Cause.DATA_PATH_BLOCKED if leg.oacks else Cause.ACK_PATH_BLOCKED
        what = "options" if leg.oacks else "acknowledgement"
        times = _times(sum(one.packets[0] for one in session.legs.values()))
        said = f"the server answered the request with its {what} {times}, and no data followed"
        return Ending(failed, cause, [said])
    if not leg.acked:
        if leg.fragmented:
            return _fragments(leg)
        said = f"the client sent block {leg.sent} {client + 1} times, and the server never acknowledged it"
        return Ending(failed, Cause.DATA_PATH_BLOCKED, [said])
    if leg.acked >= leg.sent and leg.sent <= leg.window and client:
        said = (
            f"the server acknowledged block {leg.acked} {server + 1} times, the client went on repeating it"
        )
        return Ending(failed, Cause.ACK_PATH_BLOCKED, [said])
    return _stopped(session, leg)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _fragments(leg: Leg) -> Ending:
    said = [f"blocks of {leg.block_size} bytes travel in IP fragments, and none was acknowledged"]
    if leg.fragments_due and leg.fragments_seen < leg.fragments_due:
        said.append(
            f"of {leg.fragments_due} further fragments that were due only {leg.fragments_seen} are in this "
            "capture: they are lost before this point"
        )
    elif leg.fragments_due:
        said.append("all fragments passed this point: they are lost behind it")
    return Ending(TransferOutcome.FAILED, Cause.FRAGMENTS_LOST, said)


def _stopped(session: Session, leg: Leg) -> Ending:
    """It progressed, and then no more: the client went away, or packets or the server did."""
    server, client = leg.repeated
    went = any(
        report.time >= leg.progress_time and explain(report)[0] is Outcome.REFUSED
        for report in session.reports
        if not report.of_client and report.reporter == session.client[:3]
    )
    silent = (
        not client
        and leg.last_frame[0] > leg.last_frame[1]
        and (server or went or (leg.reads and leg.sent > leg.acked))
    )
    where = f"block {leg.acked} was the last one acknowledged"
    if leg.sent > leg.acked:
        where += f", block {leg.sent} the last one sent"
    if went or (silent and client == 0):
        said = "the client closed its port" if went else "the client fell silent"
        said += f" while the server still sent ({server} repetitions)"
        return Ending(TransferOutcome.FAILED, Cause.CLIENT_GAVE_UP, [said, where])
    said = f"after that {server} repetitions by the server and {client} by the client, then silence"
    return Ending(TransferOutcome.FAILED, Cause.STALLED, [where, said])


def _reported(session: Session) -> Sequence[str]:
    """What ICMP errors said, in a sentence each."""
    said = dict.fromkeys(
        f"{text(*report.reporter)} answered ICMP {name} to the {'client' if report.of_client else 'server'}"
        for report in session.reports
        if (name := explain(report)[1])
    )
    return list(said)[:2]


def _seconds(time: int) -> str:
    return f"{time / SECOND:.1f} s"
