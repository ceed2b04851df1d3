"""Parquet: the flow table with typed columns, for DuckDB, pandas and Spark. DuckDB, an extra, writes it.

Columns are those of the CSV, but roles, which are lists, and times, which are ``TIMESTAMP_NS`` in UTC.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import IO, Final

from analyzer.errors import MissingExtra
from analyzer.model import FlowRecord, FlowReport
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
    "first": "BIGINT",
    "last": "BIGINT",
    "first_frame": "UBIGINT",
    "last_frame": "UBIGINT",
    "fragments": "UBIGINT",
    "duplicates_sent": "UBIGINT",
    "duplicates_received": "UBIGINT",
}
"""Columns that are no text; times are nanoseconds since 1970 until the last step."""

_TIMES: Final = frozenset({"first", "last"})
_LINE: Final = 64 * 1024 * 1024
"""Bytes that one flow may take as JSON: names out of a capture are long at times."""


def _flows(report: FlowReport, stream: IO[bytes], _style: Style) -> None:
    try:
        import duckdb  # noqa: PLC0415 - an extra, imported when asked for
    except ImportError as error:
        raise MissingExtra("parquet", "parquet") from error
    with tempfile.TemporaryDirectory(prefix="portmatrix-") as folder:
        lines, target = os.path.join(folder, "flows.jsonl"), os.path.join(folder, "flows.parquet")
        with open(lines, "w", encoding="ascii") as out:
            for record in report.flows:
                out.write(json.dumps(_entry(record), ensure_ascii=True, allow_nan=False) + "\n")
        columns = {name: TYPES.get(name, "VARCHAR") for name in FLOW_COLUMNS}
        chosen = ", ".join(
            f'make_timestamp_ns("{name}") AS "{name}"' if name in _TIMES else f'"{name}"' for name in columns
        )
        quoted = target.replace("'", "''")
        with duckdb.connect() as database:
            database.execute(
                f"COPY (SELECT {chosen} FROM read_json("
                "$lines, format = 'newline_delimited', columns = $columns, maximum_object_size = $most"
                f")) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd,"
                " KV_METADATA {portmatrix: $version, captures: $captures})",
                {
                    "version": report.version,
                    "lines": lines,
                    "columns": columns,
                    "most": _LINE,
                    "captures": json.dumps([info.sha256 for info in report.captures]),
                },
            )
        with open(target, "rb") as whole:
            shutil.copyfileobj(whole, stream)


def _entry(record: FlowRecord) -> dict[str, object]:
    entry: dict[str, object] = dict(zip(FLOW_COLUMNS, flow_values(record), strict=True))
    entry |= {
        "first": record.first,
        "last": record.last,
        "originator_roles": record.originator.roles,
        "responder_roles": record.responder.roles,
    }
    return {name: unicode(value) if isinstance(value, str) else value for name, value in entry.items()}


FORMAT = Format("parquet", (".parquet",), None, _flows, binary=True)
