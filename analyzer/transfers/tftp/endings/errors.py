"""An ERROR that ended a transfer: whose it was, and what it means (RFC 1350 section 7 and appendix I)."""

from __future__ import annotations

from typing import Final

from analyzer.model import Cause, TransferOutcome
from analyzer.transfers.tftp.endings.ending import Ending, at_wrap, elsewhere
from analyzer.transfers.tftp.session import Failure, Leg, Session, strange_options

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
FILE_EXISTS: Final = 6
CLIENTS_OWN: Final = frozenset({2, DISK_FULL, 8})
"""ERROR codes by which a client states a reason; with any other it just gives up."""


def told(session: Session, leg: Leg) -> Ending:
    """How a leg ended whose ``failure`` is its last word."""
    failure = leg.failure
    assert failure is not None
    words = f"ERROR {failure.code} from the {'client' if failure.from_client else 'server'}"
    if failure.message:
        words += f": {failure.message}"
    ending = Ending(TransferOutcome.FAILED, Cause.ERROR_OTHER, [words])
    if failure.from_client:
        return _given_up(session, leg, failure, ending)
    ending.cause = ERRORS.get(failure.code) or _by_words(failure)
    if at_wrap(leg) and failure.code in (0, 4, 5):
        return _wrapped(ending)
    if elsewhere(session, leg) and not leg.client_spoke:
        ending.said.append("it came from another address than the one asked")
    return ending


def _by_words(failure: Failure) -> Cause:
    """The cause that the text of ERROR 0 names: "not defined, see error message" (RFC 1350 appendix I)."""
    said = failure.message.lower() if failure.code == 0 else ""
    return next((cause for words, cause in WORDS if words in said), Cause.ERROR_OTHER)


def _given_up(session: Session, leg: Leg, failure: Failure, ending: Ending) -> Ending:
    """The client's ERROR: a probe, a reason of its own, or just the end."""
    other = elsewhere(session, leg)
    if other and failure.code == UNKNOWN_TID and not leg.acked:
        ending.cause = Cause.REPLY_FROM_OTHER_ADDRESS
        ending.said.append(other)
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
    if at_wrap(leg) and failure.code != DISK_FULL:
        return _wrapped(ending)
    if failure.code in CLIENTS_OWN:
        ending.cause = ERRORS[failure.code]
    elif (strange and first) or (ignored and leg.acked <= 1 and failure.code in (0, 4)):
        ending.cause = Cause.ERROR_OPTION
    else:
        ending.cause = Cause.CLIENT_GAVE_UP
    if failure.code == FILE_EXISTS and session.reads:
        ending.said.append("the client says that it has this file already, so it may be up to date")
    return ending


def _wrapped(ending: Ending) -> Ending:
    ending.cause = Cause.BLOCK_WRAP
    ending.said.append("it happened where block numbers begin again after 65535")
    return ending
