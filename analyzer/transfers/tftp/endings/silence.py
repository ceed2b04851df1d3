"""Transfers that stopped without a word: who repeated what tells where packets were lost."""

from __future__ import annotations

from analyzer.model import Cause, Outcome, TransferOutcome
from analyzer.observation import times
from analyzer.transfers.tftp.endings.ending import Ending, at_wrap, elsewhere, size
from analyzer.transfers.tftp.endings.icmp import explain
from analyzer.transfers.tftp.session import NUMBERS, Leg, Session


def silent(session: Session, leg: Leg, announced: int | None) -> Ending:
    """A transfer that stopped without a word: who repeated what tells where packets were lost."""
    failed = TransferOutcome.FAILED
    if at_wrap(leg) and leg.acked < leg.sent + 1 and leg.sent >= NUMBERS - 1:
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
    if leg.skipped and leg.window == 1 and leg.acked and not any(leg.repeated) and not session.reports:
        # In lockstep each of them was on the network; and who waits at the end repeats something.
        said = f"{len(leg.skipped)} of its blocks are missing in this capture, perhaps its last ones as well"
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
        other = elsewhere(session, leg)
        if other and not leg.client_spoke:
            return Ending(failed, Cause.REPLY_FROM_OTHER_ADDRESS, [other])
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
        often = times(sum(one.packets[0] for one in session.legs.values()))
        said = f"the server sent {what} {often}" + (f" from {legs} ports" if legs > 1 else "")
        return Ending(failed, Cause.DATA_PATH_BLOCKED, [f"{said}, and the client never acknowledged it"])
    if leg.acked >= leg.sent and leg.sent <= leg.window and (server or not client):
        said = f"block {leg.acked} was acknowledged {client + 1} times, the server repeated it or fell silent"
        return Ending(failed, Cause.ACK_PATH_BLOCKED, [said])
    return _stopped(session, leg)


def _write(session: Session, leg: Leg) -> Ending:
    failed = TransferOutcome.FAILED
    server, client = leg.repeated
    if not leg.sent:
        other = elsewhere(session, leg)
        if other and not leg.client_spoke:
            return Ending(failed, Cause.REPLY_FROM_OTHER_ADDRESS, [other])
        cause = Cause.DATA_PATH_BLOCKED if leg.oacks else Cause.ACK_PATH_BLOCKED
        what = "options" if leg.oacks else "acknowledgement"
        often = times(sum(one.packets[0] for one in session.legs.values()))
        said = f"the server answered the request with its {what} {often}, and no data followed"
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
    left = (
        not client
        and leg.last_frame[0] > leg.last_frame[1]
        and (server or (leg.reads and leg.sent > leg.acked))
    )
    where = f"block {leg.acked} was the last one acknowledged"
    if leg.sent > leg.acked:
        where += f", block {leg.sent} the last one sent"
    if went or left:
        said = "the client closed its port" if went else "the client fell silent"
        said += f" while the server still sent ({server} repetitions)"
        return Ending(TransferOutcome.FAILED, Cause.CLIENT_GAVE_UP, [said, where])
    said = f"after that {server} repetitions by the server and {client} by the client, then silence"
    return Ending(TransferOutcome.FAILED, Cause.STALLED, [where, said])
