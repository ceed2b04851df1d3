"""CSV: the flow table for a spreadsheet, one line a flow.

A CSV holds one table, and this is the flows: ``check`` adds the verdict, the rows and the findings
that speak of each flow. Findings about what is absent have no flow, so they are in the other formats.
Values that a spreadsheet would compute are made text (:func:`analyzer.report.neutral.cell`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import IO, Final

from analyzer import model
from analyzer.model import FlowRecord, FlowReport, Records
from analyzer.model.cells import Coded
from analyzer.report import Format, Style
from analyzer.report.columns import (
    FLOW_COLUMNS,
    VERDICT_COLUMNS,
    Value,
    findings_of_flows,
    part_value,
)
from analyzer.report.lines import Template, lines
from analyzer.report.neutral import cell

TRANSFER_COLUMNS: Final = (
    "id",
    "protocol",
    "operation",
    "client",
    "server",
    "file",
    "mode",
    "outcome",
    "cause",
    "block_size",
    "window_size",
    "bytes",
    "expected_bytes",
    "blocks",
    "retransmissions",
    "longest_gap_s",
    "rate_bytes_s",
    "attempts",
    "first",
    "last",
    "first_frame",
    "last_frame",
    "flows",
    "detail",
    "advice",
    *("path_place", "path_direction", "path_detail"),
    *("to_gateway_sent", "to_gateway_arrived", "to_node_sent", "to_node_arrived"),
)
"""Columns of ``firmware``: one line a transfer."""


OURS: Final = frozenset({"id", "originator_address", "responder_address", "first", "last"})
"""Columns of text in which nothing is a stranger's."""


PLAIN: Final = re.compile(r"[\w.:-]+")
"""A cell that needs no quotes."""


def _line(values: Sequence[Value]) -> list[str | int | float]:
    return ["" if value is None else cell(value) if isinstance(value, str) else value for value in values]


def _report(report: model.Report, stream: IO[str], _style: Style) -> None:
    _write(report.flows, stream, findings_of_flows(report))


def _flows(report: FlowReport, stream: IO[str], _style: Style) -> None:
    _write(report.flows, stream, None)


def _write(flows: Sequence[FlowRecord], stream: IO[str], spoken: Mapping[str, list[str]] | None) -> None:
    names = FLOW_COLUMNS if spoken is None else FLOW_COLUMNS + VERDICT_COLUMNS
    stream.write(",".join(names) + "\n")
    template = Template(("", *(",",) * (len(names) - 1), "\n"), names, _cell)
    for cells in Records.of(flows).cells():
        if spoken is not None:
            told = Coded.of(" ".join(spoken.get(str(flow), ())) for flow in cells["id"].each())
            cells = {**cells, "findings": told}  # noqa: PLW2901 - with one column more
        stream.write(lines(cells, template))


def _cell(name: str, part: object) -> str:
    """A cell as the csv module writes it, its text made harmless."""
    value = part_value(name, part)
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    shown = value if name in OURS else cell(value)
    if PLAIN.fullmatch(shown):
        return shown
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n").writerow((shown, ""))
    return quoted.getvalue()[: -len(",\n")]


def _firmware(report: model.FirmwareReport, stream: IO[str], _style: Style) -> None:
    from analyzer.report.document import transfer  # noqa: PLC0415 - a table of flows does without

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(TRANSFER_COLUMNS)
    for record in report.transfers:
        entry = transfer(record)
        entry["first_frame"], entry["last_frame"] = record.frames
        entry["flows"] = " ".join(record.flows)
        path = entry["path"] or {}
        entry.update({f"path_{key}": path.get(key) for key in ("place", "direction", "detail")})
        for way in ("to_gateway", "to_node"):
            entry.update({f"{way}_{key}": path.get(way, {}).get(key) for key in ("sent", "arrived")})
        writer.writerow(_line([entry[name] for name in TRANSFER_COLUMNS]))


FORMAT = Format("csv", (".csv",), _report, _flows, render_firmware=_firmware, sha256=False)
