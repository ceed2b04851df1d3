"""The dataset on disk: Parquet, partitioned by site and day, each file whole or not there.

A file holds what one batch of captures gave of a table for one day. Files of one batch are called the same
in every table, and ``captures`` is written last: a file that has no twin there is no result.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from analyzer import parquet
from analyzer.errors import UsageError
from analyzer.fleet import index
from analyzer.fleet.index import quoted
from analyzer.fleet.rows import UNDATED
from analyzer.fleet.tables import PARTITION, TABLES, described
from analyzer.fleet.work import File
from analyzer.urls import shown

RUNS: Final = "runs"
"""Folder of what each run did, one JSON file each, named by when it began."""
COLUMNS: Final = "columns.md"
"""What the columns mean, beside the tables."""
LAST: Final = "captures"
"""The table that is written last."""
ENDED: Final = b"ended\n"
"""What the lock file holds after a run that left nothing unfinished."""


class Results:
    """A results folder. Raises :class:`UsageError` where it cannot be made."""

    def __init__(self, folder: str) -> None:
        if "://" in folder:
            raise UsageError(f"-o {shown(folder)}: results are written to a folder of this machine")
        self.folder = Path(folder)
        self._torn = False
        """Whether tables of a batch were written in part."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"-o {folder}: {error.strerror or error}") from error

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out, and take away what a run that did not end left unfinished.

        The lock ends with the process. Raises :class:`UsageError` where another run writes here, and where
        nothing can be written.
        """
        try:
            file = open(self._lock, "a+b")  # noqa: SIM115 - closed below
        except OSError as error:
            raise UsageError(f"-o {self.folder}: {error.strerror or error}") from error
        with file:
            if not _locked(file.fileno()):
                raise UsageError(f"-o {self.folder}: another run is writing there")
            file.seek(0)
            if file.read() != ENDED:
                self._sweep()
            self._torn = False
            file.truncate(0)
            file.flush()
            yield
            if not self._torn:
                with contextlib.suppress(OSError):  # the next run sweeps in vain
                    file.write(ENDED)
                    file.flush()

    @property
    def _lock(self) -> Path:
        return self.folder / ".lock"

    def _ended(self) -> bool:
        """Whether the last run left nothing unfinished, and none is under way: every file is whole then."""
        try:
            return self._lock.read_bytes() == ENDED
        except OSError:
            return False

    def _sweep(self) -> None:
        """Remove parts of files, and files of captures whose line in ``captures`` was not written."""
        for name in (".", RUNS, *(f"{table}/site=*/day=*" for table in TABLES)):
            for path in self.folder.glob(f"{name}/.*.part"):
                path.unlink(missing_ok=True)
        finished = {_batch(path) for path in self._files(LAST)}
        for name in TABLES:
            for path in self._files(name):
                if _batch(path) not in finished:
                    path.unlink(missing_ok=True)

    def _files(self, table: str) -> Iterator[Path]:
        return self.folder.glob(f"{table}/site=*/day=*/*.parquet")

    def known(self) -> set[str]:
        """Keys of the captures that are there whole."""
        return set(self.sources())

    def sources(self) -> dict[str, str]:
        """Key of each capture that is there → its path or URL."""
        with parquet.connect() as database:
            index.read(database, self.folder, LAST)
            return dict(database.execute(f"SELECT capture, source FROM ({index.rows(LAST)})").fetchall())

    def add(self, site: str, keys: Iterable[str], files: Iterable[File]) -> None:
        """Write the tables of some captures. Raises ``OSError`` where there is no room or no right."""
        batch = hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:24]
        written = Counter[tuple[str, str]]()
        torn, self._torn = self._torn, True
        for file in files:
            place = self.folder / file.table / f"site={site}" / f"day={file.day}"
            place.mkdir(parents=True, exist_ok=True)
            more = written[file.table, file.day]
            written[file.table, file.day] += 1
            whole(place / (f"{batch}-{more}.parquet" if more else f"{batch}.parquet"), file.data)
        self._torn = torn

    def complete(self) -> None:
        """Give every table a file, if an empty one, and say what the columns mean.

        Other programs find all tables then, with their columns. Raises ``OSError`` where there is no room.
        """
        twin = next(self._files(LAST), None)
        for name in TABLES:
            if twin is not None and next(self._files(name), None) is None:
                path = self.folder / name / twin.relative_to(self.folder / LAST)
                path.parent.mkdir(parents=True, exist_ok=True)
                self._select(path, f"SELECT {_nothing(name)} WHERE false")
        self.write(COLUMNS, "\n".join(described()) + "\n")

    def forget(self, keys: set[str]) -> None:
        """Remove captures, their lines in ``captures`` first: what is left of one is no result any more.

        Raises ``OSError`` where there is no room for the files without them.
        """
        if not keys:
            return
        with parquet.connect() as database:
            index.read(database, self.folder, LAST)
            held = database.execute(
                "SELECT site, day, name, list_transform(rows, lambda row: row.capture) FROM held_captures"
            ).fetchall()
        gone = ", ".join(map(quoted, sorted(keys)))
        torn, self._torn = self._torn, True
        for site, day, name, there in held:
            if keys.isdisjoint(there or ()):
                continue
            place, batch = Path(f"site={site}", f"day={day}"), Path(name).stem.partition("-")[0]
            for table in reversed(TABLES):
                for path in sorted((self.folder / table / place).glob(f"{batch}*.parquet")):
                    if set(there) <= keys:
                        path.unlink(missing_ok=True)
                    else:
                        source = f"read_parquet({quoted(path)}, hive_partitioning = false)"
                        self._select(path, f"SELECT * FROM {source} WHERE capture NOT IN ({gone})")
        self._torn = torn

    def _select(self, path: Path, query: str, database: Any = None) -> None:
        """Make the answer to ``query`` the file ``path``."""
        with contextlib.ExitStack() as stack:
            made = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="portmatrix-")), "answer.parquet"
            )
            try:
                (database or stack.enter_context(parquet.connect())).execute(
                    f"COPY ({query}) TO {quoted(made)} (FORMAT parquet, COMPRESSION zstd)"
                )
            except parquet.duckdb().IOException as error:
                raise OSError(" ".join(str(error).split())) from error
            whole(path, made.read_bytes())

    @contextlib.contextmanager
    def database(self, tables: Collection[str] = tuple(TABLES), *, alike: bool = False) -> Iterator[Any]:
        """A DuckDB connection with each of ``tables`` as a view, without captures that are not there whole.

        ``alike`` takes it that all files of a table have the columns of the first: only those are opened then
        that a query asks for by site and day. DuckDB raises an error where that is not so.
        """
        with parquet.connect() as database:
            # What is known of a file is asked for by every query, and no file changes.
            database.execute("SET parquet_metadata_cache = true")
            ended = self._ended()
            if not ended and set(tables) != {LAST}:
                source = self._source(LAST, alike=alike)
                database.execute(f"CREATE TEMP TABLE _whole AS SELECT capture FROM ({source})")
            for name in tables:
                source = self._source(name, alike=alike)
                if name != LAST and not ended:
                    source = f"SELECT * FROM ({source}) WHERE capture IN (FROM _whole)"
                database.execute(f"CREATE VIEW {name} AS {source}")
            yield database

    def _source(self, name: str, *, alike: bool) -> str:
        if next(self._files(name), None) is None:
            nothing = f"{_nothing(name)}, NULL::VARCHAR AS site, NULL::VARCHAR AS day"
            return f"SELECT {nothing} WHERE false"
        files = self.folder / name / "site=*" / "day=*" / "*.parquet"
        columns = ", ".join(f'"{column.name}"' for column in (*TABLES[name], *PARTITION)) if alike else "*"
        return (
            f"SELECT {columns} FROM read_parquet({quoted(files)}, hive_partitioning = true,"
            f" hive_types_autocast = false, union_by_name = {not alike})"
        )

    @contextlib.contextmanager
    def overview(self) -> Iterator[Any]:
        """A DuckDB connection with what a summary needs, as tables. Files that were there for the last one
        are not opened.

        ``held`` has capture, source, problems, damaged, site and day of each capture that is there whole,
        ``found`` capture, id, severity, cause, title, site and day of the findings of each site's latest day.
        """
        with parquet.connect() as database:
            index.read(database, self.folder, LAST)
            database.execute(f"CREATE TEMP TABLE held AS {index.rows(LAST)}")
            database.execute(
                "CREATE TEMP TABLE latest AS SELECT site,"
                " coalesce(max(nullif(day, $undated)), $undated) AS day FROM held GROUP BY site",
                {"undated": UNDATED},
            )
            index.read(database, self.folder, "findings", "(site, day) IN (FROM latest)")
            database.execute(
                f"CREATE TEMP TABLE found AS FROM ({index.rows('findings')})"
                " WHERE capture IN (SELECT capture FROM held)"
            )
            for table in index.COLUMNS:
                with contextlib.suppress(OSError):  # the next run opens more files
                    self._select(index.path(self.folder, table), f"FROM held_{table}", database)
            yield database

    def runs(self) -> list[Mapping[str, Any]]:
        """What earlier runs did, the oldest first. A file that is no such thing is passed over."""
        found: list[Mapping[str, Any]] = []
        for path in sorted((self.folder / RUNS).glob("*.json")):
            with contextlib.suppress(OSError, ValueError):
                entry = json.loads(path.read_text("utf-8"))
                if isinstance(entry, dict):
                    found.append(entry)
        return found

    def note(self, began: str, entry: Mapping[str, Any]) -> None:
        """Keep what this run did."""
        self.write(f"{RUNS}/{began.replace(':', '')}.json", json.dumps(entry, indent=1) + "\n")

    def write(self, name: str, text: str) -> None:
        """A text file of the results, whole or not at all. Raises ``OSError`` as :func:`whole` does."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        whole(path, text.encode("utf-8", "backslashreplace"))


def whole(path: Path, data: bytes) -> None:
    """Make ``data`` the file ``path`` in one step. Raises ``OSError``, and leaves nothing behind then."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:60]}.", suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _batch(path: Path) -> tuple[str, str, str]:
    """What files of one batch have in common: site, day, and their name but for a number."""
    return path.parts[-3], path.parts[-2], path.stem.partition("-")[0]


def _nothing(table: str) -> str:
    return ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in TABLES[table])


def _locked(file: int) -> bool:
    """Lock an open file until the process ends; False where another process has it."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        import msvcrt  # noqa: PLC0415 - only on Windows

        lock: Any = msvcrt
        try:
            lock.locking(file, lock.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: two runs at once are then the user's own affair.
        return True
    return True
