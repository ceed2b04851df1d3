"""Options that commands have in common."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any, Final

import click

from analyzer.report import names

Decorator = Callable[[Any], Any]

TYPED: Final = "portmatrix.typed"
"""Where the context keeps the arguments as they were typed."""

_SECRET: Final = re.compile(r"(?<=://)[^/?#\s]*@|(?<=[?&])([^=&#\s]+)=[^&#\s]*")


def _stack(*decorators: Decorator) -> Decorator:
    def apply(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


captures = click.argument("captures", metavar="CAPTURE...", nargs=-1, required=True)

rules = click.option(
    "--rules",
    metavar="FILE|DIR",
    multiple=True,
    help="Own rulesets besides the shipped ones (repeatable).",
)

site = _stack(
    click.option("--site", metavar="FILE", help="Site file: hosts, roles, versions, waivers."),
    click.option(
        "--host",
        "hosts",
        metavar="ROLE=ADDRESS[@VERSION]",
        multiple=True,
        help="A host's role; ADDRESS is an address, CIDR or range (repeatable).",
    ),
    rules,
)

judgement = _stack(
    click.option(
        "--activity",
        "activities",
        metavar="NAME",
        multiple=True,
        help="What took place while capturing; its rows are due. 'all' makes every row due (repeatable).",
    ),
    click.option("--strict", is_flag=True, help="Judge infrastructure traffic too."),
)

engine = click.option(
    "--engine",
    type=click.Choice(["auto", "fast", "dpkt"]),
    default="auto",
    show_default=True,
    help="Decoder.",
)

talk = _stack(
    click.option("-q", "--quiet", count=True, help="Verdict and findings only, no progress."),
    click.option("-v", "--verbose", count=True, help="Every flow, every row with its reason."),
    click.option("--no-progress", is_flag=True, help="No progress line on a terminal."),
)


def output(what: str, *listed: str) -> Decorator:
    """``--format`` and ``-o``; the help lists ``listed``, else the formats of ``what`` (report, flows)."""

    def apply(function: Any) -> Any:
        known = listed or names(what)
        return _stack(
            click.option(
                "--format",
                "format_name",
                metavar="NAME",
                help=f"{', '.join(known)}; default: by the suffix of -o, else text.",
            ),
            click.option(
                "-o",
                "--output",
                "target",
                metavar="FILE",
                help="Write here instead of standard output: whole or not at all.",
            ),
        )(function)

    return apply


def typed() -> str:
    """The command line of the running command as a shell would take it.

    A report travels further than the terminal: user, password and query values of a URL are left out.
    """
    words = click.get_current_context().meta.get(TYPED, ())
    return shlex.join(("portmatrix", *(_public(word) for word in words)))


def _public(word: str) -> str:
    if "://" not in word:
        return word
    return _SECRET.sub(lambda found: f"{found[1]}=..." if found[1] else "...@", word)
