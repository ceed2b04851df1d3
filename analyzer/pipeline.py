"""The only module that knows the order of the stages.

::

    capture → decode → flows → classify, sessions → infer, matrix → outcomes → compliance → findings
                     → transfers ──────────────────────────────────────────────────────┘
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from analyzer import (
    capture,
    classify,
    decode,
    flowtable,
    infer,
    outcomes,
    parallel,
    rulesets,
    sessions,
    site,
    updates,
)
from analyzer.addresses import text
from analyzer.compliance import Bench, Judgement, statuses
from analyzer.conversation import Address, Conversation
from analyzer.directory import Directory
from analyzer.errors import UsageError
from analyzer.exclusions import silence
from analyzer.findings import Carried, Evidence, collect
from analyzer.matrix import Matrix, build
from analyzer.model import (
    CaptureInfo,
    Cause,
    Endpoint,
    FindingKind,
    FirmwareReport,
    FlowRecord,
    FlowReport,
    Host,
    HostResult,
    Outcome,
    Progress,
    Report,
    Ruleset,
    Site,
    TransferOutcome,
)
from analyzer.picking import Watcher, pick, shifted
from analyzer.protocols import load as load_protocols
from analyzer.protocols.ssdp import is_host_background
from analyzer.tables import Flows, Reason
from analyzer.transfers import Collector, draw
from analyzer.version import VERSION
from analyzer.visibility import Visibility

FLAG_LETTERS: Final = "FSRPAUEC"
"""TCP flags from the lowest bit up (RFC 9293 section 3.1), as Wireshark abbreviates them."""


@dataclass(frozen=True)
class Options:
    """What the user asked for. ``sources`` are paths, directories, ``-`` or URLs."""

    sources: tuple[str, ...]
    site: str | None = None
    hosts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    strict: bool = False
    engine: str = "auto"


def check(options: Options, progress: Progress | None = None) -> Report:
    """Compare captures with the expected matrix of the site.

    Raises :class:`analyzer.errors.PortmatrixError` where the job cannot be done: unreadable input, an invalid
    ruleset or site file, an option that cannot be meant.
    """
    sheets, place = _expected(options)
    collector = Collector()
    captures, table = _read(options, progress, (collector,))
    return judge(captures, table, sheets, place, collector, strict=options.strict)


def flows(options: Options, progress: Progress | None = None) -> FlowReport:
    """The flow table of captures, without a verdict. Raises as :func:`check` does.

    Declared hosts give the ends their roles, and help to tell who opened a flow; nothing is inferred.
    """
    sheets, place = _expected(options)
    captures, table = _read(options, progress)
    found = classify.recognise(table)
    sessions.tie(found)
    bench = _bench(build(sheets, place.hosts), sheets, place, strict=False)
    classify.orient(found, bench.has_row, bench.knows_port)
    outcomes.settle(found, Visibility(found), _replies_due(sheets))
    records = tuple(_record(conversation, {}, bench) for conversation in found)
    return FlowReport(VERSION, captures, records, _undecoded(table))


def firmware(options: Options, progress: Progress | None = None) -> FirmwareReport:
    """The transfers of captures and what became of them. Raises as :func:`check` does."""
    report = check(options, progress)
    return FirmwareReport(
        version=report.version,
        captures=report.captures,
        site=report.site,
        hosts=report.hosts,
        transfers=report.transfers,
        attempts=report.attempts,
        findings=tuple(f for f in report.findings if f.kind is FindingKind.TRANSFER_FAILED),
    )


def _expected(options: Options) -> tuple[tuple[Ruleset, ...], Site]:
    """The sheets and the site that the user named."""
    sheets = rulesets.load(options.rules)
    roles, modes = rulesets.roles(sheets), rulesets.modes(sheets)
    stated = site.load(options.site, roles, modes) if options.site is not None else None
    hosts = [site.parse_host(option, roles, modes) for option in options.hosts]
    place = site.combine(stated, hosts, options.activities)
    for host in place.hosts:
        if host.mode and not any(
            edition.mode == host.mode and edition.subject in host.roles
            for sheet in sheets
            for edition in sheet.editions
        ):
            where = options.site or "--host"
            raise UsageError(f"{where}: {host.name}: {' and '.join(host.roles)} has no mode {host.mode}")
    return sheets, place


def judge(
    captures: Sequence[CaptureInfo],
    table: Flows,
    sheets: Sequence[Ruleset],
    place: Site,
    collector: Collector | None = None,
    *,
    strict: bool = False,
    today: datetime.date | None = None,
) -> Report:
    """The report on a flow table that has been read already."""
    found = classify.recognise(table)
    sessions.tie(found)
    place = infer.complete(place, found, sheets)
    matrix = build(sheets, place.hosts)
    bench = _bench(matrix, sheets, place, strict)
    classify.orient(found, bench.has_row, bench.knows_port)
    seen = Visibility(found)
    outcomes.settle(found, seen, _replies_due(sheets))
    carried = _transfers(collector, found, seen, bench, sheets) if collector is not None else ()
    judgements = {conversation.row: bench.judge(conversation) for conversation in found}
    rows = statuses(matrix, place, found, judgements, seen, bench.locate)
    evidence = Evidence(
        found, judgements, rows, matrix, place, tuple(captures), today or datetime.date.today(), carried
    )
    findings, waived = collect(evidence)
    records = tuple(_record(conversation, judgements, bench, waived) for conversation in found)
    return Report(
        version=VERSION,
        captures=tuple(captures),
        site=place,
        hosts=tuple(_hosts(place, found, bench)),
        rows=rows,
        flows=records,
        findings=findings,
        rulesets=tuple(sheet for sheet in sheets if set(sheet.subjects) & {s.role for s in matrix.subjects}),
        undecoded=_undecoded(table),
        transfers=tuple(transfer for transfer, _ in carried),
        attempts=updates.attempts(
            [transfer for transfer, _ in carried],
            found,
            lambda address: bench.end(address).roles,
            collector.end if collector is not None else 0,
        ),
    )


# ---------------------------------------------------------------- reading


def _read(
    options: Options, progress: Progress | None, watchers: Sequence[Watcher] = ()
) -> tuple[tuple[CaptureInfo, ...], Flows]:
    """What the captures are and their flow table; ``watchers`` see the packets that they want."""
    engine = decode.name(options.engine)
    found = capture.find(options.sources)
    table = flowtable.new(reference=engine == "dpkt")
    wanted = functools.partial(pick, wants=tuple(watcher.wants for watcher in watchers))
    infos: list[CaptureInfo] = []
    frame = 1
    with _told(progress, found):
        for one in found:
            first_frame, advance = frame, progress.advance if progress is not None else None
            whole = parallel.read(one, engine, advance, pick=wanted if watchers else None)
            if whole:
                whole.table.shift(frame - 1)
                table.merge(whole.table)
                for picked in whole.picked:
                    for watcher in watchers:
                        watcher.add(shifted(picked, frame - 1))
                frame += whole.packets
            else:
                for batch in one.batches(advance):
                    packets = decode.decode(batch, frame, engine)
                    table.add(packets)
                    for watcher in watchers:
                        watcher.add(packets)
                    frame += len(batch.frames["offset"])
            infos.append(_info(one, whole or one, first_frame))
    return tuple(infos), table.flows()


@contextmanager
def _told(progress: Progress | None, found: Sequence[capture.Capture]) -> Iterator[None]:
    if progress is None:
        yield
        return
    sizes = [one.size for one in found]
    progress.start(None if None in sizes else sum(size for size in sizes if size is not None))
    try:
        yield
    finally:
        progress.finish()


def _info(one: capture.Capture, read: capture.Capture | parallel.Whole, first_frame: int) -> CaptureInfo:
    """What ``read`` says of the capture; only a capture without problems is read in segments."""
    problems = tuple(
        replace(problem, frame=problem.frame + first_frame - 1) if problem.frame else problem
        for problem in (one.problems if read is one else ())
    )
    return CaptureInfo(
        path=one.path,
        sha256=read.sha256,
        format=one.format,
        link_types=read.link_types,
        packets=read.packets,
        bytes=read.bytes,
        first=read.first,
        last=read.last,
        first_frame=first_frame,
        problems=problems,
    )


def _undecoded(table: Flows) -> dict[str, int]:
    return {
        Reason(reason).name.lower().replace("_", "-"): entry.count
        for reason, entry in sorted(table.undecoded.items())
    }


# ---------------------------------------------------------------- judging


def _bench(matrix: Matrix, sheets: Sequence[Ruleset], place: Site, strict: bool) -> Bench:
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


def _replies_due(sheets: Sequence[Ruleset]) -> dict[tuple[str, int], bool]:
    return {
        key: service.reply
        for sheet in sheets
        for key, service in sheet.services.items()
        if service.reply is not None
    }


# ---------------------------------------------------------------- transfers


def _transfers(
    collector: Collector,
    found: Sequence[Conversation],
    seen: Visibility,
    bench: Bench,
    sheets: Sequence[Ruleset],
) -> tuple[Carried, ...]:
    """The transfers, each with its conversations, the request's first.

    A request that the end of the capture cut short is not unanswered.
    """
    between: dict[tuple[object, ...], int] = {}
    for conversation in found:
        if conversation.transport == "udp":
            ends = (*conversation.a, conversation.a_port), (*conversation.b, conversation.b_port)
            between[ends] = between[ends[::-1]] = conversation.row

    def flows_of(one: tuple[int, ...], other: tuple[int, ...]) -> Iterator[int]:
        row = between.get((one, other))
        if row is not None:
            yield row

    def hint(cause: Cause, server: Address) -> str:
        hosts = bench.end(server).hosts
        return silence(cause, hosts, sheets)

    carried = tuple(
        (draft.transfer, tuple(found[row] for row in draft.rows))
        for draft in draw(collector, flows_of, seen.one_sided, hint)
    )
    for transfer, flows in carried:
        if transfer.outcome is TransferOutcome.IN_PROGRESS:
            for flow in flows:
                if flow.outcome is Outcome.UNANSWERED:
                    flow.outcome, flow.why = Outcome.ONE_WAY, transfer.detail
    return carried


# ---------------------------------------------------------------- records


def _record(
    conversation: Conversation,
    judgements: Mapping[int, Judgement],
    bench: Bench,
    waived: Mapping[int, str] | None = None,
) -> FlowRecord:
    judgement = judgements.get(conversation.row)
    head = conversation.parent or conversation
    reasons = [judgement.reason] if judgement is not None else []
    if conversation.why:
        reasons.append(conversation.why)
    originator = _endpoint(conversation, bench, responder=False)
    responder = _endpoint(conversation, bench, responder=True)
    letters = [_letters(flags) if conversation.transport == "tcp" else "" for flags in conversation.flags]
    return FlowRecord(
        id=conversation.id,
        transport=conversation.transport,
        protocol=conversation.protocol or "unknown",
        service=_service(conversation, judgement),
        originator=originator,
        responder=responder,
        confidence=conversation.confidence,
        basis=conversation.basis,
        packets=conversation.oriented(conversation.packets),
        bytes=conversation.oriented(conversation.bytes),
        first=conversation.start,
        last=conversation.end,
        frames=(min(frame for frame in conversation.first_frame if frame), max(conversation.last_frame)),
        outcome=conversation.outcome,
        verdict=judgement.verdict if judgement is not None else None,
        reason="; ".join(reasons),
        rows=tuple(row.id for row in judgement.rows) if judgement is not None else (),
        parent=conversation.parent.id if conversation.parent is not None else None,
        waived=(waived or {}).get(head.row, ""),
        detail=conversation.detail,
        flags=conversation.oriented((letters[0], letters[1])),
        fragments=conversation.fragments,
        duplicates=conversation.oriented(conversation.duplicates),
    )


def _endpoint(conversation: Conversation, bench: Bench, *, responder: bool) -> Endpoint:
    address = conversation.responder if responder else conversation.originator
    port = conversation.port if responder else conversation.originator_port
    return Endpoint(text(*address), port if conversation.ported else None, bench.end(address).roles)


def _service(conversation: Conversation, judgement: Judgement | None) -> str:
    if judgement is not None and judgement.rows:
        return judgement.rows[0].service.name
    if judgement is not None and judgement.retired is not None:
        return judgement.retired.name
    protocol = load_protocols().get(conversation.protocol)
    return protocol.title if protocol is not None else ""


def _letters(flags: int) -> str:
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)


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
