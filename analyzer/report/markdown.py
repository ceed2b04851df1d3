"""Markdown that pastes into a ticket: verdict, what to do, matrix, flows in groups.

Strangers' text cannot mark anything up: what has a meaning in CommonMark or in a tracker's dialect (a
mention, a reference to an issue, a bare link) is escaped, or stands in a code span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Final

from analyzer.model import Diff, Finding, Report, RowResult, Severity, Status
from analyzer.report import Format, Style, changes, digest, sheet
from analyzer.report.layout import number, plural
from analyzer.report.neutral import PROSE_LIMIT, TEXT_LIMIT, visible

MARKS: Final = {
    Status.WORKING: "\u2705",
    Status.FAILING: "\u274c",
    Status.MISSING: "\u26d4",
    Status.ONE_WAY: "\u2197\ufe0f",
    Status.NOT_OBSERVABLE: "\u2754",
    Status.NOT_EXERCISED: "\u2796",
    Status.NOT_APPLICABLE: "\u00b7",
}
"""A mark stands beside the word wherever a reader might not tell one from another."""

FLOW_GROUPS: Final = 60
"""Groups of flows that are listed: a ticket is read, the whole table is in the other formats."""
FINDINGS_IN_FULL: Final = 100
FRAMES_SHOWN: Final = 24
FLOWS_SHOWN: Final = 12
HOSTS_SHOWN: Final = 40

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<>|~&$!]|^(?=[#+-])|(?<=:)//|(?<=\bwww)\.")
_REFERENCE: Final = re.compile(r"(?<![\w`])[@#][\w/.-]+")


def prose(text: str) -> str:
    """``text`` on one line, to stand in a paragraph or a table's cell without marking anything up."""
    shown = visible(text, PROSE_LIMIT)
    parts, end = [], 0
    for found in _REFERENCE.finditer(shown):
        parts += [_escaped(shown[end : found.start()]), code(found.group())]
        end = found.end()
    return "".join((*parts, _escaped(shown[end:])))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found.group()}", text)


def code(text: str) -> str:
    """``text`` as a code span that no run of backticks in it ends, also inside a table."""
    shown = visible(text, TEXT_LIMIT).replace("|", "\\|")
    runs = re.findall("`+", shown)
    if not runs:
        return f"`{shown}`" if shown else ""
    fence = "`" * (max(map(len, runs)) + 1)
    return f"{fence} {shown} {fence}"


def _report(report: Report, stream: IO[str], _style: Style) -> None:
    for section in (_verdict, _findings, _looked_at, _matrix, _flows):
        lines = list(section(report))
        if lines:
            stream.write("\n".join(lines) + "\n\n")


