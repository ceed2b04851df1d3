"""What the options that commands share ask for: captures to analyse, and where the result goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from analyzer.cli import output, progress
from analyzer.cli.pseudonyms import Wish
from analyzer.report import Format, Style, choose

if TYPE_CHECKING:
    from analyzer.capture.begun import Begun
    from analyzer.pipeline import Options

R = TypeVar("R")
Render = Callable[[Any, IO[Any], Style], None]

LINES: Final = "jsonl"
"""The format of events; of flows and of transfers, too."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of :mod:`analyzer.cli.options` as they were given, or defaults where a command lacks them.

    ``what`` is the kind of report as in :meth:`Format.render`, ``default`` its format where neither
    ``format_name`` nor ``target`` says another; or ``what`` is the one format that there is. ``chosen`` is
    what they come to. Raises :class:`analyzer.errors.UsageError` where the options contradict each other, or
    the result would overwrite an input.
    """

    what: str | Format
    wish: Wish
    default: str = "text"
    captures: tuple[str, ...] = ()
    site: str | None = None
    hosts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    strict: bool = False
    format_name: str | None = None
    target: str | None = None
    engine: str = "auto"
    quiet: int = 0
    verbose: int = 0
    no_progress: bool = False
    following: bool = False
    chosen: Format = field(init=False)
    begun: Begun | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.refuse(*self.inputs)
        output.refuse_twice(("-o", self.target), ("--map", self.wish.map_file))
        chosen = self.what
        if isinstance(chosen, str):
            # Who follows gets lines of events; the report's format is then that of the -o file.
            name, default = (None, "json") if self.events else (self.format_name, self.default)
            chosen = choose(name, chosen, self.target or "", default)
        object.__setattr__(self, "chosen", chosen)

    @property
    def events(self) -> bool:
        """Whether events are wanted, as JSON lines, beside a report."""
        return self.following and self.format_name == LINES

    @property
    def inputs(self) -> tuple[str | None, ...]:
        """What is read, as it was named."""
        return (*self.captures, self.site, *self.rules)

    def begin(self) -> None:
        """Begin to decompress the captures, where that is worth it: before anything else is imported."""
        from analyzer.capture.begun import begin  # noqa: PLC0415 - --help must not load the stages

        object.__setattr__(self, "begun", begin(self.captures, hashed=self.chosen.sha256))

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
            sha256=self.chosen.sha256,
            begun=self.begun,
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
        assert isinstance(self.what, str)
        render = self.chosen.render(self.what)
        assert render is not None  # choose() gave a format of such reports
        self.put(render, report, unseen)

    def put(self, render: Render, report: Any, unseen: int = output.UNSEEN) -> None:
        """What ``render`` makes of ``report`` to where it was asked for. Otherwise as :meth:`write`."""
        output.write(self.target, self.chosen, render, report, self.verbose - self.quiet, unseen)

    def close(self, summary: str) -> None:
        """Say ``summary`` and where the result is, unless it is on standard output or talk is not wanted."""
        if self.target not in (None, "-") and not self.quiet:
            output.say(f"{summary}; {self.target} written ({self.chosen.name})")


def taken(what: str | Format, default: str = "text") -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A command gets one ``job`` in place of the options that commands share, and its own by name.

    ``what`` and ``default`` are those of :class:`Job`, whose errors the command raises.
    """
    shared = {field.name for field in fields(Job)}

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def called(
            *,
            pseudonymise: bool = False,
            map_file: str | None = None,
            key: str | None = None,
            **given: Any,
        ) -> int:
            wish = Wish(pseudonymise, map_file, key)
            own = {name: given.pop(name) for name in given.keys() - shared}
            job = Job(what=what, default=default, wish=wish, **given)
            try:
                return command(job, **own)
            finally:
                if job.begun is not None:
                    job.begun.close()

        return called

    return decorate
