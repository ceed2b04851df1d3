"""Parquet files from plain values. DuckDB, an extra, writes them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

from analyzer.errors import MissingExtra, UsageError

TIME: Final = "TIMESTAMP_NS"
"""The type of a column whose values are given as nanoseconds since 1970."""
_LINE: Final = 64 * 1024 * 1024
"""Bytes that one row may take as JSON: names out of a capture are long at times."""


def duckdb() -> Any:
    """The module. Raises :class:`MissingExtra` where it is not installed."""
    try:
        import duckdb as module  # noqa: PLC0415 - an extra, imported when asked for
    except ImportError as error:
        raise MissingExtra("parquet", "parquet") from error
    return module


def write(
    rows: Iterable[Mapping[str, object]],
    columns: Mapping[str, str],
    stream: IO[bytes],
    metadata: Mapping[str, str],
) -> None:
    """Write ``rows`` to ``stream`` as one Parquet file. Memory does not grow with the rows.

    ``columns`` maps each name to its DuckDB type; a row that lacks a column holds NULL there. Strings hold no
    lone surrogates. Raises :class:`UsageError` where the temporary directory has no room.
    """
    engine = duckdb()
    with tempfile.TemporaryDirectory(prefix="portmatrix-") as folder:
        lines, target = os.path.join(folder, "rows.jsonl"), os.path.join(folder, "rows.parquet")
        with open(lines, "w", encoding="ascii") as out:
            for row in rows:
                out.write(json.dumps(row, ensure_ascii=True, allow_nan=False) + "\n")
        held = {name: "BIGINT" if kind == TIME else kind for name, kind in columns.items()}
        chosen = ", ".join(
            f'make_timestamp_ns("{name}") AS "{name}"' if kind == TIME else f'"{name}"'
            for name, kind in columns.items()
        )
        quoted = target.replace("'", "''")
        marks = ", ".join(f'"{name}": $m{at}' for at, name in enumerate(metadata))
        try:
            with engine.connect() as database:
                database.execute(
                    f"COPY (SELECT {chosen} FROM read_json("
                    "$lines, format = 'newline_delimited', columns = $columns, maximum_object_size = $most"
                    f")) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{marks}}})",
                    {"lines": lines, "columns": held, "most": _LINE}
                    | {f"m{at}": value for at, value in enumerate(metadata.values())},
                )
        except engine.IOException as error:
            raise UsageError(f"parquet: {' '.join(str(error).split())}") from error
        with open(target, "rb") as whole:
            shutil.copyfileobj(whole, stream)
