"""``portmatrix inspect``: full Wireshark dissection of the frames behind a finding."""

from __future__ import annotations

import click

from analyzer.cli import options
from analyzer.cli.job import Job, taken
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
@options.talk("Layers without their fields, no progress.")
@taken("dissection")
def inspect(
    job: Job, *, finding: str | None, flows: tuple[str, ...], frames: tuple[str, ...], limit: int
) -> int:
    """Full Wireshark dissection of the frames behind a finding.

    Give the options of the 'check' that reported the finding. Needs Wireshark's tshark and the extra
    'wireshark' (pyshark). The frames are dissected by themselves, without those around them.
    """
    from analyzer.pipeline import inspect as stage  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline.evidence import Wanted  # noqa: PLC0415

    wanted = Wanted(finding or "", flows, options.ranges(frames))
    if wanted == Wanted():
        raise click.UsageError("say which frames: --finding ID, --flow ID or --frames LIST")
    found = job.run(lambda asked, meter: stage.inspect(asked, wanted, limit, meter))
    job.write(found)
    job.close(f"{plural(len(found.frames), 'frame')} of {found.total}")
    return 0


COMMAND = inspect
