"""The page: one pass over the flows feeds the sections, then the templates print them."""

from __future__ import annotations

from collections import Counter
from typing import IO

from analyzer.model import Report, RowResult, Severity, Status, Verdict
from analyzer.report import brief, digest, visit
from analyzer.report.html import findings, markup, matrix, progress, timeline
from analyzer.report.html.flowtable import FlowTable
from analyzer.report.html.topology import Topology


def write(report: Report, stream: IO[str]) -> None:
    """Write ``report`` to ``stream``. Its flows are read once, in their order."""
    verdicts: Counter[Verdict] = Counter()
    topology = Topology(report.hosts)
    lanes = timeline.Timeline(report.captures)
    table = FlowTable(report.findings)
    for record in report.flows:
        if record.verdict is not None:
            verdicts[record.verdict] += 1
        topology.add(record)
        lanes.add(record)
        table.add(record)
    anchors = {result.row.id: f"row-{at}" for at, result in enumerate(report.rows)}
    headline = digest.headline(report)
    editions = digest.editions(report)
    markup.write(
        "page.html",
        stream,
        report=report,
        headline=headline,
        level=_level(report, headline),
        todo=brief.todo(report),
        limits=brief.limits(report, verdicts),
        verdicts=[
            (verdict.value, verdicts[verdict]) for verdict in digest.VERDICT_ORDER if verdicts[verdict]
        ],
        statuses=_statuses(report.rows),
        severities=[
            (severity.value, count)
            for severity in Severity
            if (count := sum(entry.severity is severity for entry in report.findings))
        ],
        editions=editions,
        rulesets=report.rulesets,
        sheets=matrix.sheets(report),
        signs=matrix.SIGNS,
        words=digest.STATUS_WORDS,
        findings=findings.cards(report.findings, report.rows),
        anchors=anchors,
        topology=topology.drawn(),
        timeline=lanes.drawn(report.transfers),
        progress=progress.view(report.transfers, report.attempts),
        table=table.drawn(),
        steps=visit.steps(report.rows),
        Status=Status,
    )


def _level(report: Report, headline: digest.Headline) -> str:
    """How the verdict is to be taken: ``bad``, ``good``, ``care`` (good, with warnings) or ``neutral``."""
    if headline.tone == "good" and any(entry.severity is Severity.WARNING for entry in report.findings):
        return "care"
    return headline.tone


def _statuses(rows: tuple[RowResult, ...]) -> list[tuple[Status, int]]:
    counts = Counter(result.status for result in rows)
    return [(status, counts[status]) for status in matrix.SIGNS if counts[status]]
