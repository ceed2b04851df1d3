"""The dataset on disk: Parquet, partitioned by site and day, each file whole or not there."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from analyzer import parquet
from analyzer.errors import UsageError
from analyzer.fleet.plan import Job
from analyzer.fleet.tables import TABLES
from analyzer.fleet.work import Product

RUNS: Final = "runs"
"""Folder of what each run did, one JSON file each, named by when it began."""


class Results:
    """A results folder. Raises :class:`UsageError` where it cannot be made."""

    def __init__(self, folder: str) -> None:
        if "://" in folder:
            raise UsageError(f"-o {folder}: results are written to a folder of this machine")
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"-o {folder}: {error.strerror or error}") from error

    def known(self) -> set[str]:
        """Keys of the captures that are there whole."""
        return {path.stem for path in self.folder.glob("captures/site=*/day=*/*.parquet")}

    def add(self, job: Job, product: Product) -> None:
        """Write the tables of one capture. Raises ``OSError`` where there is no room or no right."""
        for name in TABLES:
            place = self.folder / name / f"site={job.site}" / f"day={product.day}"
            place.mkdir(parents=True, exist_ok=True)
            whole(place / f"{product.key}.parquet", product.tables[name])

    def forget(self, keys: set[str]) -> None:
        """Remove captures, their line in ``captures`` first: what is left of one is no result any more."""
        for name in reversed(TABLES):
            for path in self.folder.glob(f"{name}/site=*/day=*/*.parquet"):
                if path.stem in keys:
                    path.unlink(missing_ok=True)

    def sources(self) -> dict[str, str]:
        """Key of each capture that is there → its path or URL."""
        with self.database() as database:
            return dict(database.execute("SELECT DISTINCT capture, source FROM captures").fetchall())

    @contextlib.contextmanager
    def database(self) -> Iterator[Any]:
        """A DuckDB connection in which each table is a view."""
        with parquet.duckdb().connect() as database:
            for name, columns in TABLES.items():
                files = str(self.folder / name / "site=*" / "day=*" / "*.parquet").replace("'", "''")
                if any(self.folder.glob(f"{name}/site=*/day=*/*.parquet")):
                    source = (
                        f"SELECT * FROM read_parquet('{files}', hive_partitioning = true,"
                        " hive_types_autocast = false, union_by_name = true)"
                    )
                else:
                    nothing = [f'NULL::{column.type} AS "{column.name}"' for column in columns]
                    nothing += ["NULL::VARCHAR AS site", "NULL::VARCHAR AS day"]
                    source = f"SELECT {', '.join(nothing)} WHERE false"
                database.execute(f"CREATE VIEW {name} AS {source}")
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
        """A text file of the results, whole or not at all."""
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
