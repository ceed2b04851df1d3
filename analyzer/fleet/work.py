"""What workers do: captures in, Parquet out. Runs on any machine, on one processor.

Small captures come in batches, whose tables are written as one. A large capture comes in pieces, which may
be read by many workers; what they found is merged and judged by one.
"""

from __future__ import annotations

import functools
import os
import pickle
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from analyzer import decode, parallel, parts, pipeline, processors
from analyzer.capture import remote, segments
from analyzer.capture.capture import Capture
from analyzer.capture.find import find
from analyzer.capture.segments import Segment
from analyzer.errors import PortmatrixError, UsageError
from analyzer.fleet.plan import Job
from analyzer.fleet.rows import UNDATED, day_of, rows_of
from analyzer.fleet.tables import TYPED
from analyzer.model import Problem, Report, Ruleset, Site
from analyzer.parquet import Pile
from analyzer.pipeline.assembly import Assembly, pick_for_check
from analyzer.version import VERSION

EXPECTED: Final = 4
"""Sites whose sheets and hosts a worker keeps: a batch is of one site, and sites come one after the other."""


class Product(NamedTuple):
    """What came of one capture: the rows of its tables, to be read once. ``error`` is one line."""

    key: str
    day: str
    tables: Mapping[str, Iterable[Mapping[str, Any] | str]]
    packets: int = 0
    bytes: int = 0
    error: str = ""
    foreign: bool = False
    """The file is no capture at all."""


class Done(NamedTuple):
    """What became of one capture of a batch; its rows are in the batch's files unless there is an error."""

    key: str
    error: str = ""
    foreign: bool = False


class File(NamedTuple):
    """A Parquet file of the results."""

    table: str
    day: str
    data: bytes


class Yield(NamedTuple):
    """What a batch gave: files, in the order of ``TABLES``, and what became of each capture."""

    files: tuple[File, ...]
    done: tuple[Done, ...]


class Piece(NamedTuple):
    """What was read of one piece of a capture in format ``form``, by the decoder ``engine``.

    ``whole``: it holds no damage and ends where the next one begins. ``data`` is a packed part, empty where
    no record begins in the piece; ``segment`` is what :func:`rest` goes on from.
    """

    form: str
    state: str
    """Of the file, so that no two files are put together: another than of any other piece if it has changed
    while this one was read.
    """
    engine: str
    packets: int
    whole: bool
    data: bytes
    segment: bytes
    problems: tuple[Problem, ...]


def analyse(job: Job) -> Product:
    """The product of ``job``. A capture that cannot be analysed is a product with an error, not an exception.

    Raises ``OSError`` where this machine, not the capture, is at fault.
    """
    try:
        remotely = "://" in job.path
        before = _state(job.where) if remotely else ""
        known = expected(job)
        options = pipeline.Options((job.where,), strict=job.strict)
        report = pipeline.check(options, known=known)
        changed = remotely and _state(job.where) != before
    except PortmatrixError as error:
        foreign = type(error).__name__ == "Unrecognised"
        return Product(job.key, UNDATED, {}, error=" ".join(str(error).split()), foreign=foreign)
    if changed:
        return Product(job.key, UNDATED, {}, error=f"{job.path}: changed while it was read")
    return product(job, report)


def _state(path: str) -> str:
    """What tells whether a file is still the same. Raises ``OSError`` and :class:`PortmatrixError`."""
    if "://" in path:
        return remote.state(path).state
    found = os.stat(path)
    return f"{found.st_size} {found.st_mtime_ns}"


def _broken(report: Report) -> str:
    """Why reading ended early, where the file itself may well be whole: a connection that was lost."""
    problems = [problem for info in report.captures for problem in info.problems]
    return next((problem.detail for problem in problems if problem.code == "read-error"), "")


def product(job: Job, report: Report) -> Product:
    """The tables of ``report``; an error where the source failed while it was read."""
    broken = _broken(report)
    if broken:
        return Product(job.key, UNDATED, {}, error=f"{job.path}: {broken}")
    return Product(
        job.key,
        day_of(report),
        rows_of(report, job.key, job.path),
        sum(info.packets for info in report.captures),
        sum(info.bytes for info in report.captures),
    )


def batch(work: Callable[[Job], Product], jobs: Sequence[Job]) -> Yield:
    """The tables of ``jobs``, all of one site. Raises what ``work`` raises, and as :class:`Pile` does."""
    with processors.limited(1):
        return _written(map(work, jobs))


