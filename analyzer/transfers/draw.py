"""Sessions become the transfers of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from analyzer.addresses import text
from analyzer.model import Cause, Transfer
from analyzer.protocols.tftp import DEFAULT_BLOCK
from analyzer.transfers.advice import advise
from analyzer.transfers.collect import Collector
from analyzer.transfers.endings import Ending, expected, judge, size
from analyzer.transfers.fold import fold
from analyzer.transfers.tftp import Endpoint, Leg, Session

EVIDENCE: Final = 24
"""Frames cited of one transfer."""

Address = tuple[int, int, int]
FlowsOf = Callable[[Endpoint, Endpoint], Iterable[int]]
"""Rows of FLOWS between two ends."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transfer and the rows of FLOWS that carried it, the request's first."""

    transfer: Transfer
    rows: tuple[int, ...]


def draw(
    collector: Collector,
    flows_of: FlowsOf,
    one_sided: Callable[[Address, Address], bool] = lambda _client, _server: False,
    hint: Callable[[Cause, Address], str] = lambda _cause, _server: "",
) -> tuple[Draft, ...]:
    """The transfers of everything that was collected, in order of their first frames.

    ``one_sided(client, server)`` says whether answers could not have been seen; ``hint(cause, server)`` adds
    to the advice what is known of the server's make.
    """
    drafts = []
    for number, session in enumerate(fold(collector.sessions, collector.end), 1):
        unseen = one_sided(session.client[:3], session.asked[:3])
        ending = judge(session, collector.end, unseen, collector.begin)
        drafts.append(_draft(f"t{number}", session, ending, flows_of, hint))
    return tuple(drafts)


def _draft(
    name: str,
    session: Session,
    ending: Ending,
    flows_of: FlowsOf,
    hint: Callable[[Cause, Address], str],
) -> Draft:
    leg = session.best()
    whole = [*session.folded, session]
    whole.sort(key=lambda one: one.first_frame)
    request = session.request
    server = leg.server if leg is not None and (session.to_group or _taken(leg, ending)) else session.asked
    client_text, server_text = text(*session.client[:3]), text(*server[:3])
    block_size = leg.block_size if leg is not None else DEFAULT_BLOCK
    facts = {
        "client": client_text,
        "server": server_text,
        "size": str(block_size),
    }
    rows = tuple(dict.fromkeys(row for one in whole for row in _rows(one, flows_of)))
    transfer = Transfer(
        id=name,
        protocol="tftp",
        operation="read" if session.reads else "write",
        client=client_text,
        server=server_text,
        file=request.file if request is not None else None,
        mode=request.mode if request is not None else None,
        outcome=ending.outcome,
        cause=ending.cause,
        detail="; ".join(_told(session, leg, ending)),
        advice=advise(ending.cause, facts, lambda cause: hint(cause, server[:3])),
        first=min(one.first_time for one in whole),
        last=max(one.last_time for one in whole),
        frames=(whole[0].first_frame, max(one.last_frame for one in whole)),
        requested=session.requested,
        accepted=leg.accepted if leg is not None else {},
        block_size=block_size,
        window_size=leg.window if leg is not None else 1,
        bytes=size(leg),
        expected_bytes=expected(session, leg),
        blocks=leg.acked if leg is not None else 0,
        retransmissions=sum(one.retransmissions for one in whole) + len(session.folded),
        longest_gap=_longest_gap(whole),
        attempts=session.asks,
        answered=leg.first_time if leg is not None else None,
        answered_frame=leg.first_frame if leg is not None else 0,
        evidence=_evidence(whole, leg),
        flows=tuple(f"f{row + 1}" for row in rows),
    )
    return Draft(transfer, rows)


def _taken(leg: Leg, ending: Ending) -> bool:
    """Whether the client accepted the leg's server as the one that it asked."""
    return leg.client_spoke and ending.cause is not Cause.REPLY_FROM_OTHER_ADDRESS


def _told(session: Session, leg: Leg | None, ending: Ending) -> list[str]:
    said = list(ending.said)
    if session.request is None:
        said.append("it began before the capture, so the file and the end that asked are not known")
    if session.folded and leg is not None:
        said.append(f"asked {session.asks} times in all")
    if leg is not None and leg.acked and session.requested and not leg.oacks and not leg.began_late:
        said.append("the server ignored the options of the request")
    return list(dict.fromkeys(said))


def _longest_gap(whole: list[Session]) -> int:
    gap = max(one.longest_gap for one in whole)
    last = whole[0].last_time
    for one in whole[1:]:
        gap = max(gap, one.first_time - last)
        last = max(last, one.last_time)
    return gap


def _rows(session: Session, flows_of: FlowsOf) -> Iterable[int]:
    yield from flows_of(session.client, session.asked)
    for server in session.legs:
        yield from flows_of(session.client, server)


def _evidence(whole: list[Session], leg: Leg | None) -> tuple[int, ...]:
    """First and last request, the last progress, the last packet each way, the ERROR, the ICMP errors."""
    frames: dict[int, None] = {}
    if leg is not None:
        failure = (leg.failure.frame,) if leg.failure is not None else ()
        frames.update(dict.fromkeys((*failure, leg.progress_frame, *leg.last_frame)))
    for one in whole:
        frames.update(dict.fromkeys((one.first_frame, one.last_request_frame, one.last_frame)))
        frames.update(dict.fromkeys(report.frame for report in one.reports[:2]))
        frames.update(dict.fromkeys(other.first_frame for other in list(one.legs.values())[:6]))
    frames.pop(0, None)
    return tuple(sorted(list(frames)[:EVIDENCE]))
