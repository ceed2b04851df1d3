"""``check --follow``: the lines that it prints on the way, and how it is ended."""

from __future__ import annotations

import contextlib
import datetime
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import IO, Any, Final

import click

from analyzer.cli import options, output
from analyzer.cli.job import Job
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.model import News, Report

RENEW: Final = 60.0
"""Seconds between two writings of the ``-o`` file while the capture grows."""
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LENGTH: Final = re.compile(r"(\d{1,9})([smhd])", re.ASCII)


def moment(written: str, now: datetime.datetime) -> datetime.datetime:
    """When ``--until`` ends. Raises :class:`UsageError` for what is no time, and for one that has passed."""
    length = _LENGTH.fullmatch(written)
    if length:
        return now + datetime.timedelta(seconds=int(length[1]) * SECONDS[length[2]])
    try:
        if "T" not in written and "-" not in written:
            clock = datetime.time.fromisoformat(written)
            today = datetime.datetime.combine(now.date(), clock, clock.tzinfo or now.tzinfo)
            return today if today > now else today + datetime.timedelta(days=1)
        found = datetime.datetime.fromisoformat(written)
    except ValueError:
        raise UsageError(
            f"--until {written}: give a time such as 17:30 or 2026-11-21T17:30, or a length such as 8h"
        ) from None
    found = found if found.tzinfo is not None else found.replace(tzinfo=now.tzinfo)
    if found <= now:
        raise UsageError(f"--until {written}: has passed")
    return found


@dataclass
class Wish:
    """What the options say. Raises :class:`UsageError` where they contradict each other."""

    wanted: bool
    interval: float | None
    until: str | None
    pseudonymise: bool = False
    ends: datetime.datetime | None = None

    def __post_init__(self) -> None:
        if not self.wanted and (self.interval is not None or self.until is not None):
            option = "--interval" if self.interval is not None else "--until"
            raise UsageError(f"{option}: only with --follow")
        if self.pseudonymise:
            raise UsageError("--pseudonymise: not with --follow; give it to a check of the files")
        if self.until is not None:
            self.ends = moment(self.until, datetime.datetime.now().astimezone())


@dataclass
class Run:
    """One run: prints what happens, keeps the ``-o`` file fresh, and knows when to end."""

    wish: Wish
    job: Job
    stopped: bool = False
    gone: bool = False
    """The reader of standard output went away."""
    _due: float = field(default_factory=lambda: time.monotonic() + RENEW)

    @property
    def to_file(self) -> bool:
        """Whether the report goes to a file."""
        return self.job.target not in (None, "-")

    def running(self) -> bool:
        """Whether to go on."""
        if not self.stopped and self.wish.ends is not None:
            self.stopped = datetime.datetime.now().astimezone() >= self.wish.ends
        return not self.stopped

    def tell(self, news: News) -> None:
        """Print an event."""
        from analyzer.report import live  # noqa: PLC0415 - only who follows needs it

        if self.job.events:
            self.print(_encoded(live.entry(news)))
            return
        # Another format's report has standard output for itself.
        talk = not self.to_file and self.job.chosen.name != "text"
        stream: IO[str] | None = sys.stderr if talk else sys.stdout
        if text := live.line(news, output.style(output.opened(stream), self.job.verbose - self.job.quiet)):
            if talk:
                say(text)
            else:
                self.print(text)

    def print(self, text: str) -> None:
        """A line on standard output. Where nobody reads any more, only an ``-o`` file is worth going on."""
        if self.gone:
            return
        try:
            out = output.opened(sys.stdout)
            out.write(text + "\n")
            out.flush()
        except OSError as error:
            if not output.reader_left(error):
                raise UsageError(f"standard output: {error.strerror or error}") from error
            output.silence()
            self.gone = True
            if not self.to_file:
                raise click.exceptions.Exit(0) from None

    def keep(self, report: Report) -> None:
        """Write the ``-o`` file again, so that little is lost if the machine goes down."""
        if self.to_file and time.monotonic() >= self._due:
            self.write(report)
            self._due = time.monotonic() + RENEW

    def write(self, report: Report) -> None:
        """The report as it was asked for."""
        report = replace(report, command=options.typed())
        if self.job.events and not self.to_file:
            from analyzer.report import document  # noqa: PLC0415

            self.print(_encoded({"event": "report", "report": document.whole(document.report_parts(report))}))
            return
        self.job.write(report)

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """The first Ctrl-C or termination ends the run with its report, the second at once."""

        def ended(number: int, _frame: FrameType | None) -> None:
            if self.stopped:
                raise SystemExit(128 + number)
            self.stopped = True

        before: dict[int, Any] = {}
        try:
            # Windows sends SIGBREAK where a console is closed.
            for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
                if number := getattr(signal, name, None):
                    with contextlib.suppress(ValueError):  # not in the main thread
                        before[number] = signal.signal(number, ended)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _encoded(entry: object) -> str:
    import json  # noqa: PLC0415 - only who asked for JSON needs it

    return json.dumps(entry, ensure_ascii=True, allow_nan=False)


def follow(wish: Wish, job: Job) -> Report:
    """Follow the captures of ``job``, and write the report.

    Raises :class:`analyzer.errors.PortmatrixError` where that cannot be done.
    """
    from analyzer.pipeline import follow as following  # noqa: PLC0415 - --help must not load the stages
    from analyzer.pipeline import memory  # noqa: PLC0415

    run = Run(wish, job)
    wanted = job.options()
    interval = following.INTERVAL if wish.interval is None else wish.interval
    source = following.followable(wanted)
    if not job.quiet:
        name = "standard input" if source == "-" else source
        end = "" if wish.ends is None else f" until {wish.ends:%Y-%m-%d %H:%M:%S}"
        say(f"following {name}{end}; Ctrl-C ends it and gives the report")
    memory.give_back()
    with run.signals():
        report = following.follow(wanted, following.Watch(run.running, run.tell, run.keep, interval))
        run.write(report)
    job.close(output.verdict(report))
    return report
