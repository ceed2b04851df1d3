"""``portmatrix firmware``: transfers and update attempts: what failed, where, why."""

from __future__ import annotations

import click

from analyzer.cli import options, output, progress, pseudonyms
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.report import choose
from analyzer.report.layout import plural


@click.command()
@click.argument("captures", metavar="CAPTURE...", nargs=-1)
@click.option(
    "--pair",
    nargs=2,
    metavar="NODE GATEWAY",
    help="Two captures of one path, the node's side and the gateway's: says where packets died.",
)
@options.site
@options.output("firmware")
@options.pseudonyms
@options.engine
@options.talk
def firmware(
    *,
    captures: tuple[str, ...],
    pair: tuple[str, str] | None,
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
    """Transfers and update attempts: what failed, where, why.

    Exit codes: 0 no transfer failed, 1 at least one failed, 2 could not do the job.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline.pair import pair as lay_over  # noqa: PLC0415 - as above

    wish = pseudonyms.Wish(pseudonymise, map_file, key)
    chosen = choose(format_name, "firmware", target or "")
    if (pair is None) is (not captures):
        raise UsageError("give captures, or two captures of one path with --pair NODE GATEWAY, not both")
    captures = pair or captures
    output.refuse_inputs(target, (*captures, site, *rules))
    wanted = pipeline.Options(sources=captures, site=site, hosts=hosts, rules=rules, engine=engine)
    with progress.shown(bool(quiet) or no_progress) as meter:
        report = (lay_over if pair else pipeline.firmware)(wanted, meter)
    output.refuse_inputs(target, (info.path for info in report.captures))
    report = wish.applied(report, bool(quiet))
    render = chosen.render_firmware
    assert render is not None  # choose() gave a format of firmware reports
    output.write(target, chosen, render, report, verbose - quiet)
    if target not in (None, "-") and not quiet:
        failed = sum(entry.outcome == "failed" for entry in report.transfers)
        say(f"{plural(len(report.transfers), 'transfer')}, {failed} failed; {target} written ({chosen.name})")
    return 1 if report.failed else 0


COMMAND = firmware
