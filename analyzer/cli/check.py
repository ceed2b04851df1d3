"""``portmatrix check``: compare captures with the expected matrix."""

from __future__ import annotations

from dataclasses import replace

import click

from analyzer.cli import follow, options, output, progress, pseudonyms
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.site
@options.judgement
@options.output("report")
@follow.wishes
@options.pseudonyms
@options.engine
@options.talk
def check(
    *,
    captures: tuple[str, ...],
    site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    activities: tuple[str, ...],
    strict: bool,
    format_name: str | None,
    target: str | None,
    following: bool,
    interval: float | None,
    until: str | None,
    pseudonymise: bool,
    map_file: str | None,
    key: str | None,
    engine: str,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """Compare captures with the expected matrix.

    CAPTURE is a pcap or pcapng file (plain, .gz, .zst, .lz4, .xz), a directory, '-' for standard
    input, or a URL. Several captures are one analysis, in time order.

    Of the formats, csv holds the flow table with its verdicts; the others hold everything.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages

    wish = pseudonyms.Wish(pseudonymise, map_file, key)
    watch = follow.Wish(following, interval, until)
    chosen = watch.chosen(format_name, target)
    output.refuse_inputs(target, (*captures, site, *rules))
    wanted = pipeline.Options(
        sources=captures,
        site=site,
        hosts=hosts,
        rules=rules,
        activities=activities,
        strict=strict,
        engine=engine,
    )
    if watch.wanted:
        if pseudonymise:
            raise UsageError("--pseudonymise: not with --follow; give it to a check of the files")
        report = follow.followed(
            follow.Run(watch, chosen, format_name == follow.LINES, target, verbose - quiet),
            wanted,
            bool(quiet),
        )
        return 0 if report.compliant else 1
    with progress.shown(bool(quiet) or no_progress) as meter:
        report = replace(pipeline.check(wanted, meter), command=options.typed())
    output.refuse_inputs(target, (info.path for info in report.captures))
    report = wish.applied(report, bool(quiet))
    render = chosen.render_report
    assert render is not None  # choose() gave a format of reports
    output.write(target, chosen, render, report, verbose - quiet)
    if not quiet:
        lost = sum(not finding.flows for finding in report.findings)
        if chosen.name == "csv" and lost:
            say(f"{plural(lost, 'finding')} without a flow cannot be in a csv: see --format text or json")
        if target not in (None, "-"):
            say(output.closing(report, str(target), chosen.name))
    return 0 if report.compliant else 1


COMMAND = check
