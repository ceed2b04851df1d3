"""``portmatrix evidence``: only the frames behind a finding, as a small pcapng."""

from __future__ import annotations

from typing import IO, Any

import click

from analyzer.cli import options, output, progress
from analyzer.cli.output import say
from analyzer.report import Format, Style
from analyzer.report.layout import plural
from analyzer.version import VERSION

_PCAPNG = Format("pcapng", (".pcapng",), binary=True)


@click.command()
@options.captures
@options.frames
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    help="The pcapng file to write, whole or not at all; '-' for standard output.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help="At most N frames, the first of each flow first; 0: no limit.  [default: 100000]",
)
@options.site
@options.judgement
@options.engine
@options.talk
def evidence(
    *,
    captures: tuple[str, ...],
    finding: str | None,
    flows: tuple[str, ...],
    frames: tuple[str, ...],
    target: str,
    limit: int | None,
    site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    activities: tuple[str, ...],
    strict: bool,
    engine: str,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """Write only the frames behind a finding to a small pcapng.

    Give the options of the 'check' that reported the finding: it is found again by its id. All packets of
    its flows are copied, with the ICMP errors that quote them and with IP fragments; time stamps, interfaces
    and comments stay. The first frame carries the finding as a comment.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline import evidence as stage  # noqa: PLC0415

    wanted = stage.Wanted(finding or "", flows, options.ranges(frames))
    if wanted == stage.Wanted():
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
    with stage.rereadable(asked) as again:
        with progress.shown(bool(quiet) or no_progress) as meter:
            found = stage.sight(again, wanted, stage.FRAME_LIMIT if limit is None else limit, meter)
        output.refuse_inputs(target, (info.path for info in found.report.captures))
        written = 0

        def render(_: Any, stream: IO[bytes], _style: Style) -> None:
            nonlocal written
            written = stage.copy(found, stream, f"portmatrix {VERSION}")

        output.write(target, _PCAPNG, render, found, verbose - quiet)
    if not quiet:
        left = found.chosen.total - len(found.chosen.frames)
        cut = f"; {plural(left, 'frame')} more left out by the limit (--limit)" if left else ""
        say(f"{plural(written, 'frame')} of {found.packets} written to {target}{cut}")
    return 0


COMMAND = evidence
