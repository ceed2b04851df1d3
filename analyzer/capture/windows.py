"""Windows of a source's bytes: what a reader is shown, one after the other.

What begins in one window and ends in the next is put before it. :class:`Plain` is for what has to be taken
as it comes. :class:`Reused` reads large files, :class:`Ahead` decompresses them beside whoever walks and
decodes: another processor is worth it only there, for what one has just read is in its own cache.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Final, NamedTuple

from analyzer.ahead import ahead

if TYPE_CHECKING:
    from typing import Self

    from analyzer.capture.reader import Octets
    from analyzer.capture.source import Source

WINDOW: Final = 1 << 21
"""Bytes of (decompressed) capture looked at together; a larger record is read whole all the same."""
LARGE: Final = 4 << 20
"""The least size of a file, as it lies on disk, that is worth buffers of its own or a thread."""
HEADROOM: Final = 1 << 16
"""Bytes before a window for the record that began in the one before: more than most frames have."""
WAITING: Final = 2
"""Windows that are filled ahead. Few: they should still be in the processor's cache when they are read."""


class Window(NamedTuple):
    """A reader goes on at ``start`` of ``buffer``; ``final`` says that the source ends with it."""

    buffer: Octets
    start: int
    final: bool


class Plain:
    """Windows of ``size`` bytes, read when they are asked for."""

    def __init__(self, source: Source, size: int) -> None:
        self._source, self._size = source, size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to end."""

    def after(self, rest: Octets, need: int) -> Window:
        """``rest`` and what follows it: at least ``need`` bytes in all, unless the source ends."""
        parts, have, final = [rest], len(rest), False
        while have < need and not final:
            data = self._source.read(max(self._size, need - have))
            final = not data
            parts.append(data)
            have += len(data)
        return Window(b"".join(parts), 0, final)


class Reused:
    """The same in a few buffers that are used again and again, for fresh memory is slow.

    A buffer is used again once nobody holds a view of it: batches may be kept as long as anyone likes.
    """

    def __init__(self, source: Source, size: int) -> None:
        self._source, self._size = source, size
        self._used: deque[bytearray] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to end."""

    def after(self, rest: Octets, need: int) -> Window:
        """``rest`` and what follows it: at least ``need`` bytes in all, unless the source ends."""
        filled, have = self._next()
        if len(rest) <= HEADROOM and len(rest) + have >= need:
            start = HEADROOM - len(rest)
            filled[start:HEADROOM] = rest
            window = memoryview(filled).toreadonly()[: HEADROOM + have]
            self._used.append(filled)
            return Window(window, start, final=False)
        parts = [bytes(rest)]
        total = len(rest)
        while have:
            parts.append(bytes(filled[HEADROOM : HEADROOM + have]))
            total += have
            self._used.append(filled)
            if total >= need:
                break
            filled, have = self._next()
        return Window(b"".join(parts), 0, final=not have)

    def _next(self) -> tuple[bytearray, int]:
        """A filled buffer and how many bytes there are behind its headroom: none at the end."""
        buffer = self._buffer()
        return buffer, self._source.fill(memoryview(buffer)[HEADROOM : HEADROOM + self._size])

    def _buffer(self) -> bytearray:
        for _ in range(len(self._used)):
            buffer = self._used.popleft()
            if _free(buffer):
                return buffer
            self._used.append(buffer)
        return bytearray(HEADROOM + self._size + 1)


class Ahead(Reused):
    """The same, filled by a thread. Until the end of the ``with`` block the source is that thread's alone.

    ``waiting`` windows are filled that nobody asked for, besides the one in work.
    """

    def __init__(self, source: Source, size: int, waiting: int = WAITING - 1) -> None:
        super().__init__(source, size)
        self._filled = ahead(self._filling(), None, waiting=waiting)
        self._begun = False

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self) -> None:
        """Let the thread begin, unless it has."""
        if not self._begun:
            self._begun = True
            next(self._filled)

    def close(self) -> None:
        """Let the thread end."""
        self._filled.close()

    def _filling(self) -> Generator[tuple[bytearray, int], None, None]:
        # Nobody waits for the first item, which only starts the thread.
        yield bytearray(), 0
        have = 1
        while have:
            filled = super()._next()
            have = filled[1]
            yield filled

    def _next(self) -> tuple[bytearray, int]:
        return next(self._filled, None) or (bytearray(HEADROOM), 0)


def _free(buffer: bytearray) -> bool:
    """Whether nobody holds a view: Python lets nobody change the length of a buffer in use."""
    try:
        buffer.pop()
    except BufferError:
        return False
    buffer.append(0)
    return True
