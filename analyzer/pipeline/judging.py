"""A flow table in, the report on it out."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from analyzer import (
    classify,
    infer,
    outcomes,
    sessions,
    updates,
)
from analyzer.activity import Activity
from analyzer.addresses import text
from analyzer.compliance import Bench, statuses
from analyzer.conversation import Address, Conversation
from analyzer.directory import Directory
from analyzer.exclusions import silence
from analyzer.findings import Carried, Evidence, collect
from analyzer.matrix import Matrix, build
from analyzer.model import (
    CaptureInfo,
    Cause,
    Host,
    HostResult,
    Outcome,
    Report,
    Ruleset,
    Site,
    TransferOutcome,
)
from analyzer.pipeline.reading import undecoded
from analyzer.pipeline.records import record
from analyzer.protocols.ssdp import is_host_background
from analyzer.tables import Flows
from analyzer.transfers import Circumstances, Collector, Draft, draw
from analyzer.version import VERSION
from analyzer.visibility import Visibility


def judge(
    captures: Sequence[CaptureInfo],
    table: Flows,
    sheets: Sequence[Ruleset],
    place: Site,
    collector: Collector | None = None,
    activity: Activity | None = None,
    *,
    strict: bool = False,
    today: datetime.date | None = None,
) -> Report:
    """The report on a flow table that has been read already."""
    collector = collector or Collector()
    found = classify.recognise(table)
    sessions.tie(found)
    place = infer.complete(place, found, sheets)
    matrix = build(sheets, place.hosts)
    bench = bench_of(matrix, sheets, place, strict)
    classify.orient(found, bench.has_row, bench.knows_port)
    seen = Visibility(found)
    outcomes.settle(found, seen, replies_due(sheets))
    known = circumstances(collector, found, seen, bench, sheets)
    drafts = draw(collector, *known[2:])
    carried = carried_transfers(drafts, found)
    judgements = {conversation.row: bench.judge(conversation) for conversation in found}
    rows = statuses(matrix, place, found, judgements, seen, bench.locate)
    attempts = updates.attempts(
        [draft.transfer for draft in drafts if draft.image],
        found,
        lambda address: bench.end(address).roles,
        collector.end,
        activity.silences if activity is not None else lambda _host, _least: (),
    )
    evidence = Evidence(
        found,
        judgements,
        rows,
        matrix,
        place,
        tuple(captures),
        today or datetime.date.today(),
        carried,
        tuple(collector.troubles(known)),
        attempts,
        collector.dropped,
    )
    findings, waived = collect(evidence)
    records = tuple(record(conversation, judgements, bench, waived) for conversation in found)
    return Report(
        version=VERSION,
        captures=tuple(captures),
        site=place,
        hosts=tuple(_hosts(place, found, bench)),
        rows=rows,
        flows=records,
        findings=findings,
        rulesets=tuple(sheet for sheet in sheets if set(sheet.subjects) & {s.role for s in matrix.subjects}),
        undecoded=undecoded(table),
        transfers=tuple(transfer for transfer, _ in carried),
        attempts=attempts,
    )


def bench_of(matrix: Matrix, sheets: Sequence[Ruleset], place: Site, strict: bool) -> Bench:
    """The bench that judges conversations by ``matrix``; ``strict`` judges background too."""
    directory = Directory(place.hosts)

    def locate(address: Address) -> tuple[Host, ...]:
        return directory.at(*address) if address[0] else ()

    background = [entry for sheet in sheets for entry in sheet.background]
    return Bench(
        matrix,
        locate,
        background,
        strict=strict,
        declared=place.declared,
        host_background=_host_background,
    )


def _host_background(conversation: Conversation) -> bool:
    """Whether every SSDP text of the flow says that an operating system or a browser sent it."""
    heads = [head for side in conversation.heads for head in side]
    return bool(heads) and all(is_host_background(head.data) for head in heads)


def replies_due(sheets: Sequence[Ruleset]) -> dict[tuple[str, int], bool]:
    """``(transport, port)`` → whether a sheet calls a reply due, where it says anything."""
    return {
        key: service.reply
        for sheet in sheets
        for key, service in sheet.services.items()
        if service.reply is not None
    }


def circumstances(
    collector: Collector,
    found: Sequence[Conversation],
    seen: Visibility,
    bench: Bench,
    sheets: Sequence[Ruleset],
) -> Circumstances:
    """What the carriers of transfers are told when the last packet was read."""
    between: dict[tuple[object, ...], int] = {}
    for conversation in found:
        if conversation.ported:
            ends = (*conversation.a, conversation.a_port), (*conversation.b, conversation.b_port)
            between[*ends, conversation.transport] = conversation.row
            between[*ends[::-1], conversation.transport] = conversation.row

    def flows_of(one: tuple[int, ...], other: tuple[int, ...], transport: str) -> Iterator[int]:
        row = between.get((one, other, transport))
        if row is not None:
            yield row

    def hint(cause: Cause, server: Address, transport: str, port: int) -> str:
        hosts = bench.end(server).hosts
        return silence(cause, hosts, sheets, transport, port)

    return Circumstances(collector.begin, collector.end, flows_of, seen.one_sided, hint)


def carried_transfers(drafts: Sequence[Draft], found: Sequence[Conversation]) -> tuple[Carried, ...]:
    """The transfers, each with its conversations, the request's first.

    A request that the end of the capture cut short is not unanswered.
    """
    carried = tuple((draft.transfer, tuple(found[row] for row in draft.rows)) for draft in drafts)
    for transfer, flows in carried:
        if transfer.outcome is TransferOutcome.IN_PROGRESS:
            for flow in flows:
                if flow.outcome is Outcome.UNANSWERED:
                    flow.outcome, flow.why = Outcome.ONE_WAY, transfer.detail
    return carried


def _hosts(place: Site, found: Sequence[Conversation], bench: Bench) -> Iterator[HostResult]:
    seen: dict[int, dict[Address, None]] = {id(host): {} for host in place.hosts}
    for address in {end: None for conversation in found for end in (conversation.a, conversation.b)}:
        for host in bench.end(address).hosts:
            seen[id(host)][address] = None
    for host in place.hosts:
        yield HostResult(
            name=host.name,
            addresses=tuple(text(*address) for address in sorted(seen[id(host)])) or host.networks,
            roles=host.roles,
            version=host.version,
            basis=host.basis,
            reason=host.reason,
        )
