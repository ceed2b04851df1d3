"""``portmatrix flows``: the flow table, without a verdict."""

from __future__ import annotations

from typing import Final

import click

from analyzer.cli import options, output, progress, pseudonyms
from analyzer.cli.output import say
from analyzer.report import choose
from analyzer.report.layout import plural

UNSEEN: Final = 100
"""Columns off a terminal: a line for each flow of two IPv4 addresses."""


@click.command()
@options.captures
@options.site
@options.output("flows")
@options.pseudonyms
@options.engine
@options.talk
def flows(
    *,
    captures: tuple[str, ...],
    site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    format_name: str | None,
    target: str | None,
    pseudonymise: bool,
    map_file: str | None,
    key: str | None,
    engine: str,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """The flow table of captures: a flow report without a verdict.

    Roles given with --site or --host are shown and help to tell who opened a flow.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages

    wish = pseudonyms.Wish(pseudonymise, map_file, key)
    chosen = choose(format_name, "flows", target or "")
    output.refuse_inputs(target, (*captures, site, *rules))
    wanted = pipeline.Options(sources=captures, site=site, hosts=hosts, rules=rules, engine=engine)
    with progress.shown(bool(quiet) or no_progress) as meter:
        report = pipeline.flows(wanted, meter)
    output.refuse_inputs(target, (info.path for info in report.captures))
    report = wish.applied(report, bool(quiet))
    render = chosen.render_flows
    assert render is not None  # choose() gave a format of flow reports
    output.write(target, chosen, render, report, verbose - quiet, UNSEEN)
    if target not in (None, "-") and not quiet:
        say(f"{plural(len(report.flows), 'flow')}; {target} written ({chosen.name})")
    return 0


COMMAND = flows
