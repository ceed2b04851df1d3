"""``portmatrix check``: compare captures with the expected matrix."""

from __future__ import annotations

from dataclasses import replace

import click

from analyzer.cli import options, output
from analyzer.cli.job import Job, taken
from analyzer.cli.output import say
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.site
@options.judgement
@options.output("report")
@options.follow
@options.pseudonyms
@options.engine
@options.talk("Verdict and findings only, no progress.", "Every flow, every row with its reason.")
@taken("report")
def check(job: Job, *, interval: float | None, until: str | None) -> int:
    """Compare captures with the expected matrix.

    CAPTURE is a pcap or pcapng file (plain, .gz, .zst, .lz4, .xz), a directory, '-' for standard
    input, or a URL. Several captures are one analysis, in time order.

    Of the formats, csv holds the flow table with its verdicts; the others hold everything.
    """
    if job.following or interval is not None or until is not None:
        from analyzer.cli import follow  # noqa: PLC0415 - a plain check has no use for it

        report = follow.follow(follow.Wish(job.following, interval, until, job.wish.wanted), job)
        return 0 if report.compliant else 1
    job.begin()
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages

    report = replace(job.run(pipeline.check), command=options.typed())
    report = job.wish.applied(report, bool(job.quiet))
    job.write(report)
    lost = sum(not finding.flows for finding in report.findings)
    if job.chosen.name == "csv" and lost and not job.quiet:
        say(f"{plural(lost, 'finding')} without a flow cannot be in a csv: see --format text or json")
    job.close(output.verdict(report))
    return 0 if report.compliant else 1


COMMAND = check
