"""A spreadsheet: matrix, findings, transfers, flows, hosts; frozen headers, filters, no formula.

Every text is written as text, whatever it begins with; control characters are visible. XlsxWriter is an
extra.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Final

from analyzer.errors import MissingExtra
from analyzer.model import FlowReport, Report, Severity, Status
from analyzer.report import Format, Style, digest
from analyzer.report.columns import (
    FLOW_COLUMNS,
    VERDICT_COLUMNS,
    Value,
    findings_of_flows,
    flow_values,
    verdict_values,
)
from analyzer.report.document import transfer
from analyzer.report.moment import timestamp
from analyzer.report.neutral import visible

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

CELL_LIMIT: Final = 32_000
"""Characters of a cell; Excel opens no file with more than 32,767 in one."""
ROW_LIMIT: Final = 1_048_575
"""Lines below the heading that a sheet holds; more flows go on in another sheet."""
WIDTH_OF: Final = {
    "id": 30,
    "title": 60,
    "detail": 60,
    "advice": 60,
    "near_miss": 30,
    "reason": 50,
    "rows": 40,
    "service": 24,
    "document": 40,
    "section": 50,
    "addresses": 30,
    "file": 30,
    "wireshark_filter": 40,
    "first": 28,
    "last": 28,
}
"""Columns wider than ``WIDTH``, in characters."""
WIDTH: Final = 16
COLOURS: Final = {
    Status.WORKING.value: "#C6EFCE",
    Status.FAILING.value: "#FFC7CE",
    Status.MISSING.value: "#FFC7CE",
    Status.ONE_WAY.value: "#FFEB9C",
    Severity.VIOLATION.value: "#FFC7CE",
    Severity.WARNING.value: "#FFEB9C",
}
"""Fill of a cell that holds the word; the word itself says it without colour."""

FINDING_COLUMNS: Final = (
    "severity",
    "kind",
    "title",
    "detail",
    "advice",
    "near_miss",
    "waived",
    "rows",
    "flows",
    "frames",
    "wireshark_filter",
    "id",
)
ROW_COLUMNS: Final = (
    "subject",
    "edition",
    "direction",
    "transport",
    "port",
    "service",
    "activity",
    "status",
    "outcome",
    "reason",
    "flows",
    "document",
    "section",
    "id",
)
HOST_COLUMNS: Final = ("name", "roles", "version", "addresses", "basis", "reason")
TRANSFER_COLUMNS: Final = (
    *("id", "protocol", "operation", "client", "server", "file", "outcome", "cause", "bytes"),
    *("expected_bytes", "blocks", "block_size", "retransmissions", "longest_gap_s", "rate_bytes_s"),
    *("attempts", "first", "last", "detail", "advice"),
)


class _Book:
    """A workbook in which text is text."""

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            from xlsxwriter import Workbook  # noqa: PLC0415 - an extra, imported when asked for
        except ImportError as error:
            raise MissingExtra("xlsx", "report") from error
        # Rows go to a temporary file as they come: memory does not grow with the flows.
        self.book: Workbook = Workbook(
            stream,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": True,
            },
        )
        self.bold = self.book.add_format({"bold": True, "bottom": 1})
        self.fills = {word: self.book.add_format({"bg_color": colour}) for word, colour in COLOURS.items()}

    def sheet(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
        """A sheet ``name``, and ``name 2`` and so on where one does not hold all rows."""
        page, line, number = self._begin(name, heads), 0, 1
        for values in rows:
            if line == ROW_LIMIT:
                self._end(page, heads, line)
                number += 1
                page, line = self._begin(f"{name} {number}", heads), 0
            line += 1
            for column, value in enumerate(values):
                self._write(page, line, column, value)
        self._end(page, heads, line)

    def _begin(self, name: str, heads: Sequence[str]) -> Worksheet:
        page = self.book.add_worksheet(name)
        for column, head in enumerate(heads):
            page.set_column(column, column, WIDTH_OF.get(head, WIDTH))
            page.write_string(0, column, head.replace("_", " "), self.bold)
        page.freeze_panes(1, 0)
        return page

    def _write(self, page: Worksheet, line: int, column: int, value: Value) -> None:
        if isinstance(value, str):
            shown = visible(value)
            if len(shown) > CELL_LIMIT:
                shown = f"{shown[:CELL_LIMIT]}[+{len(shown) - CELL_LIMIT} characters]"
            page.write_string(line, column, shown, self.fills.get(shown))
        elif value is not None:
            page.write_number(line, column, value)

    def _end(self, page: Worksheet, heads: Sequence[str], lines: int) -> None:
        page.autofilter(0, 0, lines, len(heads) - 1)


def _report(report: Report, stream: IO[bytes], _style: Style) -> None:
    book = _Book(stream)
    book.book.set_properties({"title": visible(str(digest.headline(report))), "author": "portmatrix"})
    book.sheet("Summary", ("what", "value"), _summary(report))
    book.sheet("Matrix", ROW_COLUMNS, _rows(report))
    book.sheet("Findings", FINDING_COLUMNS, _findings(report))
    if report.transfers:
        entries = map(transfer, report.transfers)
        book.sheet(
            "Transfers", TRANSFER_COLUMNS, ([entry[name] for name in TRANSFER_COLUMNS] for entry in entries)
        )
    spoken = findings_of_flows(report)
    book.sheet(
        "Flows",
        FLOW_COLUMNS + VERDICT_COLUMNS,
        (flow_values(record) + verdict_values(record, spoken) for record in report.flows),
    )
    book.sheet("Hosts", HOST_COLUMNS, _hosts(report))
    book.book.close()


def _summary(report: Report) -> Iterable[Sequence[Value]]:
    yield "verdict", str(digest.headline(report))
    yield from digest.tallies(report)
    yield "site", report.site.name
    yield "activities", ", ".join(sorted(report.site.activities))
    for info in report.captures:
        yield "capture", info.path
        yield "SHA-256", info.sha256
        yield "packets", info.packets
        if info.first is not None and info.last is not None:
            yield "first packet", timestamp(info.first)
            yield "last packet", timestamp(info.last)
        for problem in info.problems:
            yield "damage" if problem.damage else "left out", f"{problem.code}: {problem.told}"
    for edition, document in digest.editions(report):
        yield "sheet", f"{edition.subject} {edition.id}: {document}, {edition.section}"
    for reason, count in report.undecoded.items():
        yield f"not decoded to the end: {reason}", count
    for limit in (digest.undeclared(report), *digest.unseen(report)):
        if limit:
            yield "limits", limit
    yield "portmatrix", report.version


def _rows(report: Report) -> Iterable[Sequence[Value]]:
    for result in report.rows:
        row = result.row
        yield (
            row.subject,
            row.edition,
            row.direction,
            row.transport,
            row.port,
            row.service.name,
            row.service.activity,
            result.status.value,
            result.outcome.value if result.outcome else None,
            result.reason,
            " ".join(result.flows),
            row.source.document,
            row.source.section,
            row.id,
        )


def _findings(report: Report) -> Iterable[Sequence[Value]]:
    for finding in report.findings:
        yield (
            finding.severity.value,
            finding.kind.value,
            finding.title,
            finding.detail,
            finding.advice,
            finding.near_miss,
            finding.waived,
            " ".join(finding.rows),
            " ".join(finding.flows),
            " ".join(map(str, finding.frames)),
            finding.wireshark_filter,
            finding.id,
        )


def _hosts(report: Report) -> Iterable[Sequence[Value]]:
    for host in report.hosts:
        addresses = ", ".join(host.addresses)
        yield host.name, " ".join(host.roles), host.version, addresses, host.basis, host.reason


def _flows(report: FlowReport, stream: IO[bytes], _style: Style) -> None:
    book = _Book(stream)
    book.sheet("Flows", FLOW_COLUMNS, map(flow_values, report.flows))
    book.book.close()


FORMAT = Format("xlsx", (".xlsx",), _report, _flows, binary=True)
