"""A report as rows of the fleet's tables. What a value is called and how it is spelt is the report's own."""

from __future__ import annotations

import datetime
import enum
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from analyzer.fleet.tables import TABLES
from analyzer.model import Finding, FindingKind, FlowRecord, Records, Report, Severity
from analyzer.model.cells import Cells, Coded, Numbers
from analyzer.report import document
from analyzer.report.digest import judged
from analyzer.report.flowentries import encode
from analyzer.report.lines import Template, lines
from analyzer.report.neutral import unicode

UNDATED: Final = "undated"
"""The day of captures without packets."""

Row = Mapping[str, Any]
_NAMES: Final = {name: {column.name for column in columns} for name, columns in TABLES.items()}


def rows_of(report: Report, capture: str, source: str) -> dict[str, Iterable[Row | str]]:
    """Rows of each table, made while they are asked for; ``capture`` is the capture's key.

    Those of flows, of which there may be a million, are text: some at a time, a line of JSON each.
    """
    tables: dict[str, Iterable[Mapping[str, Any]]] = {
        "rows": map(document.row, report.rows),
        "findings": _findings(report),
        "transfers": (
            document.transfer(one) | {"first": one.first, "last": one.last} for one in report.transfers
        ),
        "captures": _captures(report, source),
    }
    marked = {name: _marked(rows, _NAMES[name], capture) for name, rows in tables.items()}
    return {"flows": _flows(report, capture), **marked}


def day_of(report: Report) -> str:
    """The day, UTC, of the report's first packet; ``UNDATED`` without."""
    first = min((info.first for info in report.captures if info.first is not None), default=None)
    if first is None:
        return UNDATED
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=first // 10**9)
        return moment.date().isoformat()
    except OverflowError:
        return UNDATED


def cause(finding: Finding, flows: Mapping[str, FlowRecord], endings: Mapping[str, str]) -> str:
    """What the same fault at another site has in common: no address and no name.

    ``flows`` has the flows that findings cite first, ``endings`` says of a transfer's flows why it failed.
    """
    flow = flows.get(finding.flows[0]) if finding.flows else None
    parts = [finding.kind.value]
    if flow is not None:
        ends = ["+".join(end.roles) or "other" for end in (flow.originator, flow.responder)]
        port = "" if flow.responder.port is None else f"/{flow.responder.port}"
        ending = endings.get(flow.id, "") if finding.kind is FindingKind.TRANSFER_FAILED else ""
        parts += [" to ".join(ends), f"{flow.transport}{port}", ending or flow.outcome.value]
    elif finding.rows:
        parts.append(finding.rows[0])
    return " ".join(parts)


def _marked(rows: Iterable[Row], names: set[str], capture: str) -> Iterator[Row]:
    for row in rows:
        yield {"capture": capture, **{name: value for name, value in row.items() if name in names}}


def _flows(report: Report, capture: str) -> Iterator[str]:
    names = [column.name for column in TABLES["flows"][1:]]
    pieces = [f', "{name}": ' for name in names]
    pieces[0] = f'{{"capture": {encode(capture)}{pieces[0]}'
    template = Template([*pieces, "}\n"], names, _told, '"')
    for cells in Records.of(report.flows).cells():
        moments = {name: _number(cells[name]) for name in ("first", "last")}
        yield lines({**cells, **moments}, template)


def _number(moments: Cells) -> Cells:
    """Points in time as what Parquet is made of: plain numbers."""
    each: list[Any] = moments.each()
    return Numbers(array("q", each)) if min(each) >= 0 else Coded.of(each)


def _told(name: str, value: Any) -> str:
    """A value of a flow as JSON."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, str):
        value = unicode(value)
    return encode(None if name == "waived" and not value else value)


def _findings(report: Report) -> Iterator[Row]:
    cited = {finding.flows[0] for finding in report.findings if finding.flows}
    flows = {flow: report.flows[number - 1] for number, flow in sorted((int(one[1:]), one) for one in cited)}
    endings = {flow: one.cause.value for one in report.transfers if one.cause for flow in one.flows}
    for finding in report.findings:
        found = document.finding(finding)
        yield {**found, "cause": cause(finding, flows, endings), "flows": len(finding.flows)}


def _captures(report: Report, source: str) -> Iterator[Row]:
    counts = {
        severity: sum(finding.severity is severity for finding in report.findings) for severity in Severity
    }
    for info in report.captures:
        yield {
            **document.capture(info),
            "source": unicode(source),
            "sha256": info.sha256 or None,
            "first": info.first,
            "last": info.last,
            "flows": len(report.flows),
            "judged": judged(report),
            "compliant": report.compliant,
            "violations": counts[Severity.VIOLATION],
            "warnings": counts[Severity.WARNING],
            "notes": counts[Severity.NOTE],
            "damaged": any(problem.damage for problem in info.problems),
            "problems": [unicode(f"{problem.code}: {problem.told}") for problem in info.problems],
            "portmatrix": report.version,
        }
