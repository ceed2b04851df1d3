"""``portmatrix firmware``: transfers and update attempts: what failed, where, why."""

from __future__ import annotations

from dataclasses import replace

import click

from analyzer.cli import options
from analyzer.cli.job import Job, taken
from analyzer.errors import UsageError
from analyzer.report.layout import plural


@click.command()
@click.argument("captures", metavar="CAPTURE...", nargs=-1, callback=options.files)
@click.option(
    "--pair",
    nargs=2,
    metavar="NODE GATEWAY",
    help="Two captures of one path, the node's side and the gateway's: says where packets died.",
)
@options.site
@options.output("firmware")
@options.pseudonyms
@options.engine
@options.talk("Verdict and what to do only, no progress.", "Every transfer and every attempt.")
@taken("firmware")
def firmware(job: Job, *, pair: tuple[str, str] | None) -> int:
    """Transfers and update attempts: what failed, where, why.

    Exit codes: 0 no transfer failed, 1 at least one failed, 2 could not do the job.
    """
    if (pair is None) is (not job.captures):
        raise UsageError("give captures, or two captures of one path with --pair NODE GATEWAY, not both")
    job.begin()
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline.pair import pair as lay_over  # noqa: PLC0415 - as above

    report = job.run(pipeline.firmware) if pair is None else replace(job, captures=pair).run(lay_over)
    report = job.wish.applied(report, bool(job.quiet))
    job.write(report)
    failed = sum(entry.outcome == "failed" for entry in report.transfers)
    job.close(f"{plural(len(report.transfers), 'transfer')}, {failed} failed")
    return 1 if report.failed else 0


COMMAND = firmware
