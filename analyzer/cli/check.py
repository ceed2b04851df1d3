"""``portmatrix check``: compare captures with the expected matrix."""

from __future__ import annotations

from dataclasses import replace

import click

from analyzer.cli import options, output, progress, pseudonyms
from analyzer.cli.output import say
from analyzer.report import choose
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.site
@options.judgement
@options.output("report")
@options.follow
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
    follows = following or interval is not None or until is not None
    chosen = None if follows else choose(format_name, "report", target or "")
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
    if chosen is None:
        from analyzer.cli import follow  # noqa: PLC0415 - a plain check has no use for it

        ends = follow.Wish(following, interval, until, pseudonymise)
        return 0 if follow.follow(ends, wanted, format_name, target, quiet, verbose).compliant else 1
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
