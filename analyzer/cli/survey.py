"""``portmatrix survey``: propose a site file from captures."""

from __future__ import annotations

import click

from analyzer.cli import options
from analyzer.cli.job import Job, taken
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.rules
@options.output("survey", "yaml", "json", default="yaml")
@options.engine
@options.talk("No progress, no closing line.")
@taken("survey", default="yaml")
def survey(job: Job) -> int:
    """Propose a site file: who is what, and by which evidence.

    What is certain or likely is in force, what is unsure is commented out. Read it, correct it, and use it
    as check --site FILE.
    """
    job.begin()
    from analyzer.pipeline import survey as stage  # noqa: PLC0415 - --help must not load the stages

    found = job.run(stage.survey)
    job.write(found)
    sure, unsure = (
        sum(len(line.hosts) for line in found.lines if line.in_force is want) for want in (True, False)
    )
    job.close(f"{plural(sure, 'host')} in force, {unsure} unsure")
    return 0


COMMAND = survey
