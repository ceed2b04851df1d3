"""A flow table in, the report on it out."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from analyzer import (
    classify,
    infer,
    model,
    outcomes,
    sessions,
    transports,
)
from analyzer.activity import Activity
from analyzer.addresses import text
from analyzer.capturefilter import selective
from analyzer.compliance import Bench, statuses
from analyzer.compliance.scans import probes
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.findings import Carried, Evidence, Waivers, collect, standing
from analyzer.kinds import members
from analyzer.matrix import build
from analyzer.model import (
    SPOKEN,
    CaptureInfo,
    Cause,
    HostResult,
    Outcome,
    Report,
    Ruleset,
    Site,
    TransferOutcome,
)
from analyzer.observations import Observer, Setting, Watching, attempts, near, observe
from analyzer.pipeline.bench import bench_of, replies_due
from analyzer.pipeline.reading import undecoded
from analyzer.pipeline.records import ColumnRecords
from analyzer.tables import Flows
from analyzer.transfers import Circumstances, Collector, Draft, draw
from analyzer.transfers.carrier import Endpoint
from analyzer.version import VERSION
from analyzer.visibility import Visibility

PAUSE: Final = 1_800_000_000_000
"""A time without any packet, ns, in which nobody watched: the clock was set, or the capturing machine slept.
On a network that is up somebody says something every few minutes."""


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
    watching: Sequence[Watching[Observer]] = (),
) -> Report:
    """The report on a flow table that has been read already, by what ``collector`` and ``watching`` saw."""
    collector = collector or Collector()
    found = classify.recognise(table)
    sessions.tie(found)
    place = infer.complete(place, found, sheets)
    matrix = build(sheets, place.hosts)
    bench = bench_of(matrix, sheets, place, strict)
    classify.orient(found, bench.has_row, bench.knows_port, bench.relations)
    # No pause is longer than the capture.
    long = collector.end - collector.begin >= PAUSE
    seen = Visibility(found, activity.pauses(PAUSE) if activity is not None and long else ())
    outcomes.settle(found, seen, replies_due(sheets))
    filtered = next(filter(selective, (stated for info in captures for stated in info.filters)), "")
    known = circumstances(collector, found, seen, bench, sheets, bool(filtered))
    drafts = [draft for draft in draw(collector, *known[2:]) if _ours(draft, found, bench, place)]
    carried = carried_transfers(drafts, found)
    judgements = bench.judge_all(found)
    probed = np.flatnonzero(probes(found, judgements))
    rows = statuses(matrix, place, found, judgements, seen, bench.directory, filtered, probed)
    transfers = [transfer for transfer, _ in carried]
    waivers = Waivers(place, today or datetime.date.today())
    waived = waivers.of(found)
    setting = Setting(
        found,
        seen,
        bench.directory,
        transfers,
        place.activities,
        standing(judgements, waived),
    )
    tried = joined(_updates(drafts, found, bench, collector.end, activity), attempts(watching, setting))
    evidence = Evidence(
        found,
        judgements,
        rows,
        matrix,
        place,
        tuple(captures),
        waivers,
        waived,
        carried,
        (*collector.observe(setting), *observe(watching, setting)),
        near(setting),
        tried,
        collector.dropped,
        probed,
        seen,
    )
    return Report(
        version=VERSION,
        captures=tuple(captures),
        site=place,
        hosts=tuple(_hosts(place, found, bench)),
        rows=rows,
        flows=ColumnRecords(found, bench, judgements, waived),
        findings=collect(evidence),
        rulesets=tuple(sheet for sheet in sheets if set(sheet.subjects) & {s.role for s in matrix.subjects}),
        undecoded=undecoded(table),
        transfers=tuple(transfers),
        attempts=tried,
        half_shown=int(seen.half_shown()[judgements.where(lambda one: one.verdict in SPOKEN)].sum()),
    )


def _updates(
    drafts: Sequence[Draft], found: Conversations, bench: Bench, end: int, activity: Activity | None
) -> tuple[model.Attempt, ...]:
    images = [draft.transfer for draft in drafts if draft.image]
    if not images:
        return ()
    from analyzer import updates  # noqa: PLC0415 - most captures hold none

    return updates.attempts(
        images,
        found,
        lambda address: bench.end(address).roles,
        end,
        activity.silences if activity is not None else lambda _hosts, _least: {},
    )


def joined(certain: Sequence[model.Attempt], likely: Sequence[model.Attempt]) -> tuple[model.Attempt, ...]:
    """``certain`` attempts as they are, then the likely ones, whose ids count on."""
    later = (replace(one, id=f"u{number}") for number, one in enumerate(likely, len(certain) + 1))
    return (*certain, *later)


def circumstances(
    collector: Collector,
    found: Conversations,
    seen: Visibility,
    bench: Bench,
    sheets: Sequence[Ruleset],
    filtered: bool = False,
) -> Circumstances:
    """What the carriers of transfers are told when the last packet was read; ``filtered`` by the captures'
    own word."""

    def flows_of(one: Endpoint, other: Endpoint, transport: str) -> tuple[int, ...]:
        row = found.between(transports.number(transport), (one[:3], one[3]), (other[:3], other[3]))
        return (row,) if row >= 0 else ()

    def hint(cause: Cause, server: Address, transport: str, port: int) -> str:
        hosts = bench.end(server).hosts
        if not hosts:
            return ""
        from analyzer.exclusions import silence  # noqa: PLC0415 - only for a transfer that failed

        return silence(cause, hosts, sheets, transport, port)

    filtered = filtered or seen.of_ports
    return Circumstances(collector.begin, collector.end, flows_of, seen.one_sided, hint, filtered)


def _ours(draft: Draft, found: Sequence[Conversation], bench: Bench, place: Site) -> bool:
    """Whether a transfer may be of this site: what strangers fetch from strangers by HTTP is their own
    affair."""
    if draft.transfer.protocol != "http" or not place.hosts:
        return True
    return any(bench.end(address).roles for row in draft.rows for address in (found[row].a, found[row].b))


def carried_transfers(drafts: Sequence[Draft], found: Sequence[Conversation]) -> tuple[Carried, ...]:
    """The transfers, each with its conversations, the request's first.

    A request is not unanswered where the end of the capture cut it short, or its answer could not be here;
    nor where the file came from a port that, by the clocks of the capture, spoke too early to be its leg.
    """
    carried = tuple((draft.transfer, tuple(found[row] for row in draft.rows)) for draft in drafts)
    for transfer, flows in carried:
        if transfer.outcome in (TransferOutcome.IN_PROGRESS, TransferOutcome.UNKNOWN):
            for flow in flows:
                if flow.outcome is Outcome.UNANSWERED:
                    flow.outcome, flow.why = Outcome.ONE_WAY, transfer.detail
        came = transfer.outcome is TransferOutcome.COMPLETE and transfer.attempts == 1 and flows
        if came and flows[0].outcome is Outcome.UNANSWERED:
            flows[0].outcome, flows[0].why = Outcome.ANSWERED, "answered from another port"
    return carried


def _hosts(place: Site, found: Conversations, bench: Bench) -> Iterator[HostResult]:
    places = found.places
    numbers, ends = bench.ends(places)
    seen: dict[int, list[Address]] = {id(host): [] for host in place.hosts}
    for end, met in zip(ends, members(numbers, len(ends)), strict=True):
        for host in end.hosts:
            seen[id(host)] += map(places.address, met.tolist())
    for host in place.hosts:
        yield HostResult(
            name=host.name,
            addresses=tuple(text(*address) for address in sorted(seen[id(host)])) or host.networks,
            roles=host.roles,
            version=host.version,
            basis=host.basis,
            reason=host.reason,
        )
