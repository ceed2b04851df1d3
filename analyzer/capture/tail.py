"""A file that is still being written: reading it waits where the writer has not come further."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from analyzer.capture.find import identity

HEAD: Final = 4096
"""Bytes at a file's beginning that tell it from another one of the same name: they hold a packet's time."""


class State(NamedTuple):
    """What tells that a file changed."""

    identity: tuple[int, int | str]
    size: int
    changed: int

    @classmethod
    def of(cls, found: os.stat_result, path: str) -> State:
        """Of what ``stat`` says of ``path``."""
        return cls(identity(found, path), found.st_size, found.st_mtime_ns)


class Head(NamedTuple):
    """The first bytes of a file, as far as they were there."""

    length: int
    digest: bytes

    @classmethod
    def of(cls, data: bytes) -> Head:
        """Of the first bytes."""
        return cls(len(data), hashlib.sha256(data).digest())

    def begins(self, data: bytes) -> bool:
        """Whether ``data`` begins so; the file may have been shorter then."""
        return len(data) >= self.length and Head.of(data[: self.length]) == self


class Tail:
    """A file that may grow, as a raw stream that can be begun again.

    ``ended`` says whether its end is its end; ``wait`` waits a while, and says whether to go on waiting.
    """

    def __init__(self, path: str, ended: Callable[[], bool], wait: Callable[[], bool]) -> None:
        """Raises ``OSError`` where it cannot be opened."""
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - release() closes it
        self._path = path
        self._ended, self._wait = ended, wait
        self._head = b""
        self.position = self.furthest = 0
        self.overwritten = False

    @property
    def head(self) -> Head:
        """The first bytes, as far as they were read."""
        return Head.of(self._head)

    def state(self) -> State:
        """Its state now; the size is what was read."""
        return State.of(os.fstat(self._file.fileno()), self._path)._replace(size=self.furthest)

    def begins(self, head: Head) -> bool:
        """Whether the file still begins with ``head``."""
        self._file.seek(0)
        data = self._file.read(head.length)
        self._file.seek(self.position)
        return head.begins(data)

    def begin(self) -> None:
        """Give from the first byte on."""
        self._file.seek(0)
        self.position = 0

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, at least one but at the end."""
        final = False
        while not self.overwritten:
            data = cast("bytes", self._file.read(size))
            if not self._same(data):
                self.overwritten = True
                break
            if data or final:
                self.position += len(data)
                self.furthest = max(self.furthest, self.position)
                return data
            # The writer closes a file before it begins the next one: what it wrote last is there now.
            final = self._ended() or not self._wait()
        return b""

    def _same(self, data: bytes) -> bool:
        """Whether the file still begins as it did, and has not become shorter."""
        if self.position == len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        if os.fstat(self._file.fileno()).st_size < self.position:
            return False
        self._file.seek(0)
        known = self._head == self._file.read(len(self._head))
        self._file.seek(self.position + len(data))
        return known

    def close(self) -> None:
        """Nothing: a second reading begins on the same file, even where its name is gone by then."""

    def release(self) -> None:
        """Close the file."""
        self._file.close()
