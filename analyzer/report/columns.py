"""The columns of a flow table, for every format that is one: csv, xlsx, parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from analyzer.model import FlowRecord, Report
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

_FIELDS: Final = tuple(field.name for field in fields(FlowRecord))

Value = str | int | float | None


def flow_values(record: FlowRecord) -> list[Value]:
    """The values of ``FLOW_COLUMNS``; None where there is none. Strangers' text is as it came."""
    part = {name: [getattr(record, name)] for name in _FIELDS}
    return [values[0] for values in flow_columns(part)]


def flow_columns(part: Mapping[str, Sequence[Any]]) -> list[Sequence[Value]]:
    """``FLOW_COLUMNS`` of some records, which come as a column for each of their fields."""
    columns: list[Sequence[Value]] = [part[name] for name in ("id", "transport", "protocol", "service")]
    for end in (part["originator"], part["responder"]):
        columns += (
            [one.address for one in end],
            [one.port for one in end],
            [" ".join(one.roles) for one in end],
        )
    columns += part["confidence"], part["basis"]
    columns += ([one[side] for one in part[name]] for name in ("packets", "bytes") for side in (0, 1))
    columns += (list(map(timestamp, part[name])) for name in ("first", "last"))
    columns += ([one[side] for one in part["frames"]] for side in (0, 1))
    columns += [one.value for one in part["outcome"]], part["parent"], part["detail"]
    columns += ([one[side] for one in part["flags"]] for side in (0, 1))
    columns += part["fragments"], *([one[side] for one in part["duplicates"]] for side in (0, 1))
    return columns


def verdict_values(record: FlowRecord, spoken: Mapping[str, list[str]]) -> list[Value]:
    """The values of ``VERDICT_COLUMNS``; ``spoken`` as :func:`findings_of_flows` gives it."""
    part = {name: [getattr(record, name)] for name in _FIELDS}
    return [values[0] for values in verdict_columns(part, spoken)]


def verdict_columns(
    part: Mapping[str, Sequence[Any]], spoken: Mapping[str, list[str]]
) -> list[Sequence[Value]]:
    """``VERDICT_COLUMNS`` of some records; ``spoken`` as :func:`findings_of_flows` gives it."""
    return [
        [one.value if one else None for one in part["verdict"]],
        part["reason"],
        [" ".join(rows) for rows in part["rows"]],
        [" ".join(spoken.get(flow, ())) for flow in part["id"]],
        part["waived"],
    ]


def findings_of_flows(report: Report) -> dict[str, list[str]]:
    """Id of a flow → ids of the findings that speak of it."""
    spoken: dict[str, list[str]] = {}
    for finding in report.findings:
        for flow in finding.flows:
            spoken.setdefault(flow, []).append(finding.id)
    return spoken
