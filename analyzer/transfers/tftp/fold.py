"""Requests that are one transfer: retries from new ports, and repetitions that nobody took up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from analyzer.model import Cause, TransferOutcome
from analyzer.outcomes import TIMER
from analyzer.transfers.tftp.endings import SECOND, judge
from analyzer.transfers.tftp.session import Session

RETRY_WITHIN: Final = TIMER.stop
"""How long after an unheeded request the next one for the same file is a retry of it, ns."""
LATE: Final = 5 * SECOND
"""How long after its transfer a single repetition of the request may still be on its way."""
UNHEEDED: Final = frozenset({Cause.NO_RESPONSE, Cause.DATA_PATH_BLOCKED, Cause.ACK_PATH_BLOCKED})
"""What a retry that works shows to have been a passing loss."""
REPEATABLE: Final = UNHEEDED | {Cause.REFUSED, Cause.BLOCKED, Cause.REPLY_FROM_OTHER_ADDRESS}
"""What a client that tries again meets again: one transfer that failed, not several."""


def fold(sessions: Iterable[Session], end: int) -> list[Session]:
    """The sessions in order of their first frames, each with the requests that belong to it."""
    groups: dict[tuple[object, ...], list[Session]] = defaultdict(list)
    kept: list[Session] = []
    for session in sorted(sessions, key=lambda session: session.first_frame):
        if session.request is None:
            kept.append(session)
            continue
        key = (session.client[:3], session.asked, session.request.operation, session.request.file)
        groups[key].append(session)
    for group in groups.values():
        kept.extend(_fold_group(group, end))
    return sorted(kept, key=lambda session: session.first_frame)


def _fold_group(group: Sequence[Session], end: int) -> list[Session]:
    kept: list[Session] = []
    for session in group:
        earlier = next((one for one in reversed(kept) if _echo(session, one)), None)
        if earlier is not None:
            earlier.folded.append(session)
            continue
        if kept and _retry(kept[-1], session, end):
            session.folded = [*kept[-1].folded, kept[-1]]
            kept[-1].folded = []
            kept.pop()
        kept.append(session)
    return kept


def _echo(session: Session, earlier: Session) -> bool:
    """Whether ``session`` is a late repetition of ``earlier``'s request, from the same port."""
    if session.client != earlier.client or session.request != earlier.request or session.progressed:
        return False
    if earlier.last_time > session.last_request and earlier.progressed:
        return True
    return earlier.ended and session.requests == 1 and session.first_time - earlier.last_time <= LATE


def _retry(earlier: Session, session: Session, end: int) -> bool:
    """Whether ``session`` asks again for what ``earlier`` did not get."""
    apart = session.first_time - max(earlier.last_request, 0)
    if not 0 <= apart <= RETRY_WITHIN or session.first_frame < earlier.last_request_frame:
        return False
    leg = earlier.best()
    if leg is not None and (leg.acked or (leg.reads and leg.acks_of_nothing)):
        return False
    before = judge(earlier, end, False)
    if before.cause not in REPEATABLE and before.outcome is not TransferOutcome.IN_PROGRESS:
        return False
    alike = earlier.requested == session.requested
    probe = leg is not None and "tsize" in leg.accepted and not leg.client_spoke
    if not (alike or probe or leg is None):
        return False
    after = judge(session, end, False)
    if after.outcome is not TransferOutcome.FAILED:
        return before.cause in UNHEEDED or before.outcome is TransferOutcome.IN_PROGRESS
    return (alike or leg is None) and (before.cause is after.cause or before.cause is Cause.NO_RESPONSE)
