"""Options that commands have in common."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import click

from analyzer.errors import UsageError
from analyzer.report import names

_RANGE: Final = r"([0-9]{1,12})(?:-([0-9]{1,12}))?"

WINDOWS: Final = os.name == "nt"

Decorator = Callable[[Any], Any]


class Whole(click.IntRange):
    """A whole number within bounds, written with the digits 0 to 9: Python's own reader takes ``1_0`` and
    digits of other scripts as well, which nobody means."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; fails with one line."""
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value, re.ASCII) is None:
            self.fail(f"{value!r} is no whole number, such as 50", param, ctx)
        return super().convert(value, param, ctx)


class Decimal(click.FloatRange):
    """A number within bounds, in decimal: no exponent, and none of Python's other words for one (``nan`` lies
    within all bounds)."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; fails with one line."""
        if (
            isinstance(value, str)
            and re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", value, re.ASCII) is None
        ):
            self.fail(f"{value!r} is no number, such as 2 or 0.5", param, ctx)
        return super().convert(value, param, ctx)


TYPED: Final = "portmatrix.typed"
"""Where the context keeps the arguments as they were typed."""


def stack(*decorators: Decorator) -> Decorator:
    """Several options as one decorator, in the order of the help."""

    def apply(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def files(_context: click.Context, _parameter: click.Parameter, named: Sequence[str]) -> tuple[str, ...]:
    """``named``, with what a pattern such as ``*.pcap`` matches in its place.

    The shells of Windows hand patterns on as they are. What exists under a pattern's own name is that.
    Raises :class:`UsageError` for a pattern that matches nothing.
    """
    found: list[str] = []
    for name in named:
        if name == "-" or "://" in name or not re.search(r"[*?\[]", name) or os.path.lexists(name):
            found.append(name)
            continue
        import glob  # noqa: PLC0415 - most names are no patterns

        matched = sorted(glob.glob(name))
        if not matched and re.search(r"[*?]", name):
            raise UsageError(f"{name}: names no file")
        found += matched or [name]
    return tuple(found)


captures = click.argument("captures", metavar="CAPTURE...", nargs=-1, required=True, callback=files)

rules = click.option(
    "--rules",
    metavar="FILE|DIR",
    multiple=True,
    help="Own rulesets besides the shipped ones (repeatable).",
)

site = stack(
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

judgement = stack(
    click.option(
        "--activity",
        "activities",
        metavar="NAME",
        multiple=True,
        help="What took place while capturing; its rows are due. 'all' makes every row due (repeatable).",
    ),
    click.option("--strict", is_flag=True, help="Judge infrastructure traffic too."),
)

frames = stack(
    click.option("--finding", metavar="ID", help="The frames behind this finding of 'check'."),
    click.option("--flow", "flows", metavar="ID", multiple=True, help="The frames of a flow (repeatable)."),
    click.option(
        "--frames", metavar="LIST", multiple=True, help="Frames by number, such as 1,5-9 (repeatable)."
    ),
)


follow = stack(
    click.option(
        "--follow",
        "following",
        is_flag=True,
        help="Go on while CAPTURE grows: a ring buffer's directory, a file, or '-'. Tells each finding once.",
    ),
    click.option(
        "--interval",
        metavar="SECONDS",
        type=Decimal(0, 86_400),
        help="With --follow: how often to look for more.  [default: 5]",
    ),
    click.option(
        "--until",
        metavar="TIME",
        help="With --follow: end at 17:30, at 2026-11-21T17:30, or after 90s, 15m, 8h, 2d. So does Ctrl-C.",
    ),
)

pseudonyms = stack(
    click.option(
        "--pseudonymise", is_flag=True, help="Other addresses and names in place of the site's own."
    ),
    click.option(
        "--map",
        "map_file",
        metavar="FILE",
        help="Which pseudonym stands for what: used where it is there, and written.",
    ),
    click.option("--key", metavar="TEXT", help="The same pseudonyms wherever this text is given."),
)


def ranges(lists: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """``1,5-9`` as ``((1, 1), (5, 9))``. Raises :class:`UsageError` for what is no such list."""
    found: list[tuple[int, int]] = []
    for written in lists:
        for part in written.split(","):
            match = re.fullmatch(_RANGE, part.strip(), re.ASCII)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not 0 < first <= last:
                raise UsageError(f"--frames {written}: give numbers from 1 on and ranges, such as 1,5-9")
            found.append((first, last))
    return tuple(found)


engine = click.option(
    "--engine",
    type=click.Choice(["auto", "fast", "dpkt"]),
    default="auto",
    show_default=True,
    help="Decoder.",
)


def talk(quiet: str, verbose: str = "") -> Decorator:
    """``-q``, ``-v`` and ``--no-progress``; ``quiet`` and ``verbose`` say what they do to this command.

    One that has no more to tell takes ``-v`` all the same, and its help does not name it.
    """
    return stack(
        click.option("-q", "--quiet", count=True, help=quiet),
        click.option("-v", "--verbose", count=True, help=verbose, hidden=not verbose),
        click.option("--no-progress", is_flag=True, help="No progress line on a terminal."),
    )


def output(what: str, *listed: str, default: str = "text") -> Decorator:
    """``--format`` and ``-o``; the help lists ``listed``, else the formats of ``what`` (report, flows)."""
    return stack(
        click.option(
            "--format",
            "format_name",
            metavar="NAME",
            help=f"{', '.join(listed or names(what))}; default: by the suffix of -o, else {default}.",
        ),
        click.option(
            "-o",
            "--output",
            "target",
            metavar="FILE",
            help="Write here instead of standard output: whole or not at all.",
        ),
    )


def typed() -> str:
    """The command line of the running command as a shell would take it.

    A report travels further than the terminal: the credentials of a URL are left out.
    """
    words = click.get_current_context().meta.get(TYPED, ())
    if any(":/" in word for word in words):
        from analyzer.urls import scrubbed  # noqa: PLC0415 - only URLs need it

        words = tuple(map(scrubbed, words))
    line = ("portmatrix", *words)
    if not WINDOWS:
        return shlex.join(line)
    # Both shells there take these quotes; PowerShell would make two words of one that has a comma.
    return " ".join(word if re.fullmatch(r"[\w\\/:.=@+*?-]+", word) else f'"{word}"' for word in line)
