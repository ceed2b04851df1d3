"""``portmatrix fleet``: many captures of many sites; ``fleet query``: SQL on what came of them."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from typing import Any, Final

import click

from analyzer.cli import options, output, progress
from analyzer.cli.output import say

RESULTS: Final = "results"


def _bytes(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    from analyzer.fleet.sizes import HINT, bytes_of  # noqa: PLC0415 - --help must not load the stages

    try:
        return None if value is None else bytes_of(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}: {HINT}") from error


class _Fleet(click.Group):
    """A group whose first argument is a source, unless it names a command of the group."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the group, with what is left of ``args``."""
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "run", self.commands["run"], args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Only help is the group's own: every option belongs to its commands."""
        if not args or (args[0] not in self.commands and not {"-h", "--help"} & set(args)):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Fleet, context_settings={"ignore_unknown_options": True})
def fleet() -> None:
    """Many captures of many sites: each analysed, all summed up.

    portmatrix fleet SOURCE... --sites DIR -o results/ analyses what is new and leaves a Parquet dataset and
    a summary; portmatrix fleet query "SQL" asks it, fleet columns says what its columns mean.
    See fleet run --help.
    """


@fleet.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--sites", metavar="DIR", help="Site files, NAME.yaml each, and fleet.yaml.")
@options.rules
@options.judgement
@click.option(
    "-o", "--output", "target", metavar="DIR", default=RESULTS, show_default=True, help="The results."
)
@click.option("--jobs", type=click.IntRange(1), help="Worker processes; default: one a processor.")
@click.option("--scheduler", metavar="ADDRESS", help="Workers of a Dask cluster, tcp://HOST:PORT.")
@click.option(
    "--split",
    callback=_bytes,
    metavar="SIZE",
    help="Read larger captures in pieces; default: as fleet.yaml says, else of 256 MiB where one is more"
    " than a worker's share.",
)
@options.talk("The summary's first two lines only, no progress.", "Say where the results are.")
def run(
    *,
    sources: tuple[str, ...],
    sites: str | None,
    rules: tuple[str, ...],
    activities: tuple[str, ...],
    strict: bool,
    target: str,
    jobs: int | None,
    scheduler: str | None,
    split: int | None,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """Analyse captures that are new or have changed, and sum up.

    SOURCE is a capture, a directory (searched to the bottom), a glob, or a URL or glob that fsspec opens.
    A capture belongs to the site whose file is named like a folder of its path or like the beginning of its
    name.

    Exit codes: 0 no violation, 1 at least one, 2 a capture could not be analysed.
    """
    from analyzer import fleet as stages  # noqa: PLC0415 - --help must not load the stages
    from analyzer.fleet.run import dask, local  # noqa: PLC0415
    from analyzer.fleet.summary import page  # noqa: PLC0415
    from analyzer.parquet import duckdb  # noqa: PLC0415

    duckdb()
    start = dask(scheduler) if scheduler is not None else local
    began = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    planned = stages.plan(sources, sites, rules, activities, strict=strict)
    results = stages.Results(target)
    with results.held():
        known = results.sources()
        todo = [job for job in planned.jobs if job.key not in known]
        with progress.counted(bool(quiet) or no_progress, todo) as watch:
            account = stages.run(todo, results, start, jobs or 0, watch, split=split or planned.split)
        trouble: list[str] = []
        with _told_of(trouble):
            results.forget(_stale(known, planned, {job.key for job in account.done}))
            results.complete()
        summary, findings = stages.summarise(results, planned, account, len(planned.jobs) - len(todo))
        lines = page(summary)
        with _told_of(trouble):
            results.write("summary.txt", "\n".join(lines) + "\n")
            results.note(
                began,
                {
                    "schema": "portmatrix.fleet/1",
                    "began": began,
                    "done": [job.key for job in account.done],
                    "failed": [{"source": path, "reason": reason} for path, reason in summary.failed],
                    "findings": findings,
                },
            )
    output.lines(lines[:2] if quiet else lines)
    for reason in dict.fromkeys(trouble):
        say(f"-o {target}: {reason}")
    if verbose:
        say(f"{target}: {len(results.known())} captures; ask with portmatrix fleet query")
    return 2 if summary.failed or trouble else 0 if summary.compliant else 1


@contextlib.contextmanager
def _told_of(trouble: list[str]) -> Iterator[None]:
    """A disk that is full costs what it has no room for, not the page that says so."""
    try:
        yield
    except OSError as error:
        trouble.append(error.strerror or str(error))


def _stale(known: dict[str, str], planned: Any, done: set[str]) -> set[str]:
    """Captures of the results that were analysed anew, since the file, its site or the sheets changed."""
    from analyzer.report.neutral import unicode  # noqa: PLC0415
    from analyzer.urls import shown  # noqa: PLC0415

    current = {unicode(job.path): job.key for job in planned.jobs if job.key in known or job.key in done}
    # Results may be older than the rule that a URL is kept without its credentials.
    return {key for key, path in known.items() if current.get(shown(path), key) != key}


@fleet.command()
@click.argument("sql")
@click.option("--results", "folder", metavar="DIR", default=RESULTS, show_default=True, help="The results.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="How the answer is written.",
)
def query(*, sql: str, folder: str, format_name: str) -> int:
    """Ask the results in SQL (DuckDB).

    Tables: flows, rows, findings, transfers, captures; each has site and day.
    """
    from analyzer.fleet.query import ask, written  # noqa: PLC0415 - --help must not load the stages

    names, rows = ask(folder, sql)
    output.lines(written(names, rows, format_name))
    return 0


@fleet.command()
def columns() -> int:
    """What the columns of the results mean."""
    from analyzer.fleet.tables import described  # noqa: PLC0415 - --help must not load the stages

    output.lines(described())
    return 0


COMMAND = fleet