def _table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterable[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _verdict(report: Report) -> Iterable[str]:
    yield f"# {digest.headline(report)}"
    yield ""
    for label, said in digest.tallies(report):
        yield f"- {label}: {said}"
    for said in digest.unseen(report):
        yield f"- {prose(said)}"
    if undeclared := digest.undeclared(report):
        yield f"- {prose(undeclared)}"


def _findings(report: Report) -> Iterable[str]:
    count = 0
    for severity in Severity:
        chosen = [finding for finding in report.findings if finding.severity is severity]
        if not chosen:
            continue
        yield f"## {severity.value.capitalize()}s ({number(len(chosen))})"
        for finding in chosen[:FINDINGS_IN_FULL]:
            count += 1
            yield ""
            yield from _finding(count, finding, report)
        if len(chosen) > FINDINGS_IN_FULL:
            yield ""
            yield f"and {plural(len(chosen) - FINDINGS_IN_FULL, severity.value)} more: see the json report."
        yield ""


def _finding(count: int, finding: Finding, report: Report) -> Iterable[str]:
    yield f"### {count}. {prose(finding.title)}"
    yield ""
    yield f"`{finding.kind.value}`, id {code(finding.id)}"
    if finding.detail:
        yield ""
        yield prose(finding.detail)
    yield ""
    for label, text in (
        ("Waived", finding.waived),
        ("Near miss", finding.near_miss),
        ("**What to do**", finding.advice),
    ):
        if text:
            yield f"- {label}: {prose(text)}"
    sources = {result.row.id: result.row.source for result in report.rows}
    for source in list(dict.fromkeys(sources[row] for row in finding.rows if row in sources))[:3]:
        yield f"- Sheet: {prose(source.document)}, {prose(source.section)}"
    if finding.rows:
        yield f"- Rows: {digest.some([code(row) for row in finding.rows], 6)}"
    if finding.flows:
        yield f"- Flows: {digest.some(finding.flows, FLOWS_SHOWN)}"
    if finding.frames:
        yield f"- Frames: {digest.some(list(map(str, finding.frames)), FRAMES_SHOWN)}"
    if finding.wireshark_filter:
        yield ""
        yield from _block(visible(finding.wireshark_filter))


def _block(text: str) -> Iterable[str]:
    """A fenced block: a display filter is copied whole, and on one line."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    yield fence
    yield text
    yield fence


def _looked_at(report: Report) -> Iterable[str]:
    yield "## Looked at"
    yield ""
    for info in report.captures:
        yield f"- capture {code(info.path)}: {digest.held(info)}"
        yield f"  - SHA-256 {code(info.sha256)}"
        for problem in info.problems:
            where = f" at frame {problem.frame}" if problem.frame else ""
            label = "damage" if problem.damage else "left out"
            yield f"  - {label}: {problem.code}{where}: {prose(problem.told)}"
    if report.site.declared:
        yield f"- site: {prose(report.site.name) or '(no name)'}"
    for host in report.hosts[:HOSTS_SHOWN]:
        version = f" {prose(host.version)}" if host.version else ""
        basis = f"; inferred: {prose(host.reason)}" if host.basis == "inferred" else ""
        roles = ", ".join(host.roles) or "no role"
        yield f"- {prose(host.name)}: {roles}{version}, {digest.some(host.addresses, 4)}{basis}"
    if len(report.hosts) > HOSTS_SHOWN:
        yield f"- and {plural(len(report.hosts) - HOSTS_SHOWN, 'host')} more"
    for edition, document in digest.editions(report):
        yield f"- sheet {edition.subject} {edition.id}: {prose(document)}, {prose(edition.section)}"
    yield f"- activities that took place: {', '.join(sorted(report.site.activities))}"
    if report.undecoded:
        reasons = ", ".join(f"{reason} {number(count)}" for reason, count in report.undecoded.items())
        yield f"- frames not decoded to the end: {reasons}"
    yield f"- portmatrix {report.version}"


def _matrix(report: Report) -> Iterable[str]:
    drawn = digest.editions(report)
    if not drawn:
        return
    yield "## Matrix"
    for edition, document in drawn:
        found = digest.results(report, edition)
        yield ""
        yield f"### {edition.subject} {edition.id}"
        yield ""
        yield prose(edition.section or document)
        yield ""
        heads = [f"{direction} {transport.upper()}" for direction, transport in sheet.COLUMNS]
        yield from _table(heads, (_line(found, line) for line in sheet.lines(found, edition.columns)))
    yield ""
    used = {result.status for result in report.rows} - {Status.NOT_APPLICABLE}
    yield ", ".join(f"{MARKS[status]} {digest.STATUS_WORDS[status]}" for status in Status if status in used)
    groups = digest.unproven(report)
    if groups:
        yield ""
    for status, reason, unproven in groups:
        yield f"- {MARKS[status]} {plural(len(unproven), 'row')} {status.value}: {prose(reason)}"


def _line(found: Mapping[sheet.Place, RowResult], ports: Sequence[int | None]) -> Iterable[str]:
    for (direction, transport), port in zip(sheet.COLUMNS, ports, strict=True):
        result = found.get((direction, transport, port)) if port is not None else None
        mark = f"{MARKS[result.status]} " if result is not None else ""
        yield "" if port is None else f"{mark}{port}"


def _flows(report: Report) -> Iterable[str]:
    if not report.flows:
        return
    yield f"## Flows ({number(len(report.flows))})"
    for title, shown, rest in digest.by_verdict(report.flows, FLOW_GROUPS):
        yield ""
        yield f"### {title}"
        yield ""
        yield from _table(
            ("flows", "port", "outcome", "service", "originator", "responder"),
            (
                (
                    number(group.flows),
                    group.place,
                    group.outcome,
                    prose(group.service),
                    prose(group.originator),
                    prose(group.responder),
                )
                for group in shown
            ),
        )
        if rest:
            yield ""
            yield (
                f"and {plural(len(rest), 'group')} more with "
                f"{plural(sum(group.flows for group in rest), 'flow')}: see the csv or json report."
            )


CHANGES_SHOWN: Final = 100
"""Entries of each section of a comparison."""


def _diff(diff: Diff, stream: IO[str], _style: Style) -> None:
    lines = [f"# {prose(changes.headline(diff))}", ""]
    lines += [f"- **{label}**: {prose(said)}" for label, said in changes.sides(diff)]
    for section in changes.sections(diff):
        lines += ["", f"## {section.title} ({number(len(section.entries))})", ""]
        for entry in section.entries[:CHANGES_SHOWN]:
            lines.append(f"- {prose(entry.line)}")
            lines += [f"  - {prose(detail)}" for detail in entry.detail]
        if len(section.entries) > CHANGES_SHOWN:
            lines.append(f"- and {number(len(section.entries) - CHANGES_SHOWN)} more")
    closing = list(changes.closing(diff))
    lines += [""] if closing else []
    lines += [f"- {prose(text)}" for text in closing]
    stream.write("\n".join(lines) + "\n")


FORMAT = Format("markdown", (".md", ".markdown"), _report, render_diff=_diff)
