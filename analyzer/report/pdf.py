"""PDF for the file and the auditor: the same facts on A4, set by Typst, without a browser.

Typst is an extra: a wheel with its fonts in it, no system libraries. ``pdf.typ`` is the layout; every text
reaches it as data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import IO, Any, Final

from analyzer.errors import MissingExtra
from analyzer.model import Finding, Report, RowResult, Transfer
from analyzer.report import Format, Style, digest, sheet
from analyzer.report.layout import number, plural
from analyzer.report.neutral import PROSE_LIMIT, TEXT_LIMIT, visible

FINDINGS_IN_FULL: Final = 200
FLOW_GROUPS: Final = 200
TRANSFERS: Final = 500
HOSTS_SHOWN: Final = 100
FRAMES_SHOWN: Final = 40
"""Paper is read, not searched: beyond these the report says how many more there are."""
FILTER_LIMIT: Final = 1500

_LAST: Final = 0x0590
"""The embedded fonts draw Latin, Greek and Cyrillic; what they cannot draw is written as an escape."""

Entry = dict[str, Any]


def _shown(text: str, limit: int = TEXT_LIMIT) -> str:
    shown = visible(text, limit)
    if shown.isascii():
        return shown
    return "".join(
        char if ord(char) < _LAST else f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
        for char in shown
    )


def _report(report: Report, stream: IO[bytes], _style: Style) -> None:
    try:
        import typst  # noqa: PLC0415 - an extra, imported when asked for
    except ImportError as error:
        raise MissingExtra("pdf", "report") from error
    layout = (files("analyzer.report") / "pdf.typ").read_bytes()
    stream.write(typst.compile(layout, sys_inputs={"report": json.dumps(_document(report))}))


def _document(report: Report) -> Entry:
    told = digest.headline(report)
    hashes = ", ".join(info.sha256[:12] for info in report.captures[:3])
    left = len(report.findings) - FINDINGS_IN_FULL
    return {
        "title": _shown(f"{report.site.name or 'portmatrix'}: {told.word}"),
        "word": told.word,
        "said": told.detail,
        "tone": told.tone,
        "footer": _shown(f"portmatrix {report.version} \u00b7 {report.site.name} \u00b7 SHA-256 {hashes}"),
        "tallies": digest.tallies(report),
        "inferred": digest.undeclared(report),
        "findings": [
            _finding(count, finding, report)
            for count, finding in enumerate(report.findings[:FINDINGS_IN_FULL], 1)
        ],
        "more": f"and {plural(left, 'finding')} more: see the json report." if left > 0 else "",
        "looked": list(_looked_at(report)),
        "matrix": list(_matrix(report)),
        "script": [
            [number(len(rows)), _shown(f"{reason}: {_places(rows)}"), digest.STATUS_WORDS[status]]
            for status, reason, rows in digest.unproven(report)
        ],
        "transfers": [
            [
                entry.id,
                _shown(entry.file) if entry.file is not None else "(name not in this capture)",
                entry.outcome.value,
                number(entry.bytes),
                _shown(_told(entry)),
            ]
            for entry in report.transfers[:TRANSFERS]
        ],
        "flows": list(_flows(report)),
    }


def _told(entry: Transfer) -> str:
    arrow = "from" if entry.operation == "read" else "to"
    cause = f"; {entry.cause.value}" if entry.cause else ""
    detail = f": {entry.detail}" if entry.detail else ""
    return f"{entry.client} {arrow} {entry.server} by {entry.protocol}{cause}{detail}"


def _places(rows: Sequence[RowResult]) -> str:
    return digest.some(
        [f"{r.row.subject} {r.row.direction} {r.row.transport}/{r.row.port}" for r in rows], 12
    )


def _finding(count: int, finding: Finding, report: Report) -> Entry:
    sources = {result.row.id: result.row.source for result in report.rows}
    cited = list(dict.fromkeys(sources[row] for row in finding.rows if row in sources))[:3]
    lines = [
        ("What to do", finding.advice),
        ("Near miss", finding.near_miss),
        ("Waived", finding.waived),
        *(("Sheet", f"{source.document}, {source.section}") for source in cited),
        ("Rows", digest.some(finding.rows, 6)),
        ("Flows", digest.some(finding.flows, 12)),
        ("Frames", digest.some(list(map(str, finding.frames)), FRAMES_SHOWN)),
    ]
    expression = finding.wireshark_filter
    return {
        "number": count,
        "title": _shown(finding.title),
        "severity": finding.severity.value,
        "kind": finding.kind.value,
        "id": _shown(finding.id),
        "detail": _shown(finding.detail, PROSE_LIMIT),
        "lines": [(label, _shown(text, PROSE_LIMIT)) for label, text in lines if text],
        "filter": _shown(expression, 0) if len(expression) <= FILTER_LIMIT else "",
    }


def _looked_at(report: Report) -> Iterable[tuple[str, str]]:
    for info in report.captures:
        yield "capture", f"{_shown(info.path)}: {digest.held(info)}"
        yield "SHA-256", info.sha256
        for problem in info.problems:
            where = f" at frame {problem.frame}" if problem.frame else ""
            label = "damage" if problem.damage else "left out"
            yield label, _shown(f"{problem.code}{where}: {problem.told}")
    if report.site.declared:
        yield "site", _shown(report.site.name) or "(no name)"
    for host in report.hosts[:HOSTS_SHOWN]:
        version = f" {host.version}" if host.version else ""
        basis = f"; inferred: {host.reason}" if host.basis == "inferred" else ""
        roles = ", ".join(host.roles) or "no role"
        yield "host", _shown(f"{host.name}: {roles}{version}, {digest.some(host.addresses, 4)}{basis}")
    if len(report.hosts) > HOSTS_SHOWN:
        yield "host", f"and {plural(len(report.hosts) - HOSTS_SHOWN, 'host')} more"
    for edition, document in digest.editions(report):
        yield "sheet", _shown(f"{edition.subject} {edition.id}: {document}, {edition.section}")
    yield "activities", ", ".join(sorted(report.site.activities))
    for reason, count in report.undecoded.items():
        yield "limits", f"{plural(count, 'frame')} not decoded to the end: {_shown(reason)}"


def _matrix(report: Report) -> Iterable[Entry]:
    for edition, document in digest.editions(report):
        found = digest.results(report, edition)
        cells = []
        for line in sheet.lines(found, edition.columns):
            for (direction, transport), port in zip(sheet.COLUMNS, line, strict=True):
                result = found.get((direction, transport, port)) if port is not None else None
                cells.append(
                    {
                        "port": "" if port is None else str(port),
                        "status": result.status.value if result else "",
                        "said": digest.STATUS_WORDS[result.status] if result else "",
                    }
                )
        yield {
            "title": f"{edition.subject} {edition.id}",
            "source": _shown(f"{document}, {edition.section}" if edition.section else document),
            "heads": [f"{direction} {transport.upper()}" for direction, transport in sheet.COLUMNS],
            "cells": cells,
        }


def _flows(report: Report) -> Iterable[Entry]:
    for title, shown, rest in digest.by_verdict(report.flows, FLOW_GROUPS):
        hidden = sum(group.flows for group in rest)
        yield {
            "title": title,
            "rows": [
                [
                    number(group.flows),
                    group.place,
                    group.outcome,
                    _shown(group.service),
                    _shown(group.originator),
                    _shown(group.responder),
                ]
                for group in shown
            ],
            "more": f"and {plural(len(rest), 'group')} more with {plural(hidden, 'flow')}." if rest else "",
        }


FORMAT = Format("pdf", (".pdf",), _report, binary=True)
