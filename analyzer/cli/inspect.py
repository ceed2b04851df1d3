"""``portmatrix inspect``: full Wireshark dissection of the frames behind a finding."""

from __future__ import annotations

import click

from analyzer.cli import options, output, progress
from analyzer.cli.output import say
from analyzer.report import choose
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.frames
@click.option(
    "--limit",
    type=click.IntRange(1, 5000),
    default=50,
    show_default=True,
    metavar="N",
    help="At most N frames, the first of each flow first.",
)
@options.site
@options.judgement
@options.output("dissection")
@options.engine
@options.talk
def inspect(
    *,
    captures: tuple[str, ...],
    finding: str | None,
    flows: tuple[str, ...],
    frames: tuple[str, ...],
    limit: int,
    site: str | None,
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
    """Full Wireshark dissection of the frames behind a finding.

    Give the options of the 'check' that reported the finding. Needs Wireshark's tshark and the extra
    'wireshark' (pyshark). The frames are dissected by themselves, without those around them.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline import inspect as stage  # noqa: PLC0415
    from analyzer.pipeline.evidence import Wanted  # noqa: PLC0415

    chosen = choose(format_name, "dissection", target or "")
    wanted = Wanted(finding or "", flows, options.ranges(frames))
    if wanted == Wanted():
        raise click.UsageError("say which frames: --finding ID, --flow ID or --frames LIST")
    output.refuse_inputs(target, (*captures, site, *rules))
    asked = pipeline.Options(
        sources=captures,
        site=site,
        hosts=hosts,
        rules=rules,
        activities=activities,
        strict=strict,
        engine=engine,
    )
    with progress.shown(bool(quiet) or no_progress) as meter:
        found = stage.inspect(asked, wanted, limit, meter)
    render = chosen.render_dissection
    assert render is not None  # choose() gave a format of dissections
    output.write(target, chosen, render, found, verbose - quiet)
    if target not in (None, "-") and not quiet:
        say(f"{plural(len(found.frames), 'frame')} of {found.total}; {target} written ({chosen.name})")
    return 0


COMMAND = inspect
