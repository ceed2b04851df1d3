"""``portmatrix rules``: the shipped and own rulesets, listed, shown, checked, compared and imported."""

from __future__ import annotations

import click

from analyzer.cli.rules.diff import diff_command
from analyzer.cli.rules.imports import import_command
from analyzer.cli.rules.linting import lint_command
from analyzer.cli.rules.listing import list_command, show


@click.group()
def rules() -> None:
    """The shipped and own rulesets: list, show, lint, diff, import."""


for _command in (list_command, show, lint_command, diff_command, import_command):
    rules.add_command(_command)

COMMAND = rules
