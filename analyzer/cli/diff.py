"""``portmatrix diff``: what changed between two captures or two reports."""

from __future__ import annotations

import click

from analyzer.cli import options, output, progress
from analyzer.cli.output import say
from analyzer.report import choose


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@options.site
@click.option("--old-site", metavar="FILE", help="Site file of OLD where it differs from NEW's.")
@options.judgement
@options.output("diff")
@options.engine
@options.talk
def diff(
    *,
    old: str,
    new: str,
    site: str | None,
    old_site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    activities: tuple[str, ...],
    strict: bool,
    format_name: str | None,
    target: str | None,
    engine: str,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """What changed between two captures or two reports.

    OLD and NEW are captures (as for 'check', with its options) or reports saved by 'check --format json'. A
    fault that NEW could not have shown counts as no longer judged, not as fixed.

    Exit codes: 0 no difference, 1 a difference, 2 could not do the job.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline import compare as stage  # noqa: PLC0415
    from analyzer.report import changes  # noqa: PLC0415

    chosen = choose(format_name, "diff", target or "")
    output.refuse_inputs(target, (old, new, site, old_site, *rules))
    asked = pipeline.Options(
        sources=(), site=site, hosts=hosts, rules=rules, activities=activities, strict=strict, engine=engine
    )
    with progress.shown(bool(quiet) or no_progress) as meter:
        found = stage.diff(stage.Pair(old, new, asked, old_site), meter)
    render = chosen.render_diff
    assert render is not None  # choose() gave a format of comparisons
    output.write(target, chosen, render, found, verbose - quiet)
    if target not in (None, "-") and not quiet:
        say(f"{changes.headline(found)}; {target} written ({chosen.name})")
    return 1 if found.differs else 0


COMMAND = diff
