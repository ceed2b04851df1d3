"""Exchanges become the transfers of a report: parts of one file, and requests that were tried again, are
one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analyzer.addresses import text
from analyzer.model import Cause, Transfer, TransferOutcome
from analyzer.observation import Ends, Observation, Setting
from analyzer.tables import Packets
from analyzer.transfers.advice import advise
from analyzer.transfers.carrier import Circumstances, Draft
from analyzer.transfers.http.advice import TEXTS
from analyzer.transfers.http.endings import PAUSE, SECOND, Ending, judge
from analyzer.transfers.http.gather import Streams
from analyzer.transfers.http.stream import Body, Exchange
from analyzer.transfers.http.worth import name_of, uploads

RETRY_WITHIN: Final = 90 * SECOND
"""How long after a request that came to nothing the next one for the same file is a retry of it."""
RESUME_WITHIN: Final = 600 * SECOND
"""How long after a part of a file the next part of it may be asked for."""
RETRIED: Final = frozenset({Cause.NO_RESPONSE, Cause.REFUSED, Cause.ERROR_ACCESS})
"""What a retry that works shows to have been a passing refusal: a kept connection that was just closed, or a
question for a password."""
EVIDENCE: Final = 24
PARTIAL: Final = 206


@dataclass(slots=True)
class File:
    """The exchanges of one transfer, each with its ending, and the bytes of the file that arrived."""

    parts: list[tuple[Exchange, Ending]]
    spans: list[list[int]] = field(default_factory=list)

    @property
    def last(self) -> Exchange:
        """The latest exchange."""
        return self.parts[-1][0]


class Gatherer:
    """The HTTP transfers of a capture."""

    def __init__(self) -> None:
        self.found = Streams()

    def add(self, packets: Packets) -> None:
        """Take the next batch."""
        self.found.add(packets)

    @property
    def dropped(self) -> int:
        """Requests beyond what is kept."""
        return self.found.dropped

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers."""
        for file in _files(self.found.finish(), known):
            ending = _whole(file, known)
            if ending is not None:
                yield _draft(file, ending, known)

    def observe(self, setting: Setting) -> Iterable[Observation]:  # noqa: ARG002 - the interface
        """None: a page that is not there is no fault of the network."""
        return ()

    def ends(self) -> Iterable[Ends]:
        """None: it speaks of transfers alone."""
        return ()

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before`` and is not among ``kept``."""
        self.found.forget(kept, counted, before)


def _files(exchanges: Sequence[Exchange], known: Circumstances) -> Iterable[File]:
    groups: dict[tuple[object, ...], list[File]] = defaultdict(list)
    for exchange in exchanges:
        ending = judge(exchange, known.end, known.one_sided(exchange.client[:3], exchange.server[:3]))
        key = (exchange.client[:3], exchange.server, uploads(exchange), name_of(exchange))
        group = groups[key]
        if group and _continues(group[-1], exchange, ending):
            group[-1].parts.append((exchange, ending))
        else:
            group.append(File([(exchange, ending)]))
        _place(group[-1], exchange)
    return [file for group in groups.values() for file in group]


def _continues(file: File, exchange: Exchange, ending: Ending) -> bool:
    """Whether ``exchange`` goes on with the file: asks for another part, or again for what it did not get."""
    before, met = file.parts[-1]
    if name_of(exchange) is None:
        return False
    apart = exchange.first - before.last
    status = exchange.response.status if exchange.response is not None else 0
    if status == PARTIAL and exchange.response is not None and before.got is not None:
        part = exchange.response.content_range
        return apart <= RESUME_WITHIN and part is not None and part[0] > 0
    if apart > RETRY_WITHIN or met.outcome is not TransferOutcome.FAILED:
        return False
    if before.got is None or met.cause in (*RETRIED, ending.cause):
        nothing = before.got is None or before.response is None or before.response.status >= 400
        return nothing and (met.cause in RETRIED or met.cause is ending.cause)
    return False


def _place(file: File, exchange: Exchange) -> None:
    """Add the bytes of the file that an exchange brought."""
    response = exchange.response
    body = exchange.sent if uploads(exchange) else exchange.got
    if body is None or (response is not None and response.status >= 400):
        return
    part = response.content_range if response is not None and response.status == PARTIAL else None
    begin = part[0] if part is not None else 0
    file.spans.append([begin, begin + body.acked])
    file.spans.sort()
    merged = [file.spans[0]]
    for span in file.spans[1:]:
        if span[0] <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], span[1])
        else:
            merged.append(span)
    file.spans = merged


def _total(file: File) -> int | None:
    """The size of the file, as far as it was announced."""
    for exchange, _ in reversed(file.parts):
        response = exchange.response
        if uploads(exchange):
            return _announced(exchange.sent)
        if response is None or response.status >= 400:
            continue
        if response.status == PARTIAL and response.content_range is not None:
            return response.content_range[2]
        return _announced(exchange.got)
    return None


def _announced(body: Body | None) -> int | None:
    """The length that a head announced; that of chunks is only known when the last was seen."""
    return body.length if body is not None and not body.chunked else None


def _whole(file: File, known: Circumstances) -> Ending | None:
    """The ending of all parts; None for a single part of a file that was all that was asked for."""
    exchange, ending = file.parts[-1]
    partial = exchange.response is not None and exchange.response.status == PARTIAL
    if not partial or ending.outcome is not TransferOutcome.COMPLETE:
        return ending
    total = _total(file)
    if total is None or file.spans == [[file.spans[0][0], total]]:
        return ending
    if len(file.parts) == 1:
        return None
    held = sum(end - begin for begin, end in file.spans)
    if known.end - exchange.last < PAUSE:
        return Ending(
            TransferOutcome.IN_PROGRESS,
            Cause.CAPTURE_ENDED,
            [f"{held} of {total} bytes arrived in parts when the capture ended"],
        )
    said = f"{held} of {total} bytes were asked for, in parts, and arrived"
    return Ending(TransferOutcome.UNKNOWN, None, [said])


def _draft(file: File, ending: Ending, known: Circumstances) -> Draft:
    whole = [exchange for exchange, _ in file.parts]
    last = file.last
    client, server = text(*last.client[:3]), text(*last.server[:3])
    facts = {"client": client, "server": server, "port": str(last.server[3])}
    rows = tuple(dict.fromkeys(row for one in whole for row in known.flows_of(one.client, one.server, "tcp")))
    answered = next((one for one in whole if one.answered_frame), last)
    name = name_of(last)
    transfer = Transfer(
        id="",
        protocol="http",
        operation="write" if uploads(last) else "read",
        client=client,
        server=server,
        file=name,
        mode=None,
        outcome=ending.outcome,
        cause=ending.cause,
        detail="; ".join(dict.fromkeys((*ending.said, *_told(file)))),
        advice=ending.advice
        or advise(
            TEXTS,
            ending.cause,
            facts,
            lambda cause: known.hint(cause, last.server[:3], "tcp", last.server[3]),
        ),
        first=min(one.first for one in whole),
        last=max(one.last for one in whole),
        frames=(min(one.first_frame for one in whole), max(one.last_frame for one in whole)),
        bytes=sum(end - begin for begin, end in file.spans),
        expected_bytes=_total(file),
        retransmissions=sum(one.retransmissions for one in whole),
        longest_gap=max(one.longest_gap for one in whole),
        attempts=len(whole),
        answered=answered.answered or None,
        answered_frame=answered.answered_frame,
        evidence=_evidence(whole),
        flows=tuple(f"f{row + 1}" for row in rows),
        parts=tuple(one.first_frame for one in whole),
        counts=1 + sum(one.alike for one in whole),
    )
    return Draft(transfer, rows)


def _told(file: File) -> Iterable[str]:
    if len(file.parts) > 1:
        yield f"asked for {len(file.parts)} times in all"
    if any(body.chunked for one, _ in file.parts for body in (one.sent, one.got) if body is not None):
        yield "its bytes count the framing of its chunks"
    if file.spans and file.spans[0][0]:
        yield f"its first {file.spans[0][0]} bytes are not in this capture"


def _evidence(whole: Sequence[Exchange]) -> tuple[int, ...]:
    """The request, the answer, the last progress, the last segment each way, and the end of the
    connection."""
    frames: dict[int, None] = {}
    for one in reversed(whole):
        told = (one.first_frame, one.answered_frame, one.progress_frame, one.close_frame, *one.last_frames)
        frames.update(dict.fromkeys(told))
    frames.pop(0, None)
    return tuple(sorted(list(frames)[:EVIDENCE]))
