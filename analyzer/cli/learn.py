"""``portmatrix learn``: draft a ruleset from a known-good capture."""

from __future__ import annotations

import re

import click

from analyzer.cli import options, output, progress
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.report import choose
from analyzer.report.layout import plural


@click.command()
@options.captures
@options.site
@click.option("--name", default="learned", show_default=True, help="Name of the ruleset.")
@options.output("learned", "yaml", default="yaml")
@options.engine
@options.talk
def learn(
    *,
    captures: tuple[str, ...],
    site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    name: str,
    format_name: str | None,
    target: str | None,
    engine: str,
    quiet: int,
    verbose: int,
    no_progress: bool,
) -> int:
    """Draft a ruleset from captures that are known to be good.

    It lists what worked, per role, direction, transport and port: what was refused, blocked or never
    answered is not learned, and infrastructure stays apart. Read it, correct it, and use it as
    check --rules FILE.
    """
    from analyzer import pipeline  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline.learn import learn as drafted  # noqa: PLC0415

    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name, re.ASCII) is None:
        raise UsageError(f"--name {name}: may hold a-z, 0-9 and -")
    chosen = choose(format_name, "learned", target or "", default="yaml")
    output.refuse_inputs(target, (*captures, site, *rules))
    wanted = pipeline.Options(sources=captures, site=site, hosts=hosts, rules=rules, engine=engine)
    with progress.shown(bool(quiet) or no_progress) as meter:
        draft = drafted(wanted, meter, name)
    output.refuse_inputs(target, (info.path for info in draft.captures))
    if not draft.rows:
        raise UsageError(
            "nothing to learn: no flow that worked has a host with a role; name roles with --site or --host"
        )
    render = chosen.render_learned
    assert render is not None  # choose() gave a format of drafts
    output.write(target, chosen, render, draft, verbose - quiet)
    if target not in (None, "-") and not quiet:
        flows = sum(entry.flows for entry in draft.left)
        roles = plural(len({row.role for row in draft.rows}), "role")
        rows = plural(len(draft.rows), "row")
        say(f"{rows} of {roles}, {plural(flows, 'flow')} left out; {target} written ({chosen.name})")
    return 0


COMMAND = learn
