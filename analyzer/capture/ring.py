"""The files of a ring buffer, each once, in the order of their writing.

dumpcap (``-b``) and tcpdump (``-C``, ``-W``, ``-G``) write one file after another, delete the oldest, or
begin with the first name again. A file is read as it grows, and complete when a newer one of its series is
there; a series are the names that differ in digits only. What was lost on the way is a :class:`Gap`.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple, cast

from analyzer.capture.capture import Capture, Unrecognised, recognise
from analyzer.capture.compression import PACKED, compression
from analyzer.capture.live import SLICE
from analyzer.capture.source import Raw, one_line
from analyzer.capture.tail import HEAD, Head, State, Tail
from analyzer.errors import CaptureError

SETTLED: Final = 60.0
"""Seconds without growth after which a file counts as closed, where nothing of its series follows."""
MAGIC: Final = 4
"""Bytes without which nothing can be said of a file: a program that buffers has created it and not more."""
REMEMBERED: Final = 4096
"""Names of files that are gone which are kept, to know their packed twins (``tcpdump -z gzip``)."""

_NUMBERED: Final = (
    re.compile(r"_(\d{5,})_\d{14}(?=\D|$)", re.ASCII),
    re.compile(r"_\d{14}_(\d{5,})(?=\D|$)", re.ASCII),
)
"""Names that dumpcap gives: number and time, or time and number (``-b nametimenum:2``)."""


class Gap(NamedTuple):
    """Packets that were written and could not be read: the file's path, and what happened to it."""

    path: str
    detail: str


@dataclass(slots=True)
class _Entry:
    """A file that waits. ``order`` is that of its first packet; files without one come last."""

    name: str
    state: State
    head: Head
    order: tuple[object, ...]


@dataclass(slots=True)
class _Done:
    """A file that was read, up to ``state.size``."""

    state: State
    head: Head
    first_time: int | None


