"""Sessions become the transfers of a report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from analyzer.addresses import text
from analyzer.model import Cause, Transfer
from analyzer.observation import Ends, Observation, Setting
from analyzer.protocols.tftp import DEFAULT_BLOCK, Request
from analyzer.tables import Packets
from analyzer.transfers.advice import advise
from analyzer.transfers.carrier import Circumstances, Draft, FlowsOf
from analyzer.transfers.tftp.advice import TEXTS
from analyzer.transfers.tftp.endings import Ending, expected, judge, size
from analyzer.transfers.tftp.fold import fold
from analyzer.transfers.tftp.gather import Sessions
from analyzer.transfers.tftp.session import Leg, Session

EVIDENCE: Final = 24
"""Frames cited of one transfer."""


class Gatherer:
    """The TFTP transfers of a capture."""

    def __init__(self) -> None:
        self.found = Sessions()

    def add(self, part: Packets) -> None:
        """Take the next batch."""
        self.found.add(part)

    @property
    def dropped(self) -> int:
        """Requests beyond what is kept."""
        return self.found.dropped

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers, retries folded."""
        sessions = fold(self.found.sessions, known.end)
        filtered = known.filtered and not any(session.legs for session in self.found.sessions)
        for session in sessions:
            unseen = known.one_sided(session.client[:3], session.asked[:3])
            yield _draft(session, judge(session, known.end, unseen, known.begin, filtered), known)

    def observe(self, setting: Setting) -> Iterable[Observation]:  # noqa: ARG002 - the interface
        """None: every TFTP packet belongs to a transfer."""
        return ()

    def ends(self) -> Iterable[Ends]:
        """None: it speaks of transfers alone."""
        return ()

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before`` and is not among ``kept``."""
        self.found.forget(kept, counted, before)


def _draft(session: Session, ending: Ending, known: Circumstances) -> Draft:
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
    rows = tuple(dict.fromkeys(row for one in whole for row in _rows(one, known.flows_of)))
    transfer = Transfer(
        id="",
        protocol="tftp",
        operation="read" if session.reads else "write",
        client=client_text,
        server=server_text,
        file=_file(request),
        file_cut=request is not None and not request.named,
        mode=request.mode if request is not None else None,
        outcome=ending.outcome,
        cause=ending.cause,
        detail="; ".join(_told(session, leg, ending)),
        advice=advise(
            TEXTS,
            ending.cause,
            facts,
            lambda cause: known.hint(cause, server[:3], "udp", session.asked[3]),
            ending.undelivered,
        ),
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
        parts=tuple(one.first_frame for one in whole),
        counts=1 + sum(one.alike for one in whole),
    )
    return Draft(transfer, rows)


def _file(request: Request | None) -> str | None:
    """The file's name, with dots where the capture holds its beginning only."""
    if request is None:
        return None
    return request.file if request.named else f"{request.file}..."


def _taken(leg: Leg, ending: Ending) -> bool:
    """Whether the client accepted the leg's server as the one that it asked."""
    return leg.client_spoke and ending.cause is not Cause.REPLY_FROM_OTHER_ADDRESS


def _told(session: Session, leg: Leg | None, ending: Ending) -> list[str]:
    said = list(ending.said)
    if session.request is None:
        said.append("it began before the capture, so the file and the end that asked are not known")
    elif not session.request.named:
        said.append("the capture cuts the file's name")
    if session.folded and leg is not None:
        said.append(f"asked {session.asks} times in all")
    heard = leg is not None and leg.packets[0] > 0 and not leg.began_late
    if leg is not None and heard and leg.acked and session.requested and not leg.oacks:
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
    yield from flows_of(session.client, session.asked, "udp")
    for server in session.legs:
        yield from flows_of(session.client, server, "udp")


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
