"""Bodies become the transfers of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from analyzer.addresses import text
from analyzer.model import Cause, Transfer, TransferOutcome
from analyzer.observation import Ends, Observation, Setting
from analyzer.tables import Packets
from analyzer.transfers.advice import advise
from analyzer.transfers.carrier import Circumstances, Draft
from analyzer.transfers.coap import faults
from analyzer.transfers.coap.advice import TEXTS
from analyzer.transfers.coap.body import Body, shown
from analyzer.transfers.coap.endings import Ending, judge
from analyzer.transfers.coap.exchange import SECOND
from analyzer.transfers.coap.gather import Messages
from analyzer.transfers.coap.strays import settle

RETRY_WITHIN: Final = 90 * SECOND
"""How long after an unheeded request the next one for the same resource is a retry of it."""
EVIDENCE: Final = 24


class Gatherer:
    """The CoAP messages of a capture."""

    def __init__(self) -> None:
        self.found = Messages()

    def add(self, part: Packets) -> None:
        """Take the next batch."""
        self.found.add(part)

    @property
    def dropped(self) -> int:
        """Requests beyond what is kept."""
        return self.found.dropped

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers."""
        settle(self.found, known.end)
        judged = [(body, self._judge(body, known)) for body in self.found.bodies.values() if shown(body)]
        for body, ending in _folded(judged):
            yield _draft(body, ending, known)

    def _judge(self, body: Body, known: Circumstances) -> Ending:
        reports = self.found.reports.get((body.client, body.server), ())
        during = [report for report in reports if report.time >= body.first]
        unseen = known.one_sided(body.client[:3], body.server[:3])
        return judge(body, known.end, unseen, during)

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """Errors in answer to requests, and confirmable messages that were never acknowledged."""
        return faults.tell(faults.seen(self.found), setting)

    def ends(self) -> Iterable[Ends]:
        """Those of every fault, also of one that happened too seldom to be told."""
        for fault in faults.seen(self.found):
            one, other = fault.client, fault.server
            yield "udp", (one[:3], one[3]), (other[:3], other[3])

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before`` and is not among ``kept``."""
        self.found.forget(kept, counted, before)


def _folded(judged: Sequence[tuple[Body, Ending]]) -> Iterable[tuple[Body, Ending]]:
    """A request that nobody answered, or that met the same error, belongs to the next one for its
    resource."""
    groups: dict[tuple[object, ...], list[tuple[Body, Ending]]] = defaultdict(list)
    for body, ending in sorted(judged, key=lambda pair: pair[0].first_frame):
        group = groups[body.client[:3], body.server, body.code, body.path]
        if group and _retried(*group[-1], body, ending):
            body.folded = [*group[-1][0].folded, group[-1][0]]
            group.pop()
        group.append((body, ending))
    for group in groups.values():
        yield from group


def _retried(before: Body, met: Ending, body: Body, ending: Ending) -> bool:
    if met.outcome is not TransferOutcome.FAILED or not 0 <= body.first - before.last <= RETRY_WITHIN:
        return False
    return met.cause is Cause.NO_RESPONSE or (not before.blocks and met.cause is ending.cause)


def _draft(body: Body, ending: Ending, known: Circumstances) -> Draft:
    whole = [*body.folded, body]
    client, server = text(*body.client[:3]), text(*body.server[:3])
    facts = {"client": client, "server": server, "port": str(body.server[3])}
    rows = tuple(dict.fromkeys(row for one in whole for row in known.flows_of(one.client, one.server, "udp")))
    last = body.first
    gap = max(one.longest_gap for one in whole)
    for one in whole:
        gap, last = max(gap, one.first - last), one.last
    transfer = Transfer(
        id="",
        protocol="coap",
        operation="write" if body.writes else "read",
        client=client,
        server=server,
        file=body.path,
        mode=None,
        outcome=ending.outcome,
        cause=ending.cause,
        detail="; ".join(dict.fromkeys((*ending.said, *_told(body)))),
        advice=advise(
            TEXTS,
            ending.cause,
            facts,
            lambda cause: known.hint(cause, body.server[:3], "udp", body.server[3]),
            ending.undelivered,
        ),
        first=min(one.first for one in whole),
        last=max(one.last for one in whole),
        frames=(min(one.first_frame for one in whole), max(one.last_frame for one in whole)),
        block_size=body.size or None,
        bytes=body.bytes,
        expected_bytes=body.announced,
        blocks=body.blocks,
        retransmissions=sum(one.retransmissions for one in whole) + len(body.folded),
        longest_gap=gap,
        attempts=sum(max(1, one.requests) if one is not body else one.tries for one in whole) + body.restarts,
        answered=body.first_answer if body.answers else None,
        answered_frame=body.first_answer_frame,
        evidence=_evidence(whole),
        flows=tuple(f"f{row + 1}" for row in rows),
        parts=tuple(one.first_frame for one in sorted(whole, key=lambda one: one.first_frame)),
        counts=1 + sum(one.alike for one in whole),
    )
    failed_push = body.writes and ending.outcome is not TransferOutcome.COMPLETE
    return Draft(transfer, rows, body.image or failed_push)


def _told(body: Body) -> Iterable[str]:
    if not body.tries:
        yield "it began before the capture"
    if len(body.sizes) > 1:
        yield f"block sizes {', '.join(map(str, body.sizes))}"
    if body.restarts:
        yield f"begun again {body.restarts} times" if body.restarts > 1 else "begun again once"
    if body.cut:
        yield "packets are cut short in this capture, so the size may be inexact"


def _evidence(whole: Sequence[Body]) -> tuple[int, ...]:
    """The first request, the first answer, the last progress, the last message each way, the error."""
    frames: dict[int, None] = {}
    for one in reversed(whole):
        told = (
            one.first_frame,
            one.error_frame,
            one.progress_frame,
            *one.last_frames,
            one.first_answer_frame,
        )
        frames.update(dict.fromkeys(told))
    frames.pop(0, None)
    return tuple(sorted(list(frames)[:EVIDENCE]))
