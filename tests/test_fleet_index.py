"""What is remembered of files: the same as reading them all, whatever became of them and of the index."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import parquet
from analyzer.fleet import index
from analyzer.fleet.results import Results
from analyzer.fleet.tables import TABLES

SITES, DAYS = ("a", "b.c"), ("2026-11-20", "2026-11-21", "undated")


def put(folder: Path, table: str, site: str, day: str, name: str, captures: tuple[str, ...]) -> Path:
    """A file of ``table`` with a line for each of ``captures``."""
    path = folder / table / f"site={site}" / f"day={day}" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in TABLES[table])
    rows = ", ".join(f"('{capture}')" for capture in captures)
    told = {
        "captures": "'of ' || key AS source",
        "findings": "'violation' AS severity, 'of ' || key AS title",
    }
    query = (
        f"SELECT * REPLACE (key AS capture, {told[table]}) FROM (SELECT {columns}), (VALUES {rows}) AS t(key)"
    )
    answer = f"SELECT * EXCLUDE key FROM ({query})" if captures else f"SELECT {columns} WHERE false"
    duckdb.sql(f"COPY ({answer}) TO {index.quoted(path)} (FORMAT parquet)")
    return path


def whole(folder: Path) -> tuple[list[object], list[object]]:
    """What an overview has to say: read by another query, without an index."""
    with Results(str(folder)).database() as database:
        captures = "SELECT capture, source, problems, damaged, site, day FROM captures"
        held = database.execute(captures).fetchall()
        latest: dict[str, str] = {}
        for *_, site, day in held:
            dated = "" if day == "undated" else day
            latest[site] = max(latest.get(site, ""), dated)
        findings = database.execute(
            "SELECT capture, id, severity, cause, title, site, day FROM findings"
        ).fetchall()
    return sorted(held), sorted(row for row in findings if row[6] == (latest.get(row[5], "") or "undated"))


def seen(folder: Path) -> tuple[list[object], list[object]]:
    with Results(str(folder)).overview() as database:
        return tuple(  # type: ignore[return-value]
            sorted(database.execute(f"SELECT {columns} FROM {name}").fetchall())
            for name, columns in (
                ("held", "capture, source, problems, damaged, site, day"),
                ("found", "capture, id, severity, cause, title, site, day"),
            )
        )


def opened(folder: Path, table: str) -> int:
    """How many files an index would have to open now."""
    with parquet.connect() as database:
        index.read(database, folder, table)
        ((count,),) = database.execute("SELECT count(*) FROM fresh").fetchall()
        return int(count)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "rewrite", "remove", "look", "spoil", "lose"]),
        st.sampled_from(SITES),
        st.sampled_from(DAYS),
        st.integers(0, 2),
    ),
    max_size=8,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STEPS)
def test_with_an_index_it_is_as_if_every_file_had_been_read(tmp_path, steps):
    folder = tmp_path / "it's, results"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for what, site, day, number in [*steps, ("look", "a", DAYS[0], 0)]:
        key = f"{site}{day}{number}"
        path = folder / "captures" / f"site={site}" / f"day={day}" / f"{number}.parquet"
        if what == "add":
            for table in ("findings", "captures"):
                put(folder, table, site, day, str(number), (key, f"{key}x"))
        elif what == "rewrite" and path.exists():
            put(folder, "captures", site, day, str(number), (f"{key}x",))
        elif what == "remove":
            path.unlink(missing_ok=True)
        elif what == "spoil" and (folder / ".captures.index").exists():
            (folder / ".captures.index").write_bytes(b"PAR1 and no more PAR1")
        elif what == "lose":
            (folder / ".findings.index").unlink(missing_ok=True)
        elif what == "look":
            assert seen(folder) == whole(folder)
            assert set(Results(str(folder)).known()) == {row[0] for row in whole(folder)[0]}


def test_what_has_not_changed_is_not_opened(tmp_path):
    for number in range(3):
        path = put(tmp_path, "captures", "a", DAYS[0], str(number), (str(number),))
    put(tmp_path, "captures", "a", DAYS[1], "none", ())
    assert opened(tmp_path, "captures") == 4
    before = seen(tmp_path)
    assert opened(tmp_path, "captures") == 0
    for other in tmp_path.glob("captures/*/*/*.parquet"):
        state = other.stat()
        other.write_bytes(b"x" * state.st_size)
        os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert seen(tmp_path) == before, "not one of them was read"
    os.utime(path, ns=(0, 0))
    with pytest.raises(duckdb.InvalidInputException, match=r"2\.parquet"):
        seen(tmp_path)


def test_an_index_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    def full(*_given):
        raise OSError(28, "No space left on device")

    put(tmp_path, "captures", "a", DAYS[0], "0", ("0",))
    monkeypatch.setattr("analyzer.fleet.results.whole", full)
    assert [row[0] for row in seen(tmp_path)[0]] == ["0"]
    assert not list(tmp_path.glob(".*.index"))


@pytest.mark.parametrize("table", sorted(index.COLUMNS))
def test_a_folder_without_files_is_empty(tmp_path, table):
    with parquet.connect() as database:
        index.read(database, tmp_path, table)
        assert database.execute(index.rows(table)).fetchall() == []
