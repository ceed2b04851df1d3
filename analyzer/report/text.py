"""Text: the report for somebody on a ladder. Verdict first, then what to do, then the matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Final

from analyzer import model
from analyzer.model import CaptureInfo, FlowReport, Records, Severity, Status, Verdict
from analyzer.report import Format, Style, digest, flowlines, sheet
from analyzer.report.layout import duration, number, paint, plural, size, table, wrap
from analyzer.report.moment import timestamp
from analyzer.report.neutral import PROSE_LIMIT, TEXT_LIMIT, visible

GROUP_LINES: Final = 40
"""Lines of grouped flows that ``check`` prints; ``-v`` prints every flow."""
TABLE_FLOWS: Final = 200
"""Flows that ``flows`` lists one by one; more are grouped, as nobody reads them in a terminal."""
FRAMES_SHOWN: Final = 12
HOSTS_SHOWN: Final = 20
ADDRESSES_SHOWN: Final = 4
"""Addresses of one host that ``check`` names."""
UNSEEN_SHOWN: Final = 3
"""Reasons for what could not be seen that stand beside the verdict; the matrix has them all."""
FILTER_LIMIT: Final = 1500
"""Characters of a display filter worth pasting from a terminal; the JSON report holds longer ones."""

_MARKS: Final = {
    Status.WORKING: ("\u2713", "+", "green"),
    Status.FAILING: ("!", "!", "red"),
    Status.MISSING: ("x", "x", "red"),
    Status.ONE_WAY: ("~", "~", "yellow"),
    Status.NOT_OBSERVABLE: ("?", "?", "dim"),
    Status.NOT_EXERCISED: ("-", "-", "dim"),
    Status.NOT_APPLICABLE: (".", ".", "dim"),
}
_COLOURS: Final = {Severity.VIOLATION: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_TONES: Final = {"bad": "red", "good": "green", "neutral": ""}
_VERDICT_COLOURS: Final = {Verdict.UNEXPECTED: "red", Verdict.DISPUTED: "yellow", Verdict.EXPECTED: "green"}


class _Page:
    """Lines on their way to the stream, in one style."""

    def __init__(self, stream: IO[str], style: Style) -> None:
        self.stream, self.style = stream, style

    def line(self, text: str = "", colour: str = "") -> None:
        self.stream.write(paint(text, colour, self.style.colour) + "\n" if text else "\n")

    def lines(self, lines: Iterable[str]) -> None:
        for text in lines:
            self.line(text)

    def heading(self, text: str) -> None:
        self.line()
        self.line(text, "bold")

    def entry(self, label: str, text: str, colour: str = "") -> None:
        """A labelled paragraph: the label once, the text wrapped beside it."""
        for piece in wrap(text, self.style.width, f"  {label:<9} "):
            self.line(piece, colour)

    def paragraph(self, text: str, indent: str = "    ", first: str | None = None) -> None:
        self.lines(wrap(text, self.style.width, indent if first is None else first, indent))

    def paint(self, text: str, colour: str) -> str:
        return paint(text, colour, self.style.colour)


def _shown(text: str) -> str:
    return visible(text, TEXT_LIMIT)


def _prose(text: str) -> str:
    return visible(text, PROSE_LIMIT)


def _report(report: model.Report, stream: IO[str], style: Style) -> None:
    page = _Page(stream, style)
    _verdict(report, page)
    if style.verbosity >= 0:
        _looked_at(report, page)
    _findings(report, page)
    if style.verbosity >= 0:
        _matrix(report, page)
        _flows_of_report(report, page)


def _verdict(report: model.Report, page: _Page) -> None:
    told = digest.headline(report)
    for line in wrap(str(told), page.style.width):
        page.line(line, _TONES[told.tone])
    for label, said in digest.tallies(report):
        page.paragraph(f"{label}: {said}", "      ", "")
    for said in digest.unseen(report)[:UNSEEN_SHOWN]:
        page.paragraph(_shown(said), "      ", "")
    if undeclared := digest.undeclared(report):
        page.paragraph(undeclared, "")


def _captures(captures: Sequence[CaptureInfo], page: _Page) -> None:
    for info in captures:
        links = ", ".join(info.link_types) or "no interface"
        page.entry("capture", f"{_shown(info.path)} ({info.format}, {links})")
        held = f"{plural(info.packets, 'packet')}, {size(info.bytes)}"
        if info.first is not None and info.last is not None:
            held += (
                f", {duration(info.last - info.first)} from {_clock(info.first)} to {_clock(info.last)} UTC"
            )
        if len(captures) > 1 and info.packets:
            held += f", frames from {info.first_frame}"
        page.entry("", held)
        for problem in info.problems:
            where = f" at frame {problem.frame}" if problem.frame else ""
            times = f", {number(problem.count)} times" if problem.count > 1 and not problem.lost else ""
            label = "damage" if problem.damage else "left out"
            page.entry("", f"{label}: {problem.code}{where}{times}: {_shown(problem.told)}")


def _clock(nanoseconds: int) -> str:
    return timestamp(nanoseconds)[:19].replace("T", " ")


def _looked_at(report: model.Report, page: _Page) -> None:
    page.heading("Looked at")
    _captures(report.captures, page)
    if report.site.declared:
        page.entry("site", _shown(report.site.name) or "(no name)")
    shown = report.hosts if page.style.verbosity > 0 else report.hosts[:HOSTS_SHOWN]
    for at, host in enumerate(shown):
        basis = f"; inferred: {_shown(host.reason)}" if host.basis == "inferred" else ""
        roles = ", ".join(host.roles) or "no role"
        version = f" {_shown(host.version)}" if host.version else ""
        addresses = digest.some(host.addresses, ADDRESSES_SHOWN)
        called = "" if host.addresses == (host.name,) else f"{_shown(host.name)}: "
        page.entry("hosts" if at == 0 else "", f"{called}{roles}{version}, {addresses}{basis}")
    if len(report.hosts) > len(shown):
        page.entry("", f"and {plural(len(report.hosts) - len(shown), 'host')} more (-v lists all)")
    for at, (edition, document) in enumerate(digest.editions(report)):
        page.entry(
            "sheets" if at == 0 else "", f"{edition.subject} {edition.id}: {document}, {edition.section}"
        )
    page.entry("shown by", ", ".join(sorted(report.site.activities)) + " (activities that took place)")
    if report.undecoded:
        reasons = ", ".join(f"{_shown(reason)} {number(count)}" for reason, count in report.undecoded.items())
        page.entry("limits", f"frames not decoded to the end: {reasons}")


def _findings(report: model.Report, page: _Page) -> None:
    sources = {result.row.id: result.row.source for result in report.rows}
    count = 0
    for severity in Severity:
        chosen = [finding for finding in report.findings if finding.severity is severity]
        if not chosen:
            continue
        page.heading({"violation": "Violations", "warning": "Warnings", "note": "Notes"}[severity.value])
        for finding in chosen:
            count += 1
            _finding(count, finding, page)
            cited = dict.fromkeys(sources[row] for row in finding.rows if row in sources)
            for source in list(cited)[:3]:
                page.paragraph(
                    f"Sheet: {_shown(source.document)}, {_shown(source.section)}", "        ", "    "
                )


def _finding(count: int, finding: model.Finding, page: _Page) -> None:
    head = f" {count:>2} "
    lines = wrap(f"{_shown(finding.title)} [{finding.kind.value}]", page.style.width, head)
    for line in lines:
        page.line(line, _COLOURS[finding.severity])
    if finding.detail:
        page.paragraph(_prose(finding.detail))
    for label, text in (
        ("Waived", finding.waived),
        ("Near miss", finding.near_miss),
        ("Advice", finding.advice),
    ):
        if text:
            page.paragraph(f"{label}: {_prose(text)}", "        ", "    ")
    if finding.rows:
        page.paragraph(f"Rows: {_some(finding.rows, 4, page)}", "        ", "    ")
    page.paragraph(f"Id: {finding.id}", "        ", "    ")
    _evidence(finding, page)


def _evidence(finding: model.Finding, page: _Page) -> None:
    evidence = []
    if finding.flows:
        evidence.append(f"{plural(len(finding.flows), 'flow')} ({_some(finding.flows, 6, page)})")
    if finding.frames:
        evidence.append(f"frames {_some(list(map(str, finding.frames)), FRAMES_SHOWN, page)}")
    if evidence:
        page.paragraph(f"Evidence: {'; '.join(evidence)}", "        ", "    ")
    if finding.wireshark_filter:
        expression = visible(finding.wireshark_filter)
        if len(expression) > FILTER_LIMIT and page.style.verbosity < 1:
            page.paragraph(
                f"Wireshark: a filter of {number(len(expression))} characters; -v or --format json shows it",
                "        ",
                "    ",
            )
        else:
            # One line however long: a display filter with a line break in it cannot be pasted.
            page.line(f"    Wireshark: {expression}")


def _some(values: Sequence[str], most: int, page: _Page) -> str:
    shown = list(map(_shown, values))
    return ", ".join(shown) if page.style.verbosity > 0 else digest.some(shown, most)


def _matrix(report: model.Report, page: _Page) -> None:
    drawn = digest.editions(report)
    if not drawn:
        return
    page.heading("Matrix")
    for edition, document in drawn:
        results = digest.results(report, edition)
        where = f" ({edition.section or document})"
        page.lines(wrap(f"{edition.subject} {edition.id}{where}", page.style.width, "  "))
        page.lines(
            sheet.table(list(results), edition.columns, _cell(results, page.style), page.paint, "    ")
        )
        page.line()
    used = {result.status for result in report.rows}
    legend = [
        f"{_mark(status, page.style)} {digest.STATUS_WORDS[status]}"
        for status in Status
        if status in used and status is not Status.NOT_APPLICABLE
    ]
    line = ""
    for entry in legend:
        if line and len(line) + 3 + len(entry) > page.style.width - 2:
            page.line(f"  {line}")
            line = ""
        line += ("   " if line else "") + entry
    page.line(f"  {line}")
    _reasons(report, page)


def _mark(status: Status, style: Style) -> str:
    return _MARKS[status][1 if style.ascii else 0]


def _cell(results: Mapping[sheet.Place, model.RowResult], style: Style) -> sheet.Cell:
    def cell(direction: str, transport: str, port: int) -> tuple[str, str]:
        status = results[direction, transport, port].status
        return f"{port} {_mark(status, style)}", _MARKS[status][2]

    return cell


def _reasons(report: model.Report, page: _Page) -> None:
    """Why rows are not proven: with ``-v`` row by row, else one line a reason."""
    if page.style.verbosity > 0:
        for result in report.rows:
            outcome = f", {result.outcome.value}" if result.outcome else ""
            page.paragraph(
                f"{result.row.id} {_shown(result.row.service.name)}: {result.status.value}{outcome}. "
                f"{_shown(result.reason)}",
                "      ",
                "  ",
            )
        return
    most = digest.unproven(report)
    for status, reason, rows in most[:8]:
        said = _shown(reason) or status.value
        page.paragraph(f"{_mark(status, page.style)} {plural(len(rows), 'row')}: {said}", "      ", "  ")
    if len(most) > 8:
        page.paragraph(f"{plural(len(most) - 8, 'other reason')}; -v gives every row's", "      ", "  ")


def _flows_of_report(report: model.Report, page: _Page) -> None:
    if not report.flows:
        return
    page.heading(f"Flows ({number(len(report.flows))})")
    if page.style.verbosity > 0:
        for record in report.flows:
            page.lines(table([flowlines.line(record)], page.style.width))
            waived = f"; waived: {_shown(record.waived)}" if record.waived else ""
            verdict = record.verdict.value if record.verdict else "no verdict"
            page.paragraph(f"{verdict}: {_shown(record.reason)}{waived}", "        ")
            if record.detail:
                page.paragraph(_shown(record.detail), "        ")
        return
    left = GROUP_LINES
    for verdict in digest.VERDICT_ORDER:
        groups = digest.groups(report.flows, verdict)
        if not groups:
            continue
        flows = number(sum(group.flows for group in groups))
        page.line(f"  {verdict.value} ({flows})", _VERDICT_COLOURS.get(verdict, ""))
        lines, used = flowlines.groups(groups, page.style, max(3, left))
        page.lines(lines)
        left -= used


def _flows(report: FlowReport, stream: IO[str], style: Style) -> None:
    page = _Page(stream, style)
    packets, carried = Records.of(report.flows).totals()
    page.line(f"{plural(len(report.flows), 'flow')}, {plural(packets, 'packet')}, {size(carried)}", "bold")
    if style.verbosity < 0:
        return
    _captures(report.captures, page)
    for reason, count in report.undecoded.items():
        page.entry("", f"not decoded to the end: {_shown(reason)}, {plural(count, 'frame')}")
    if not report.flows:
        return
    page.line()
    if len(report.flows) > TABLE_FLOWS and style.verbosity < 1:
        lines, _ = flowlines.groups(digest.groups(report.flows), style, GROUP_LINES)
        page.lines(lines)
        page.paragraph(
            f"More than {TABLE_FLOWS} flows are grouped; --format csv, json or jsonl has each, -v too.",
            "",
        )
        return
    rows = [flowlines.line(record) for record in report.flows]
    page.lines(table([flowlines.HEADING, *rows], style.width, flowlines.RIGHT, ""))
    page.line()
    page.paragraph("Packets and bytes: packets from the originator / from the responder, bytes of both.", "")
    if Records.of(report.flows).guessed():
        page.paragraph("* direction guessed: nothing but the first packet tells who opened the flow.", "")


def _firmware(report: model.FirmwareReport, stream: IO[str], style: Style) -> None:
    from analyzer.report import ladder  # noqa: PLC0415 - here and below: what one command alone shows

    ladder.write(report, stream, style)


def _diff(diff: model.Diff, stream: IO[str], style: Style) -> None:
    from analyzer.report import changes  # noqa: PLC0415

    changes.write(diff, stream, style)


def _dissection(found: model.Dissection, stream: IO[str], style: Style) -> None:
    from analyzer.report import dissection  # noqa: PLC0415

    dissection.write(found, stream, style)


FORMAT = Format(
    "text",
    (".txt", ".text"),
    _report,
    _flows,
    render_firmware=_firmware,
    render_diff=_diff,
    render_dissection=_dissection,
    sha256=False,
)