def _written(products: Iterable[Product]) -> Yield:
    done = []
    with Pile(TYPED) as pile:
        for made in products:
            done.append(Done(made.key, made.error, made.foreign))
            if not made.error:
                for name, rows in made.tables.items():
                    pile.add(name, made.day, rows)
        files = tuple(File(*one) for one in pile.files({"portmatrix": VERSION}))
    return Yield(files, tuple(done))


def piece(job: Job, number: int, count: int) -> Piece | None:
    """Piece ``number``, from 0, of ``count`` of a capture; None where it cannot be cut, or is none.

    Raises ``OSError`` where it cannot be read.
    """
    with _reading(job):
        try:
            (capture,) = find([job.where], hash=False)
        except PortmatrixError:
            return None
        state = _state(job.where)
        segment = segments.piece(capture, number, count)
        return None if segment is None else _read(job, segment, capture, state)


def rest(job: Job, before: Piece, frames: int) -> Piece:
    """What follows the piece ``before``, the last one without damage; ``frames`` lie in front of it."""
    with _reading(job):
        (capture,) = find([job.where], hash=False)
        last: Segment = pickle.loads(before.segment)
        state = _state(job.where)
        return _read(job, last.rest(capture.size or 0, frames), capture, state)


def digest(job: Job) -> tuple[str, str]:
    """The SHA-256 of a local file, and its state. Raises ``OSError``."""
    with processors.limited(1):
        state = _state(job.path)
        return parallel.hashed(job.path), state


def merged(
    job: Job, form: str, engine: str, given: Sequence[bytes | str], sha256: str, problems: Sequence[Problem]
) -> Yield:
    """The tables of a capture that was read in pieces; ``given`` are packed parts in order, or their files.

    Raises as :func:`batch` does.
    """
    with processors.limited(1):
        try:
            assembly = Assembly(*expected(job), engine, strict=job.strict)
        except PortmatrixError as error:
            return Yield((), (Done(job.key, " ".join(str(error).split())),))
        assembly.add(job.path, form, map(_unpacked, given), sha256, problems)
        return _written([product(job, assembly.report())])


def _unpacked(given: bytes | str) -> parts.Part:
    if isinstance(given, bytes):
        return parts.unpacked(given)
    with open(given, "rb") as file:
        return parts.unpacked(file.read())


@contextmanager
def _reading(job: Job) -> Iterator[None]:
    try:
        with processors.limited(1):
            yield
    except remote.Lost as error:
        raise OSError(f"{job.path}: cannot be read: {error}") from None


def _read(job: Job, segment: Segment, capture: Capture, state: str) -> Piece:
    """The piece ``segment`` of a file that was in ``state`` before."""
    engine = decode.name("auto")
    data = b""
    if segment.start < segment.stop:
        part = parts.read(segment, segment.batches(capture.open), engine, pick_for_check())
        data = parts.packed(part)
    after = _state(job.where)
    return Piece(
        capture.format,
        state if after == state else f"{state} {after}",
        engine,
        segment.packets,
        segment.whole,
        data,
        pickle.dumps(segment, pickle.HIGHEST_PROTOCOL),
        segment.reader.problems.listed(),
    )


@functools.lru_cache(EXPECTED)
def _expected(
    site: str, site_text: str | None, rules: tuple[tuple[str, str], ...], activities: tuple[str, ...]
) -> tuple[tuple[Ruleset, ...], Site]:
    with tempfile.TemporaryDirectory(prefix="portmatrix-") as folder:
        place = None
        if site_text is not None:
            place = os.path.join(folder, f"{site}.yaml")
            _save(place, site_text)
        sheets = []
        for at, (name, text) in enumerate(rules):
            # A folder each: two rulesets may be called the same.
            os.mkdir(os.path.join(folder, str(at)))
            sheets.append(os.path.join(folder, str(at), name))
            _save(sheets[-1], text)
        options = pipeline.Options((), site=place, rules=tuple(sheets), activities=activities)
        try:
            return pipeline.expected(options)
        except PortmatrixError as error:
            raise UsageError(re.sub(re.escape(folder + os.sep) + r"(\d+[/\\])?", "", str(error))) from error


def expected(job: Job) -> tuple[tuple[Ruleset, ...], Site]:
    """The sheets and the site of ``job``. Raises :class:`PortmatrixError` where they have mistakes."""
    return _expected(job.site, job.site_text, job.rules, job.activities)


def _save(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
