"""Parquet: the flow table with typed columns, for DuckDB, pandas and Spark. DuckDB, an extra, writes it.

Columns are those of the CSV, but roles, which are lists, and times, which are ``TIMESTAMP_NS`` in UTC.
"""

from __future__ import annotations

import json
from typing import IO, Final

from analyzer.model import FlowRecord, FlowReport
from analyzer.parquet import TIME, write
from analyzer.report import Format, Style
from analyzer.report.columns import FLOW_COLUMNS, flow_values
from analyzer.report.neutral import unicode

TYPES: Final = {
    "originator_port": "USMALLINT",
    "responder_port": "USMALLINT",
    "originator_roles": "VARCHAR[]",
    "responder_roles": "VARCHAR[]",
    "packets_sent": "UBIGINT",
    "packets_received": "UBIGINT",
    "bytes_sent": "UBIGINT",
    "bytes_received": "UBIGINT",
    "first": TIME,
    "last": TIME,
    "first_frame": "UBIGINT",
    "last_frame": "UBIGINT",
    "fragments": "UBIGINT",
    "duplicates_sent": "UBIGINT",
    "duplicates_received": "UBIGINT",
}
"""Columns that are no text."""


def _flows(report: FlowReport, stream: IO[bytes], _style: Style) -> None:
    columns = {name: TYPES.get(name, "VARCHAR") for name in FLOW_COLUMNS}
    captures = json.dumps([info.sha256 for info in report.captures])
    metadata = {"portmatrix": report.version, "captures": captures}
    write(map(entry, report.flows), columns, stream, metadata)


def entry(record: FlowRecord) -> dict[str, object]:
    """The values of ``FLOW_COLUMNS``, of the types that ``TYPES`` gives them."""
    values: dict[str, object] = dict(zip(FLOW_COLUMNS, flow_values(record), strict=True))
    values |= {
        "first": record.first,
        "last": record.last,
        "originator_roles": record.originator.roles,
        "responder_roles": record.responder.roles,
    }
    return {name: unicode(value) if isinstance(value, str) else value for name, value in values.items()}


FORMAT = Format("parquet", (".parquet",), None, _flows, binary=True)
