"""``portmatrix survey``: propose a site file from captures."""

from __future__ import annotations

import click

from analyzer.cli import options, output, progress
from analyzer.cli.output import say
from analyzer.report import choose
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.rules
@options.output("survey", "yaml", "json", default="yaml")
@options.engine
@options.talk
def survey(
    *,
    captures: tuple[str, ...],
    rules: tuple[str, ...],
    format_name: str | None,
    target: str | None,
    engine: str,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """Propose a site file: who is what, with the evidence for each line.

    What is certain or likely is in force, what is unsure is commented out. Read it, correct it, and use it
    as check --site FILE.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline.survey import survey as surveyed  # noqa: PLC0415

    chosen = choose(format_name, "survey", target or "", default="yaml")
    output.refuse_inputs(target, (*captures, *rules))
    wanted = pipeline.Options(sources=captures, rules=rules, engine=engine)
    with progress.shown(bool(quiet) or no_progress) as meter:
        found = surveyed(wanted, meter)
    output.refuse_inputs(target, (info.path for info in found.captures))
    render = chosen.render_survey
    assert render is not None  # choose() gave a format of surveys
    output.write(target, chosen, render, found, verbose - quiet)
    if target not in (None, "-") and not quiet:
        sure, unsure = (
            sum(len(line.hosts) for line in found.lines if line.in_force is want) for want in (True, False)
        )
        say(f"{plural(sure, 'host')} in force, {unsure} unsure; {target} written ({chosen.name})")
    return 0


COMMAND = survey
