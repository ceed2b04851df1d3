"""``portmatrix diff``: what changed between two captures or two reports."""

from __future__ import annotations

import click

from analyzer.cli import options
from analyzer.cli.job import Job, taken


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@options.site
@click.option("--old-site", metavar="FILE", help="Site file of OLD where it differs from NEW's.")
@options.judgement
@options.output("diff")
@options.engine
@options.talk("What changed in one line each, no progress.", "Every change, however many.")
@taken("diff")
def diff(job: Job, *, old: str, new: str, old_site: str | None) -> int:
    """What changed between two captures or two reports.

    OLD and NEW are captures (as for 'check', with its options) or reports saved by 'check --format json'. A
    fault that NEW could not have shown counts as no longer judged, not as fixed.

    Exit codes: 0 no difference, 1 a difference, 2 could not do the job.
    """
    from analyzer.pipeline import compare as stage  # noqa: PLC0415 - --help must not load the stages
    from analyzer.report import changes  # noqa: PLC0415

    job.refuse(old, new, old_site)
    found = job.run(lambda asked, meter: stage.diff(stage.Pair(old, new, asked, old_site), meter))
    job.write(found)
    job.close(changes.headline(found))
    return 1 if found.differs else 0


COMMAND = diff
