"""CSV: the flow table for a spreadsheet, one line a flow.

A CSV holds one table, and this is the flows: ``check`` adds the verdict, the rows and the findings
that speak of each flow. Findings about what is absent have no flow, so they are in the other formats.
Values that a spreadsheet would compute are made text (:func:`analyzer.report.neutral.cell`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import IO, Final

from analyzer.model import FirmwareReport, FlowRecord, FlowReport, Report
from analyzer.report import Format, Style
from analyzer.report.document import timestamp, transfer
from analyzer.report.neutral import cell

FLOW_COLUMNS: Final = (
    "id",
    "transport",
    "protocol",
    "service",
    "originator_address",
    "originator_port",
    "originator_roles",
    "responder_address",
    "responder_port",
    "responder_roles",
    "confidence",
    "basis",
    "packets_sent",
    "packets_received",
    "bytes_sent",
    "bytes_received",
    "first",
    "last",
    "first_frame",
    "last_frame",
    "outcome",
    "parent",
    "detail",
    "flags_sent",
    "flags_received",
    "fragments",
    "duplicates_sent",
    "duplicates_received",
)
"""Columns of both tables; sent is from the originator, received from the responder."""

VERDICT_COLUMNS: Final = ("verdict", "reason", "rows", "findings", "waived")
"""Columns that ``check`` adds."""

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
)
"""Columns of ``firmware``: one line a transfer."""

Value = str | int | float | None


def _common(record: FlowRecord) -> list[Value]:
    return [
        record.id,
        record.transport,
        record.protocol,
        record.service,
        record.originator.address,
        record.originator.port,
        " ".join(record.originator.roles),
        record.responder.address,
        record.responder.port,
        " ".join(record.responder.roles),
        record.confidence,
        record.basis,
        *record.packets,
        *record.bytes,
        timestamp(record.first),
        timestamp(record.last),
        *record.frames,
        record.outcome.value,
        record.parent,
        record.detail,
        *record.flags,
        record.fragments,
        *record.duplicates,
    ]


def _line(values: Sequence[Value]) -> list[str | int | float]:
    return ["" if value is None else cell(value) if isinstance(value, str) else value for value in values]


def _report(report: Report, stream: IO[str], _style: Style) -> None:
    spoken: dict[str, list[str]] = {}
    for finding in report.findings:
        for flow in finding.flows:
            spoken.setdefault(flow, []).append(finding.id)
    _write(report.flows, stream, spoken)


def _flows(report: FlowReport, stream: IO[str], _style: Style) -> None:
    _write(report.flows, stream, None)


def _write(flows: Sequence[FlowRecord], stream: IO[str], spoken: Mapping[str, list[str]] | None) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(FLOW_COLUMNS if spoken is None else FLOW_COLUMNS + VERDICT_COLUMNS)
    for record in flows:
        values = _common(record)
        if spoken is not None:
            values += [
                record.verdict.value if record.verdict else None,
                record.reason,
                " ".join(record.rows),
                " ".join(spoken.get(record.id, ())),
                record.waived,
            ]
        writer.writerow(_line(values))


def _firmware(report: FirmwareReport, stream: IO[str], _style: Style) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(TRANSFER_COLUMNS)
    for record in report.transfers:
        entry = transfer(record)
        entry["first_frame"], entry["last_frame"] = record.frames
        entry["flows"] = " ".join(record.flows)
        writer.writerow(_line([entry[name] for name in TRANSFER_COLUMNS]))


FORMAT = Format("csv", (".csv",), _report, _flows, render_firmware=_firmware)
