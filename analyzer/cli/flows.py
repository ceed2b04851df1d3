"""``portmatrix flows``: the flow table, without a verdict."""

from __future__ import annotations

from typing import Final

import click

from analyzer.cli import options
from analyzer.cli.job import Job, taken
from analyzer.report.layout import plural

UNSEEN: Final = 100
"""Columns off a terminal: a line for each flow of two IPv4 addresses."""


@click.command()
@options.captures
@options.site
@options.output("flows")
@options.pseudonyms
@options.engine
@options.talk("What there is in one line, no progress.", "Every flow, however many.")
@taken("flows")
def flows(job: Job) -> int:
    """The flow table of captures: a flow report without a verdict.

    Roles given with --site or --host are shown and help to tell who opened a flow.
    """
    job.begin()
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages

    report = job.wish.applied(job.run(pipeline.flows), bool(job.quiet))
    job.write(report, UNSEEN)
    job.close(plural(len(report.flows), "flow"))
    return 0


COMMAND = flows
