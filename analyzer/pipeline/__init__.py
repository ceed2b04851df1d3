"""The only module that knows the order of the stages.

::

    capture → decode → flows → classify, sessions → infer, matrix → outcomes → compliance → findings
                     → transfers, observations ────────────────────────────────────────┘
"""

from __future__ import annotations

from typing import Final

from analyzer import classify, model, outcomes, sessions
from analyzer.matrix import build
from analyzer.model import FindingKind, FlowReport, Progress, Ruleset, Site
from analyzer.pipeline.bench import bench_of, replies_due
from analyzer.pipeline.options import Options, expected
from analyzer.pipeline.reading import read, undecoded
from analyzer.pipeline.records import ColumnRecords
from analyzer.protocols.igor_firmware import PROTOCOL as SIGNALLING
from analyzer.version import VERSION
from analyzer.visibility import Visibility

OF_FIRMWARE: Final = (FindingKind.TRANSFER_FAILED, FindingKind.UPDATE_FAILED, FindingKind.CAPTURE_PROBLEM)
"""The findings that ``firmware`` repeats."""


def check(
    options: Options,
    progress: Progress | None = None,
    known: tuple[tuple[Ruleset, ...], Site] | None = None,
) -> model.Report:
    """Compare captures with the expected matrix of the site.

    ``known`` is what :func:`expected` gave for these options, for who checks many captures by them.
    Raises :class:`analyzer.errors.PortmatrixError` where the job cannot be done: unreadable input, an invalid
    ruleset or site file, an option that cannot be meant.
    """
    from analyzer.pipeline.assembly import Watch  # noqa: PLC0415 - a list of flows needs nobody who judges

    sheets, place = known or expected(options)
    watch = Watch()
    captures, table = read(options, progress, watch.all)
    return watch.judge(captures, table, sheets, place, strict=options.strict)


def flows(options: Options, progress: Progress | None = None) -> FlowReport:
    """The flow table of captures, without a verdict. Raises as :func:`check` does.

    Declared hosts give the ends their roles, and help to tell who opened a flow; nothing is inferred.
    """
    sheets, place = expected(options)
    captures, table = read(options, progress)
    found = classify.recognise(table)
    sessions.tie(found)
    bench = bench_of(build(sheets, place.hosts), sheets, place, strict=False)
    classify.orient(found, bench.has_row, bench.knows_port, bench.relations)
    outcomes.settle(found, Visibility(found), replies_due(sheets))
    return FlowReport(VERSION, captures, ColumnRecords(found, bench), undecoded(table))


def firmware(options: Options, progress: Progress | None = None) -> model.FirmwareReport:
    """The transfers of captures and what became of them. Raises as :func:`check` does.

    Its findings are those about transfers and updates that failed, about signalling that no transfer follows,
    and about the captures themselves.
    """
    from analyzer.campaigns import campaigns  # noqa: PLC0415 - a plain check has no use for it

    report = check(options, progress)
    signalling = {flow.id for flow in report.flows if flow.protocol == SIGNALLING.name}
    return model.FirmwareReport(
        version=report.version,
        captures=report.captures,
        site=report.site,
        hosts=report.hosts,
        transfers=report.transfers,
        attempts=report.attempts,
        findings=tuple(
            finding
            for finding in report.findings
            if finding.kind in OF_FIRMWARE or (finding.flows and signalling.issuperset(finding.flows))
        ),
        campaigns=campaigns(report.attempts, report.transfers),
    )


__all__ = ["Options", "check", "expected", "firmware", "flows"]
