"""``portmatrix learn``: draft a ruleset from a known-good capture."""

from __future__ import annotations

import re

import click

from analyzer.cli import options
from analyzer.cli.job import Job, taken
from analyzer.errors import UsageError
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.site
@click.option("--name", default="learned", show_default=True, help="Name of the ruleset.")
@options.output("learned", "yaml", default="yaml")
@options.engine
@options.talk("No progress, no closing line.")
@taken("learned", default="yaml")
def learn(job: Job, *, name: str) -> int:
    """Draft a ruleset from captures that are known to be good.

    It lists what worked, per role, direction, transport and port: what was refused, blocked or never
    answered is not learned, and infrastructure stays apart. Read it, correct it, and use it as
    check --rules FILE.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name, re.ASCII) is None:
        raise UsageError(f"--name {name}: may hold a-z, 0-9 and -")
    job.begin()
    from analyzer.pipeline import learn as stage  # noqa: PLC0415 - --help must not load the stages

    draft = job.run(lambda wanted, meter: stage.learn(wanted, meter, name))
    if not draft.rows:
        raise UsageError(
            "nothing to learn: no flow that worked has a host with a role; name roles with --site or --host"
        )
    job.write(draft)
    flows = sum(entry.flows for entry in draft.left)
    roles = plural(len({row.role for row in draft.rows}), "role")
    job.close(f"{plural(len(draft.rows), 'row')} of {roles}, {plural(flows, 'flow')} left out")
    return 0


COMMAND = learn
