"""What the options that commands share ask for: captures to analyse, and where the result goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from analyzer.cli import output, progress
from analyzer.cli.pseudonyms import Wish
from analyzer.report import Format, choose

if TYPE_CHECKING:
    from analyzer.pipeline import Options

R = TypeVar("R")

LINES: Final = "jsonl"
"""The format of events; of flows and of transfers, too."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of :mod:`analyzer.cli.options` as they were given, or defaults where a command lacks them.

    ``chosen`` is the format they come to, ``what`` the kind of report as in :meth:`Format.render`.
    """

    what: str
    chosen: Format
    wish: Wish
    captures: tuple[str, ...] = ()
    site: str | None = None
    hosts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    strict: bool = False
    target: str | None = None
    engine: str = "auto"
    quiet: int = 0
    verbose: int = 0
    no_progress: bool = False
    events: bool = False
    """Events are wanted, as JSON lines, beside a report."""

    def options(self) -> Options:
        """What the pipeline is asked for."""
        from analyzer.pipeline import Options  # noqa: PLC0415 - --help must not load the stages

        return Options(
            sources=self.captures,
            site=self.site,
            hosts=self.hosts,
            rules=self.rules,
            activities=self.activities,
            strict=self.strict,
            engine=self.engine,
        )

    def refuse(self, *inputs: str | None) -> None:
        """Raise :class:`analyzer.errors.UsageError` where ``-o`` would overwrite one of ``inputs``."""
        output.refuse_inputs(self.target, inputs)

    def run(self, stage: Callable[[Options, progress.Meter | None], R]) -> R:
        """What ``stage`` makes of the captures.

        Raises :class:`analyzer.errors.UsageError` where the result would overwrite one of them.
        """
        with progress.shown(bool(self.quiet) or self.no_progress) as meter:
            found = stage(self.options(), meter)
        # a directory stands for captures that have names only now
        self.refuse(*(info.path for info in getattr(found, "captures", ())))
        return found

    def write(self, report: Any, unseen: int = output.UNSEEN) -> None:
        """``report`` in the chosen format to where it was asked for; ``unseen`` columns off a terminal.

        Raises :class:`analyzer.errors.UsageError` where it cannot be written.
        """
        render = self.chosen.render(self.what)
        assert render is not None  # choose() gave a format of such reports
        output.write(self.target, self.chosen, render, report, self.verbose - self.quiet, unseen)

    def close(self, summary: str) -> None:
        """Say ``summary`` and where the result is, unless it is on standard output or talk is not wanted."""
        if self.target not in (None, "-") and not self.quiet:
            output.say(f"{summary}; {self.target} written ({self.chosen.name})")


def taken(what: str, default: str = "text") -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A command gets one ``job`` in place of the options that commands share, and its own by name.

    ``what`` is the kind of its report, ``default`` its format where neither ``--format`` nor ``-o`` says
    another. The command raises :class:`analyzer.errors.UsageError` where the options contradict each other.
    """
    shared = {field.name for field in fields(Job)}

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def called(
            *,
            format_name: str | None,
            target: str | None,
            pseudonymise: bool = False,
            map_file: str | None = None,
            key: str | None = None,
            **given: Any,
        ) -> int:
            wish = Wish(pseudonymise, map_file, key)
            output.refuse_inputs(
                target, (*given.get("captures", ()), given.get("site"), *given.get("rules", ()))
            )
            # Who follows gets lines of events; the report's format is then that of the -o file.
            events = bool(given.get("following")) and format_name == LINES
            if events:
                chosen = choose(None, what, target or "", "json")
            else:
                chosen = choose(format_name, what, target or "", default)
            own = {name: given.pop(name) for name in given.keys() - shared}
            return command(
                Job(what=what, chosen=chosen, wish=wish, target=target, events=events, **given), **own
            )

        return called

    return decorate
