"""How an HTTP transfer ended, and why: from what its connections showed to outcome and cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from analyzer.model import Cause, TransferOutcome
from analyzer.transfers.http.stream import Body, Exchange
from analyzer.transfers.http.worth import uploads

SECOND: Final = 1_000_000_000
ANSWER: Final = 2 * SECOND
STUCK: Final = 3
"""Segments sent again without progress that make a transfer stuck after ANSWER."""
PAUSE: Final = 20 * SECOND
"""A device that writes its flash takes nothing for a while, and a server may think for as long."""
PATIENCE: Final = 3
"""Times the longest silence so far that another silence may last."""
CAUSES: Final[Mapping[int, Cause]] = {
    401: Cause.ERROR_ACCESS,
    403: Cause.ERROR_ACCESS,
    404: Cause.ERROR_NOT_FOUND,
    407: Cause.ERROR_ACCESS,
    410: Cause.ERROR_NOT_FOUND,
    413: Cause.ERROR_DISK_FULL,
    507: Cause.ERROR_DISK_FULL,
}
"""Status codes (RFC 9110 section 15, RFC 4918 section 11.5) that name a cause; the others are error-other."""
CUT: Final = "the capture holds only the first bytes of packets, so its size is not known"


@dataclass(slots=True)
class Ending:
    """The judgement on one exchange."""

    outcome: TransferOutcome
    cause: Cause | None = None
    said: list[str] = field(default_factory=list)
    advice: str = ""


def judge(exchange: Exchange, end: int, one_sided: bool) -> Ending:
    """How ``exchange`` ended. ``end`` is the time of the capture's last packet, ns."""
    if exchange.one_sided or one_sided:
        who = "server" if exchange.request is None else "client"
        said = f"only the {who}'s packets are in this capture"
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    status = exchange.response.status if exchange.response is not None else 0
    if status >= 400:
        said = f"the server answered {status}"
        return Ending(TransferOutcome.FAILED, CAUSES.get(status, Cause.ERROR_OTHER), [said])
    return _upload(exchange, status, end) if uploads(exchange) else _download(exchange, end)


def _running(exchange: Exchange, end: int) -> Ending | None:
    if exchange.closed_by:
        return None
    quiet = end - exchange.last
    stuck = sum(exchange.repeated) >= STUCK
    if quiet >= (ANSWER if stuck else max(PAUSE, PATIENCE * exchange.longest_gap)):
        return None
    said = f"the capture ended {quiet / SECOND:.1f} s after its last packet"
    return Ending(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, [said])


def _download(exchange: Exchange, end: int) -> Ending:
    body, response = exchange.got, exchange.response
    if response is None or body is None:
        return _running(exchange, end) or _unanswered(exchange)
    if body.length is not None and body.acked >= body.length:
        return Ending(TransferOutcome.COMPLETE)
    if body.length is None:
        return _open(exchange, body, end)
    if body.sent >= body.length and (exchange.closed_by == "client" or end - exchange.last < SECOND):
        # A client that has all it wanted may close at once.
        said = "the last acknowledgement is not in this capture"
        return Ending(TransferOutcome.COMPLETE, None, [said])
    where = f"{body.acked} of {body.length} bytes arrived"
    return _running(exchange, end) or _cut_off(exchange, body, where)


def _open(exchange: Exchange, body: Body, end: int) -> Ending:
    """A body whose length was not announced: chunked, or ended by the end of the connection."""
    response = exchange.response
    assert response is not None
    if not response.complete:
        return Ending(
            TransferOutcome.UNKNOWN, None, [CUT], "Capture whole packets (tcpdump -s 0) and look again."
        )
    where = f"{body.acked} bytes arrived, no length was announced"
    running = _running(exchange, end)
    if running is not None:
        return running
    if exchange.closed_by == "server" and not exchange.reset_by and not body.chunked:
        return Ending(TransferOutcome.COMPLETE, None, [f"{where}: it ended with the connection"])
    if exchange.closed_by == "server" or (body.chunked and exchange.closed_by):
        what = "its last chunk is not to be seen" if body.chunked else "the server reset the connection"
        return Ending(TransferOutcome.UNKNOWN, None, [f"{where}; {what}"])
    return _cut_off(exchange, body, where)


def _cut_off(exchange: Exchange, body: Body, where: str) -> Ending:
    """The body stopped before its end: who ended the connection, or who fell silent."""
    failed = TransferOutcome.FAILED
    if exchange.closed_by == "client":
        what = "reset" if exchange.reset_by == "client" else "closed"
        return Ending(failed, Cause.CLIENT_GAVE_UP, [where, f"the client {what} the connection"])
    if exchange.closed_by == "server":
        if exchange.reset_by == "server":
            said = "the connection was reset from the server's address"
            return Ending(failed, Cause.ERROR_OTHER, [where, said])
        return Ending(failed, Cause.SIZE_MISMATCH, [where, "the server closed the connection properly"])
    repeats = sum(exchange.repeated)
    if not body.acked and repeats >= STUCK:
        said = f"the first bytes were sent again {repeats} times and never acknowledged, though the head was"
        return Ending(failed, Cause.DATA_PATH_BLOCKED, [said])
    said = f"then {repeats} segments were sent again" if repeats else "then both ends fell silent"
    return Ending(failed, Cause.STALLED, [where, said])


def _unanswered(exchange: Exchange) -> Ending:
    failed = TransferOutcome.FAILED
    if exchange.heard > 1:  # one may be a FIN, which is acknowledged like a byte
        said = f"{exchange.heard} bytes of the server followed, the head of its answer is not in this capture"
        return Ending(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, [said])
    if exchange.reset_by == "server":
        return Ending(failed, Cause.REFUSED, ["the request was answered by RST"])
    said = "the request was never answered"
    if exchange.closed_by:
        waited = (exchange.close_time - exchange.first) / SECOND
        said += f"; the {exchange.closed_by} closed the connection after {waited:.1f} s"
    return Ending(failed, Cause.NO_RESPONSE, [said])


def _upload(exchange: Exchange, status: int, end: int) -> Ending:
    body = exchange.sent
    assert body is not None
    if 200 <= status < 300:
        whole = body.length is None or body.acked >= body.length
        return Ending(TransferOutcome.COMPLETE, None, [] if whole else ["its end is not in this capture"])
    if 300 <= status < 400:
        return Ending(
            TransferOutcome.UNKNOWN, None, [f"the server answered {status}: it sends the client elsewhere"]
        )
    running = _running(exchange, end)
    if running is not None:
        return running
    request = exchange.request
    if request is not None and not request.complete:
        return Ending(
            TransferOutcome.UNKNOWN, None, [CUT], "Capture whole packets (tcpdump -s 0) and look again."
        )
    if body.length is not None and body.acked >= body.length:
        # Many devices restart at once when they have their image.
        said = f"all {body.length} bytes arrived, and the server gave no status"
        return Ending(TransferOutcome.UNKNOWN, Cause.NO_RESPONSE, [said])
    total = f" of {body.length}" if body.length is not None else ""
    where = f"{body.acked}{total} bytes arrived"
    if exchange.closed_by == "server":
        what = "reset" if exchange.reset_by == "server" else "closed"
        said = f"the server {what} the connection while the client still sent"
        return Ending(TransferOutcome.FAILED, Cause.ERROR_OTHER, [where, said])
    return _cut_off(exchange, body, where)
