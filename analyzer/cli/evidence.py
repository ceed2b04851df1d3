"""``portmatrix evidence``: only the frames behind a finding, as a small pcapng or pcap."""

from __future__ import annotations

from typing import IO, Any, Final

import click

from analyzer.cli import options, output
from analyzer.cli.job import Job, taken
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.report import Format, Style
from analyzer.report.layout import plural
from analyzer.version import VERSION

_PCAPNG = Format("pcapng", (".pcapng",), binary=True)
PCAP: Final = (".pcap", ".cap")
"""Names that promise a pcap. Under any other name the file is a pcapng."""


@click.command()
@options.captures
@options.frames
@click.option("--all", "everything", is_flag=True, help="Every frame.")
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    help="The file to write, whole or not at all: pcapng, or pcap where its name ends in .pcap; '-' for "
    "standard output.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help="At most N frames, the first of each flow first; 0: no limit.  [default: 100000]",
)
@options.pseudonyms
@click.option(
    "--site-output",
    metavar="FILE",
    help="With --pseudonymise: write the site file that goes with the pseudonyms.",
)
@options.site
@options.judgement
@options.engine
@options.talk("No progress, no remarks.")
@taken(_PCAPNG)
def evidence(
    job: Job,
    *,
    finding: str | None,
    flows: tuple[str, ...],
    frames: tuple[str, ...],
    everything: bool,
    limit: int | None,
    site_output: str | None,
) -> int:
    """Write only the frames behind a finding to a small pcapng.

    Give the options of the 'check' that reported the finding: it is found again by its id. All packets of
    its flows are copied, with the ICMP errors that quote them and with IP fragments; time stamps, interfaces
    and comments stay. The first frame carries the finding as a comment.

    --pseudonymise replaces IPv4, IPv6 and MAC addresses throughout, so that subnets stay subnets and a check
    of the result says the same. Names and the contents of transfers stay; what could not be rewritten is
    left out or said.
    """
    from analyzer.pipeline import evidence as stage  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline import pseudonyms as names  # noqa: PLC0415

    wanted = stage.Wanted(finding or "", flows, options.ranges(frames), everything)
    if wanted == stage.Wanted():
        raise click.UsageError("say which frames: --finding ID, --flow ID, --frames LIST or --all")
    wish = job.wish
    pcapng = _pcapng(str(job.target))
    if site_output is not None and not wish.wanted:
        raise UsageError("--site-output: only with --pseudonymise")
    output.refuse_twice(("-o", job.target), ("--map", wish.map_file), ("--site-output", site_output))
    for written in (wish.map_file, site_output):
        output.refuse_inputs(written, job.inputs)
    most = stage.FRAME_LIMIT if limit is None else limit
    with stage.rereadable(job.options()) as again:
        found = job.run(lambda _, meter: stage.sight(again, wanted, most, meter))
        job.refuse(*(info.path for info in found.report.captures))
        others = wish.opened(found.report) if wish.wanted else None
        made: list[stage.Copied] = []

        def render(_: Any, stream: IO[bytes], _style: Style) -> None:
            made.append(stage.copy(found, stream, f"portmatrix {VERSION}", others, pcapng))

        job.put(render, found)
    if not made:
        return 0  # the reader of standard output went away at once
    if others is not None:
        if site_output is not None:
            with output.whole_file(site_output) as stream:
                stream.write(names.site_file(found.report, others))
        wish.keep(others, bool(job.quiet))
    for line in made[0].remarks if not job.quiet else ():
        say(line)
    if not job.quiet:
        left = found.chosen.total - len(found.chosen.frames)
        cut = f"; {plural(left, 'frame')} more left out by the limit (--limit)" if left else ""
        say(f"{plural(made[0].frames, 'frame')} of {found.packets} written to {job.target}{cut}")
    return 0


def _pcapng(target: str) -> bool:
    """Whether the file is to be a pcapng. Raises :class:`UsageError` for the name of a packed one."""
    from analyzer.capture.compression import PACKED  # noqa: PLC0415 - --help must not load the stages

    if target.lower().endswith(PACKED):
        raise UsageError(f"-o {target}: is not written packed, pack it afterwards")
    return not target.lower().endswith(PCAP)


COMMAND = evidence
