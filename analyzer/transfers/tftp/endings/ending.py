"""What is said of a session, and how far its transfer came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from analyzer.addresses import text
from analyzer.model import Cause, TransferOutcome
from analyzer.transfers.tftp.session import NUMBERS, Leg, Session, number_of

SECOND: Final = 1_000_000_000


@dataclass(slots=True)
class Ending:
    """The judgement on one session."""

    outcome: TransferOutcome
    cause: Cause | None = None
    said: list[str] = field(default_factory=list)
    """Sentences of the detail."""
    probe: bool = False
    undelivered: bool = False
    """Whether what is blocked is so because nobody finds the server."""


def expected(session: Session, leg: Leg | None) -> int | None:
    """Bytes announced with tsize (RFC 2349): by the server for a read, by the client for a write."""
    told = session.requested if not session.reads else (leg.accepted if leg is not None else {})
    return number_of(told.get("tsize"), 0, 1 << 62)


def size(leg: Leg | None) -> int:
    """Bytes that the receiver acknowledged."""
    if leg is None or not leg.acked:
        return 0
    if leg.final and (leg.acked >= leg.sent or done(leg)):
        return (leg.sent - 1) * leg.block_size + (leg.top or 0)
    return leg.acked * leg.block_size


def done(leg: Leg) -> bool:
    """Whether the last block arrived.

    Its acknowledgement may be lost or come after the capture: a receiver that lacked the block would repeat
    its last acknowledgement, so its silence counts as done. That it heard the sender before is needed.
    """
    if leg.acked >= leg.sent:
        return True
    receiver = 1 if leg.reads else 0
    heard = leg.acked >= leg.sent - leg.window and (leg.acked > 0 or (leg.acks_of_nothing > 0 and leg.reads))
    return heard and not leg.repeated[receiver] and leg.failure is None


def at_wrap(leg: Leg) -> bool:
    """Whether it stopped where the 16-bit block number begins again."""
    return NUMBERS - 1 <= leg.sent <= NUMBERS + leg.window and leg.acked >= NUMBERS - 1 - leg.window


def elsewhere(session: Session, leg: Leg) -> str:
    """That another address answered than the one asked, where it did: a group is no address of one."""
    if leg.server[:3] == session.asked[:3] or session.to_group:
        return ""
    return f"{text(*session.asked[:3])} was asked, {text(*leg.server[:3])} answered"


def seconds(time: int) -> str:
    """A length of time in ns, in words."""
    return f"{time / SECOND:.1f} s"