class Ring:
    """The captures of a directory, or of one file that grows, with the gaps between them.

    The directory is looked at every ``interval`` seconds. ``idle`` is called again and again while nothing
    new is there; it says whether to go on waiting. Once it said no, what is there is read to its end, and
    that is the end of the ring.
    """

    def __init__(
        self,
        path: str,
        idle: Callable[[], bool],
        interval: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises :class:`CaptureError` for what is neither a directory nor a file."""
        self.path = path
        self._idle, self._interval, self._clock = idle, interval, clock
        if os.path.isdir(path):
            self._folder, self._only = path, ""
        elif os.path.isfile(path):
            self._folder, self._only = os.path.split(path)
        else:
            what = (
                "not a directory or file that can be followed" if os.path.exists(path) else "does not exist"
            )
            raise CaptureError(f"{path}: {what}")
        self._waiting: dict[str, _Entry] = {}
        self._done: dict[str, _Done] = {}
        self._gone: OrderedDict[str, int | None] = OrderedDict()
        self._others: dict[str, State] = {}
        self._numbers: dict[str, int] = {}
        self._gaps: list[Gap] = []
        self._current = ""
        self._tail: Tail | None = None
        self._grown = 0.0
        self._stopped = self._lost = False
        self._looked = time.monotonic()
        try:
            self._scan()
        except OSError as error:
            raise CaptureError(f"{path}: cannot be read: {one_line(error)}") from error

    @property
    def unfinished(self) -> bool:
        """Whether the capture given last may be written to still: its last record need not be whole."""
        if self._tail is None or self._followed():
            return False
        return self._clock() - self._tail.state().changed / 1e9 < SETTLED

    def __iter__(self) -> Iterator[Capture | Gap]:
        """Captures, each to be read before the next is asked for; gaps where they were met."""
        while True:
            yield from self._told()
            entry = self._next()
            if entry is None:
                if self._stopped:
                    return
                self._wait()
                self._look()
                continue
            self._skipped(entry)
            yield from self._told()
            yield from self._opened(entry)

    def _told(self) -> Iterator[Gap]:
        while self._gaps:
            yield self._gaps.pop(0)

    def _gap(self, name: str, detail: str) -> None:
        self._gaps.append(Gap(os.path.join(self._folder, name), detail))

    # ------------------------------------------------------------ one file

    def _next(self) -> _Entry | None:
        if not self._waiting:
            return None
        entry = min(self._waiting.values(), key=attrgetter("order"))
        return self._waiting.pop(entry.name)

    def _opened(self, entry: _Entry) -> Iterator[Capture | Gap]:
        path = os.path.join(self._folder, entry.name)
        try:
            tail = Tail(path, self._ended, self._wait)
        except FileNotFoundError:
            yield Gap(path, "vanished before it was read")
            return
        except OSError as error:
            self._others[entry.name] = entry.state
            yield Gap(path, f"cannot be read: {one_line(error)}")
            return
        if not tail.begins(entry.head):
            yield Gap(path, "was overwritten before it was read")
        self._current, self._tail, self._grown = entry.name, tail, self._clock()
        first_time = None

        def open_raw() -> Raw:
            tail.begin()
            return tail

        try:
            capture = Capture(path, open_raw, size=entry.state.size)
            first_time = capture.first_time
            yield capture
        except Unrecognised:
            pass
        except CaptureError as error:
            if not self.unfinished:
                self._gaps.append(Gap(path, str(error).removeprefix(f"{path}: ")))
        finally:
            self._finished(tail, first_time)
            self._current, self._tail = "", None
            tail.release()
            if time.monotonic() - self._looked >= self._interval:
                self._look()

    def _finished(self, tail: Tail, first_time: int | None) -> None:
        name, state = self._current, tail.state()
        if tail.overwritten:
            self._gap(name, "was overwritten while it was read: its last packets are missing")
        elif first_time is None and tail.furthest < MAGIC:
            self._others[name] = state  # until something is written to it
        else:
            self._done[name] = _Done(state, tail.head, first_time)

    def _skipped(self, entry: _Entry) -> None:
        """Note what dumpcap's numbers tell of files that were deleted before anybody saw them."""
        for pattern in _NUMBERED:
            found = pattern.search(entry.name)
            if found:
                series, number = _series(entry.name), int(found[1])
                missed = number - self._numbers.get(series, number) - 1
                self._numbers[series] = number
                if missed > 0:
                    files = "1 file" if missed == 1 else f"{missed} files"
                    self._gap(entry.name, f"{files} before it vanished without having been seen")
                return

    # ------------------------------------------------------------ waiting

    def _wait(self) -> bool:
        end = time.monotonic() + self._interval
        while not self._stopped:
            self._stopped = not self._idle()
            left = end - time.monotonic()
            if left <= 0 or self._stopped:
                break
            time.sleep(min(SLICE, left))
        return not self._stopped

    def _followed(self) -> bool:
        """Whether a file that waits says that the current one is complete."""
        series = _series(self._current)
        return any(_series(name) == series for name in self._waiting)

    def _ended(self) -> bool:
        """Whether the current file is complete."""
        if self._stopped or self._followed():
            return True
        tail = self._tail
        assert tail is not None
        self._look()
        if self._followed():
            return True
        try:
            path = os.path.join(self._folder, self._current)
            found = os.stat(path)
        except OSError:
            # Whoever deletes a file has done with it. A share that is not there just now is no deletion.
            return not self._lost
        if State.of(found, path).identity != tail.state().identity:
            return True
        if found.st_size > tail.position:
            self._grown = self._clock()
        settled = self._clock() - self._grown > SETTLED or tail.furthest < MAGIC
        return bool(self._waiting) and settled

    # ------------------------------------------------------------ the directory

    def _look(self) -> None:
        """Look at the directory again; one that is out of reach is a gap once."""
        self._looked = time.monotonic()
        try:
            self._scan()
        except OSError as error:
            if not self._lost:
                self._gaps.append(Gap(self._folder, f"is out of reach: {one_line(error)}"))
            self._lost = True
        else:
            self._lost = False

    def _files(self) -> dict[str, State]:
        if self._only:
            try:
                path = os.path.join(self._folder, self._only)
                return {self._only: State.of(os.stat(path), path)}
            except FileNotFoundError:
                return {}
        found = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    state = entry.stat()
                except OSError:
                    continue
                if stat.S_ISREG(state.st_mode):
                    # scandir on Windows knows no inode
                    whole = state if state.st_ino else os.stat(entry.path)
                    found[entry.name] = State.of(whole, entry.path)
        return found

    def _scan(self) -> None:
        files = self._files()
        for name in [name for name in self._waiting if name not in files]:
            del self._waiting[name]
            if not any(name + suffix in files for suffix in PACKED):
                self._gap(name, "vanished before it was read")
        for name in [name for name in self._done if name not in files]:
            self._gone[name] = self._done.pop(name).first_time
            if len(self._gone) > REMEMBERED:
                self._gone.popitem(last=False)
        self._others = {name: state for name, state in self._others.items() if name in files}
        for name in sorted(files):
            self._seen(name, files[name], files)

    def _seen(self, name: str, state: State, files: dict[str, State]) -> None:
        """Make of a file what it is: known, waiting, or of no concern."""
        if self._others.get(name) == state:
            return
        if self._tail is not None and self._tail.state().identity == state.identity:
            self._current = name  # it may have got another name
            return
        waiting, done = self._waiting.get(name), self._done.get(name)
        if (done is not None and done.state == state) or (waiting is not None and waiting.state == state):
            return
        begins = self._begins(name, state)
        if begins is None:
            return
        if done is not None and done.head.begins(begins):
            if state.size > done.state.size:
                self._gap(name, "grew after a newer file was there: what was added is not read")
            done.state = state
            return
        if self._is_another_name(name, state, begins):
            return
        if waiting is not None and not waiting.head.begins(begins):
            self._gap(name, "was overwritten before it was read")
        self._add(name, state, begins, files)

    def _begins(self, name: str, state: State) -> bytes | None:
        """The first bytes of a file; None where they are not to be had."""
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                return file.read(HEAD)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._others[name] = state
            self._gap(name, f"cannot be read: {one_line(error)}")
        return None

    def _add(self, name: str, state: State, begins: bytes, files: dict[str, State]) -> None:
        """Make a file wait, unless it is no capture, or one that was read before it was packed."""
        capture = len(begins) < MAGIC or compression(begins) or not isinstance(recognise(begins), str | None)
        stem = next((name.removesuffix(suffix) for suffix in PACKED if name.endswith(suffix)), "")
        if not capture or (stem and (stem in files or stem == self._current)):
            self._others[name] = state
            return
        first_time = self._first_time(name)
        if stem and stem in self._gone and self._gone[stem] == first_time:
            self._others[name] = state
            return
        self._done.pop(name, None)
        order = (first_time is None, first_time or 0, _natural(name))
        self._waiting[name] = _Entry(name, state, Head.of(begins), order)

    def _is_another_name(self, name: str, state: State, begins: bytes) -> bool:
        """Whether the file was read already, under another name."""
        for other, done in self._done.items():
            if done.state.identity == state.identity and other != name and done.head.begins(begins):
                self._done[name] = self._done.pop(other)
                self._done[name].state = state
                return True
        return False

    def _first_time(self, name: str) -> int | None:
        path = os.path.join(self._folder, name)
        try:
            return Capture(path, lambda: cast("Raw", open(path, "rb", buffering=0)), hashed=False).first_time
        except (CaptureError, OSError):
            return None


def _series(name: str) -> str:
    for suffix in PACKED:
        name = name.removesuffix(suffix)
    return re.sub(r"\d+", "", name)


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Names in the order of their numbers: ``ring.pcap9`` before ``ring.pcap10``."""
    return tuple(
        (1, int(part), part) if part.isdecimal() and part.isascii() else (0, 0, part)
        for part in re.split(r"(\d{1,4000})", name, flags=re.ASCII)
        if part
    )
