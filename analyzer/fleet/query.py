"""SQL on the results, and the answer as text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from analyzer import parquet
from analyzer.errors import UsageError
from analyzer.fleet.results import Results
from analyzer.fleet.tables import TABLES
from analyzer.report.layout import table
from analyzer.report.neutral import cell, visible

CELL: Final = 120
"""Characters of a value in a text table; csv and json have all of it."""


def ask(folder: str, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of the answer. Raises :class:`UsageError` for a folder or SQL that is none."""
    if not os.path.isdir(folder):
        raise UsageError(f"--results {folder}: is no directory; portmatrix fleet makes it (-o)")
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise UsageError("SQL: is not UTF-8") from error
    engine = parquet.duckdb()
    named = [name for name in TABLES if re.search(rf"\b{name}\b", sql, re.IGNORECASE)]
    # SQL that names none may still ask which there are.
    results = Results(folder)
    try:
        # Files that other versions wrote may lack columns.
        try:
            return _answer(results, named or tuple(TABLES), sql, alike=True)
        except engine.Error:
            return _answer(results, named or tuple(TABLES), sql, alike=False)
    except engine.Error as error:
        raise UsageError(f"SQL: {' '.join(str(error).split())}") from error


def _answer(
    results: Results, tables: Sequence[str], sql: str, *, alike: bool
) -> tuple[list[str], list[tuple[Any, ...]]]:
    with results.database(tables, alike=alike) as database:
        answer = database.execute(sql)
        if answer is None:  # nothing but white space and comments
            raise UsageError("SQL: holds no statement")
        return [entry[0] for entry in answer.description or ()], answer.fetchall()


def written(names: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> Iterator[str]:
    """The answer as lines in ``form`` (text, csv, json: an object a line), strangers' bytes made harmless."""
    if form == "json":
        for row in rows:
            yield json.dumps(dict(zip(names, row, strict=True)), default=str)
    elif form == "csv":
        for values in (names, *rows):
            stream = io.StringIO()
            line = ["" if value is None else cell(str(value)) for value in values]
            csv.writer(stream, lineterminator="").writerow(line)
            yield stream.getvalue()
    else:
        shown = [["" if value is None else visible(str(value), CELL) for value in row] for row in rows]
        yield from table([list(names), *shown], 10_000, indent="")
