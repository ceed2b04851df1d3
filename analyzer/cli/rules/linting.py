"""``rules lint``: sheets validated and laid over each other."""

from __future__ import annotations

import click

from analyzer.cli import options, output
from analyzer.errors import RulesetError
from analyzer.report.layout import plural


@click.command("lint")
@click.argument("paths", metavar="[PATH...]", nargs=-1, callback=options.files)
@options.rules
def lint_command(paths: tuple[str, ...], rules: tuple[str, ...]) -> int:
    """Validate rulesets and lay them over each other.

    PATH is an own ruleset or a directory of them. Every mistake is printed, one a line; then what
    one sheet lists and its counterpart does not. Exit code 1 for an invalid ruleset.
    """
    from analyzer import lint, rulesets  # noqa: PLC0415 - --help must not load YAML

    try:
        loaded = rulesets.load((*paths, *rules))
    except RulesetError as error:
        output.lines(str(mistake) for mistake in error.mistakes)
        return 1
    notes = lint.lint(loaded)
    output.lines(
        [*map(str, notes), f"{plural(len(loaded), 'ruleset')} valid, {plural(len(notes), 'remark')}"]
    )
    return 0
