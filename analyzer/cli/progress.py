"""How far reading has come: one line on a terminal, for work that lasts."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Final

from analyzer.report.layout import duration, size

PATIENCE: Final = 1.0
"""Seconds before the line appears: a small capture is done by then."""
INTERVAL: Final = 0.2
"""Seconds between two updates: more often cannot be read."""


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


@contextlib.contextmanager
def shown(quiet: bool) -> Iterator[Meter | None]:
    """A meter for the time of a job, whose line is gone afterwards, however the job ended."""
    made = meter(quiet)
    try:
        yield made
    finally:
        if made is not None:
            made.finish()
