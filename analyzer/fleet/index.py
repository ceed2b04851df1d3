"""What the files of a table hold, remembered: a run opens those that are new, and only lists the others.

A results folder of many sites has millions of small files, and opening one costs DuckDB ten times as much as
listing it. An index is a Parquet file with a line for each file of a table: its size, when it was written,
and the columns of its rows that the summary needs. A file that is not as its line says is read again, one
that is gone is forgotten: an index may be removed, be old or be damaged, that costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import csv
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from analyzer import parquet
from analyzer.fleet.tables import TYPED

COLUMNS: Final = {
    "captures": ("capture", "source", "judged", "problems", "damaged"),
    "findings": ("capture", "id", "severity", "cause", "title"),
}
"""The tables that have an index, and what it holds of them."""
_NOW: Final = {
    **dict.fromkeys(("site", "day", "name"), "VARCHAR"),
    **dict.fromkeys(("size", "changed"), "BIGINT"),
}
_SAME: Final = f"({', '.join(_NOW)})"


def read(database: Any, folder: Path, table: str, among: str = "true") -> None:
    """Make ``held_TABLE`` in ``database``: site, day, name, size, changed and rows of each file of ``table``.

    ``folder`` is that of the results. ``among`` is SQL for the files that matter, of site and day; the others
    are left out.
    """
    held = f"held_{table}"
    with tempfile.TemporaryDirectory(prefix="portmatrix-") as scratch:
        listed = os.path.join(scratch, "listed.csv")
        with open(listed, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            csv.writer(file).writerows(_files(folder / table))
        source = (
            "read_csv($listed, columns = $columns, auto_detect = false, header = false, delim = ',',"
            " quote = '\"', escape = '\"')"
        )
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE now AS FROM {source} WHERE {among}",
            {"listed": listed, "columns": _NOW},
        )
    columns = ", ".join(f"{name} {kind}" for name, kind in _NOW.items())
    database.execute(f"CREATE TEMP TABLE {held} ({columns}, rows {_type(table)})")
    with contextlib.suppress(parquet.duckdb().Error):  # none yet, or none that can be read
        source = f"read_parquet({quoted(path(folder, table))})"
        database.execute(f"INSERT INTO {held} BY NAME FROM {source} SEMI JOIN now USING {_SAME}")
    begin = quoted(folder / table)
    place = f"{begin} || '{os.sep}site=' || site || '{os.sep}day=' || day || '{os.sep}' || name"
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT *, {place} AS path FROM now"
        f" ANTI JOIN {held} USING {_SAME}"
    )
    fresh = [name for (name,) in database.execute("SELECT path FROM fresh").fetchall()]
    if fresh:
        struct = ", ".join(f"{name} := {name}" for name in COLUMNS[table])
        source = (
            "read_parquet($fresh, filename = true, union_by_name = true, hive_partitioning = true,"
            " hive_types_autocast = false)"
        )
        # A file of another version may lack a column.
        nothing = ", ".join(f"NULL::{TYPED[table][name]} AS {name}" for name in COLUMNS[table])
        found = (
            "SELECT site, day, parse_filename(filename, false, 'both_slash') AS name,"
            f" list(struct_pack({struct})) AS rows"
            f" FROM (FROM {source} UNION ALL BY NAME SELECT {nothing} WHERE false) GROUP BY ALL"
        )
        database.execute(
            f"INSERT INTO {held} BY NAME SELECT {', '.join(_NOW)}, rows FROM fresh"
            f" LEFT JOIN ({found}) USING (site, day, name)",
            {"fresh": fresh},
        )


def _files(folder: Path) -> Iterator[tuple[str, str, str, int, int]]:
    """Site, day, name, bytes and moment of writing (ns) of each file of a table."""
    for site in _entries(folder, "site="):
        for day in _entries(site.path, "day="):
            for file in _entries(day.path, ""):
                if file.name.endswith(".parquet") and not file.name.startswith("."):
                    about = file.stat()
                    yield site.name[5:], day.name[4:], file.name, about.st_size, about.st_mtime_ns


def _entries(folder: str | Path, begin: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if entry.name.startswith(begin)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def path(folder: Path, table: str) -> Path:
    """Where the index of ``table`` is, among the results in ``folder``."""
    return folder / f".{table}.index"


def rows(table: str) -> str:
    """SQL for the rows that :func:`read` found, with the site and day of each."""
    names = ", ".join(f"row.{name}" for name in COLUMNS[table])
    return f"SELECT {names}, site, day FROM (SELECT unnest(rows) AS row, site, day FROM held_{table})"


def quoted(text: object) -> str:
    """``text`` as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def _type(table: str) -> str:
    return f"STRUCT({', '.join(f'{name} {TYPED[table][name]}' for name in COLUMNS[table])})[]"
