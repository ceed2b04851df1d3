"""``portmatrix waive``: a finding that is fine goes into the site file."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from analyzer.cli import options, output
from analyzer.cli.job import Job, taken
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.report.layout import plural


@click.command()
@click.argument("finding")
@click.argument("captures", metavar="REPORT|CAPTURE...", nargs=-1, required=True, callback=options.files)
@click.option("--site", metavar="FILE", required=True, help="Site file: it gets the allow entry.")
@click.option("--reason", metavar="TEXT", required=True, help="Why it is fine.")
@click.option("--owner", metavar="NAME", required=True, help="Who answers for it.")
@click.option("--until", metavar="DATE", help="Last day that it holds, as 2027-01-31; default: no end.")
@click.option("--dry-run", is_flag=True, help="Print the entry and change nothing.")
@options.rules
@options.judgement
@options.engine
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.option("--no-progress", is_flag=True, help="No progress line on a terminal.")
@taken("report")
def waive(job: Job, *, finding: str, reason: str, owner: str, until: str | None, dry_run: bool) -> int:
    """Waive a finding: write its allow entry into the site file.

    FINDING is the id of a finding; the report (check --format json) or the captures tell what it is
    about. The entry covers the same hosts, transport and ports, and nothing else; the rest of the file
    stays as it is. The finding becomes a note, until the day in --until has passed.
    """
    from analyzer.pipeline.waive import waive as waived  # noqa: PLC0415 - --help must not load the stages

    site, last = job.site, _date(until)
    assert site is not None  # --site is required
    waiver = job.run(lambda wanted, meter: waived(wanted, finding, reason, owner, last, meter))
    if dry_run:
        output.lines(f"- {entry}" for entry in waiver.entries)
        return 0
    with output.whole_file(site, binary=True, option="--site") as stream:
        if Path(site).read_bytes() != waiver.before:
            raise UsageError(f"--site {site}: was changed by somebody else meanwhile; try again")
        stream.write(waiver.after)
    if not job.quiet:
        entries = "1 entry" if len(waiver.entries) == 1 else f"{len(waiver.entries)} entries"
        say(f"{site}:{waiver.line}: {entries} added for {finding}, {plural(waiver.flows, 'flow')} waived")
        if waiver.also:
            say(f"these flows are in other findings too, which it waives with them: {', '.join(waiver.also)}")
    return 0


def _date(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    try:
        if len(text) == len("2027-01-31"):
            return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(f"--until {text!r}: is no date, write it as 2027-01-31")


COMMAND = waive
