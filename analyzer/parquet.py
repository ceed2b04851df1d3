"""Parquet files from plain values. DuckDB, an extra, writes them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from analyzer.errors import MissingExtra, UsageError

TIME: Final = "TIMESTAMP_NS"
"""The type of a column whose values are given as nanoseconds since 1970."""
_FURTHEST: Final = (1 << 63) - 2
"""One more is infinity to DuckDB, which no file holds: a capture of any year has times up to there."""
_FINITE: Final = (
    'CASE WHEN "{0}" > {1} THEN {1} WHEN "{0}" < -{1} THEN -{1} ELSE "{0}" END'  # least() passes over NULL
)
_GROUP: Final = "_group"
_encode: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode
_LINE: Final = 64 * 1024 * 1024
"""Bytes that one row may take as JSON: names out of a capture are long at times."""


def duckdb() -> Any:
    """The module. Raises :class:`MissingExtra` where it is not installed."""
    try:
        import duckdb as module  # noqa: PLC0415 - an extra, imported when asked for
    except ImportError as error:
        raise MissingExtra("parquet", "parquet") from error
    return module


def connect() -> Any:
    """A DuckDB connection that uses the processors that this piece of work may use."""
    from analyzer import processors  # noqa: PLC0415 - who asks for help writes nothing

    return duckdb().connect(config={"threads": processors.available()})


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
                out.write(_encode(row) + "\n")
        try:
            with connect() as database:
                _copy(database, lines, columns, target, metadata)
        except engine.IOException as error:
            raise UsageError(f"parquet: {' '.join(str(error).split())}") from error
        with open(target, "rb") as whole:
            shutil.copyfileobj(whole, stream)


class Pile:
    """Rows of several tables, piled up on disk, then Parquet files: one a table and group of its rows.

    ``tables`` maps the name of each to its columns, as for :func:`write`. A context: with it goes the pile.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        self._tables = tables
        self._folder = tempfile.TemporaryDirectory(prefix="portmatrix-")
        self._files: dict[str, IO[str]] = {}
        self._groups: dict[str, dict[str, None]] = {name: {} for name in tables}

    def __enter__(self) -> Pile:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()
        self._folder.cleanup()

    def add(self, table: str, group: str, rows: Iterable[Mapping[str, object] | str]) -> None:
        """Put ``rows`` on the pile: mappings, or some of them as text, a line of JSON each.

        Raises ``OSError`` where there is no room.
        """
        file = self._files.get(table)
        if file is None:
            path = os.path.join(self._folder.name, f"{table}.jsonl")
            file = self._files[table] = open(path, "w", encoding="ascii")  # noqa: SIM115 - closed at the end
        ending = f", {_encode(_GROUP)}: {_encode(group)}}}\n"
        for row in rows:
            self._groups[table][group] = None
            # No line break is in a line of JSON but that which ends it.
            text = row if isinstance(row, str) else f"{_encode(row)}\n"
            file.write(text.replace("}\n", ending))

    def files(self, metadata: Mapping[str, str]) -> Iterator[tuple[str, str, bytes]]:
        """Table, group and content of each Parquet file, in the order of the tables; none without rows.

        Raises :class:`UsageError` where there is no room.
        """
        engine = duckdb()
        try:
            with connect() as database:
                for name, columns in self._tables.items():
                    if self._groups[name]:
                        self._files[name].close()
                        yield from self._of(database, name, columns, {**metadata, "table": name})
        except engine.IOException as error:
            raise UsageError(f"parquet: {' '.join(str(error).split())}") from error

    def _of(
        self, database: Any, name: str, columns: Mapping[str, str], metadata: Mapping[str, str]
    ) -> Iterator[tuple[str, str, bytes]]:
        groups = list(self._groups[name])
        lines, target = (os.path.join(self._folder.name, f"{name}.{end}") for end in ("jsonl", "parquet"))
        if len(groups) == 1:
            _copy(database, lines, columns, target, metadata)
            yield name, groups[0], Path(target).read_bytes()
            return
        _copy(database, lines, {**columns, _GROUP: "VARCHAR"}, target, metadata, _GROUP)
        for group in groups:
            for part in sorted(Path(target, f"{_GROUP}={group}").iterdir()):
                yield name, group, part.read_bytes()


def _copy(
    database: Any,
    lines: str,
    columns: Mapping[str, str],
    target: str,
    metadata: Mapping[str, str],
    by: str = "",
) -> None:
    """Make JSON lines a Parquet file, or a folder of them, one a value of the column ``by``."""
    held = {name: "BIGINT" if kind == TIME else kind for name, kind in columns.items()}
    chosen = ", ".join(
        f'make_timestamp_ns({_FINITE.format(name, _FURTHEST)}) AS "{name}"' if kind == TIME else f'"{name}"'
        for name, kind in columns.items()
    )
    quoted = target.replace("'", "''")
    marks = ", ".join(f'"{name}": $m{at}' for at, name in enumerate(metadata))
    parted = f'PARTITION_BY ("{by}"), ' if by else ""
    database.execute(
        f"COPY (SELECT {chosen} FROM read_json("
        "$lines, format = 'newline_delimited', columns = $columns, maximum_object_size = $most"
        f")) TO '{quoted}' (FORMAT parquet, {parted}COMPRESSION zstd, KV_METADATA {{{marks}}})",
        {"lines": lines, "columns": held, "most": _LINE}
        | {f"m{at}": value for at, value in enumerate(metadata.values())},
    )
