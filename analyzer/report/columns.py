"""The columns of a flow table, for every format that is one: csv, xlsx, parquet."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from analyzer import model
from analyzer.model import FlowRecord
from analyzer.model.flow import PARTS
from analyzer.report.moment import timestamp

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

Value = str | int | float | None


def flow_values(record: FlowRecord) -> list[Value]:
    """The values of ``FLOW_COLUMNS``; None where there is none. Strangers' text is as it came."""
    return [part_value(name, PARTS[name](record)) for name in FLOW_COLUMNS]


def verdict_values(record: FlowRecord, spoken: Mapping[str, list[str]]) -> list[Value]:
    """The values of ``VERDICT_COLUMNS``; ``spoken`` as :func:`findings_of_flows` gives it."""
    return [
        " ".join(spoken.get(record.id, ())) if name == "findings" else part_value(name, PARTS[name](record))
        for name in VERDICT_COLUMNS
    ]


def part_value(name: str, part: object) -> Value:
    """The value of a column from the part of a record that it shows, see ``analyzer.model.flow.PARTS``."""
    if isinstance(part, tuple):
        return " ".join(part)
    if isinstance(part, enum.Enum):
        return str(part.value)
    if name in ("first", "last"):
        assert isinstance(part, int)
        return timestamp(part)
    assert part is None or isinstance(part, str | int | float)
    return part


def findings_of_flows(report: model.Report) -> dict[str, list[str]]:
    """Id of a flow → ids of the findings that speak of it."""
    spoken: dict[str, list[str]] = {}
    for finding in report.findings:
        for flow in finding.flows:
            spoken.setdefault(flow, []).append(finding.id)
    return spoken
