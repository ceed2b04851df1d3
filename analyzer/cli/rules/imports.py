"""``rules import``: a MUD file as a ruleset to complete."""

from __future__ import annotations

import re
from typing import IO

import click

from analyzer.cli import output
from analyzer.errors import UsageError
from analyzer.report import Format, Style


@click.command("import")
@click.argument("file", metavar="MUDFILE")
@click.option(
    "--role", metavar="ROLE", default="", help="Name of the ruleset and its role; default: the model's."
)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    help="Write here instead of standard output: whole or not at all.",
)
@click.option("-q", "--quiet", is_flag=True, help="No remarks on standard error; the ruleset has them too.")
def import_command(file: str, role: str, target: str | None, quiet: bool) -> int:
    """A MUD file (RFC 8520) as a ruleset.

    What MUD cannot say is left open: versions, activities, whether a reply is due. What a ruleset
    cannot say is said on standard error and in the ruleset.
    """
    from analyzer import documents, mudfile, rulefile  # noqa: PLC0415 - --help must not load YAML

    output.refuse_inputs(target, (file,))
    if role and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", role) is None:
        raise UsageError(f"--role {role}: small letters, digits and -")
    text, left = mudfile.to_ruleset(documents.read(file), file, role)
    rulefile.parse(text, target or file)

    def render(value: str, stream: IO[str], _style: Style) -> None:
        stream.write(value)

    output.write(target, Format("yaml", ()), render, text, 0)
    for line in () if quiet else left:
        output.say_line(line)
    return 0
