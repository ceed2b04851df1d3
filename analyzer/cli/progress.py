"""How far reading has come: one line on a terminal, for work that lasts."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Final, Protocol

from analyzer.report.layout import duration, number, plural, size

PATIENCE: Final = 1.0
"""Seconds before the line appears: a small capture is done by then."""
INTERVAL: Final = 0.2
"""Seconds between two updates: more often cannot be read."""
LOG_INTERVAL: Final = 30.0
"""Seconds between two lines in a log."""


class Sized(Protocol):
    """Work of which the size is known, or is not."""

    @property
    def size(self) -> int | None:
        """Bytes."""


class Meter:
    """Bytes, percentage and time left, rewritten in place on ``stream``."""

    def __init__(self, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._total: int | None = None
        self._done = 0
        self._began = self._next = 0.0
        self._width = 0

    def start(self, total: int | None) -> None:
        """``total`` bytes will be read; None where that is not known."""
        self._total, self._done = total, 0
        self._began = self._clock()
        self._next = self._began + PATIENCE

    def advance(self, count: int) -> None:
        """``count`` more bytes of input have been used."""
        self._done += count
        now = self._clock()
        if now >= self._next:
            self._next = now + INTERVAL
            self._show(self._line(now - self._began))

    def finish(self) -> None:
        """Take the line away."""
        if self._width:
            self._show("")
            self._stream.write("\r")
            self._stream.flush()
            self._width = 0

    def _line(self, elapsed: float) -> str:
        rate = self._done / elapsed if elapsed > 0 else 0.0
        line = f"read {size(self._done)}"
        if self._total:
            # A file that grows while it is read passes its announced size.
            share = min(1.0, self._done / self._total)
            line = f"{share:4.0%} {line} of {size(self._total)}"
        line += f", {size(int(rate))}/s"
        if self._total and rate and self._done < self._total:
            line += f", {duration(int((self._total - self._done) / rate) * 10**9)} left"
        return line

    def _show(self, line: str) -> None:
        self._stream.write(f"\r{line:<{self._width}}")
        self._stream.flush()
        self._width = len(line)


def meter(quiet: bool) -> Meter | None:
    """A meter on standard error where that is a terminal and talk is wanted."""
    stream = sys.stderr
    return None if quiet or stream is None or not stream.isatty() else Meter(stream)


class Tally:
    """Captures, bytes, rate, time left and failures of a fleet.

    One line, rewritten in place, where ``live`` (a terminal); else a line every LOG_INTERVAL seconds.
    """

    def __init__(
        self,
        stream: IO[str],
        jobs: Sequence[Sized],
        clock: Callable[[], float] = time.monotonic,
        *,
        live: bool = True,
    ) -> None:
        self._stream, self._clock, self._live = stream, clock, live
        self._jobs, self._done, self._failed, self._bytes = len(jobs), 0, 0, 0
        self._total = sum(job.size or 0 for job in jobs)
        self._began = clock()
        self._next = self._began + (PATIENCE if live else LOG_INTERVAL)
        self._width = 0

    def advance(self, count: int) -> None:
        """``count`` more bytes of captures are done with."""
        self._bytes += count
        self.tick()

    def finished(self, _job: Sized, failed: bool) -> None:
        """One more capture is done with."""
        self._done += 1
        self._failed += failed
        self.tick()

    def tick(self) -> None:
        """Show how far it is, if it is time to."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + (INTERVAL if self._live else LOG_INTERVAL)
        line = self._line(now - self._began)
        if self._live:
            self._stream.write(f"\r{line:<{self._width}}")
            self._width = len(line)
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def _line(self, elapsed: float) -> str:
        rate = self._bytes / elapsed if elapsed > 0 else 0.0
        said = [
            f"{number(self._done)} of {plural(self._jobs, 'capture')}",
            f"{size(self._bytes)} of {size(self._total)}",
            f"{size(int(rate))}/s",
        ]
        # Where sizes are not known, or the captures are empty, the number of captures tells.
        share = self._bytes / self._total if self._total else self._done / max(1, self._jobs)
        if 0 < share < 1:
            said.append(f"{duration(int(elapsed / share * (1 - share)) * 10**9)} left")
        said.append(f"{number(self._failed)} failed")
        return ", ".join(said)

    def finish(self) -> None:
        """Take the line away."""
        if self._width:
            self._stream.write(f"\r{'':<{self._width}}\r")
            self._stream.flush()
            self._width = 0


@contextlib.contextmanager
def counted(quiet: bool, jobs: Sequence[Sized]) -> Iterator[Tally | None]:
    """A tally on standard error for the time of a fleet's run: a line on a terminal, lines in a log."""
    stream = sys.stderr
    tally = None if quiet or stream is None else Tally(stream, jobs, live=stream.isatty())
    try:
        yield tally
    finally:
        if tally is not None:
            tally.finish()


@contextlib.contextmanager
def shown(quiet: bool) -> Iterator[Meter | None]:
    """A meter for the time of a job, whose line is gone afterwards, however the job ended."""
    made = meter(quiet)
    try:
        yield made
    finally:
        if made is not None:
            made.finish()
