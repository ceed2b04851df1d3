"""A stream that somebody writes just now: reading it never keeps the reader from its other work."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from analyzer.capture.source import Raw

PIECE: Final = 1 << 16
"""Bytes read at a time, fewer where the writer has not written as many."""
PIECES: Final = 1024
"""Pieces that wait at most, 64 MiB: then the writer has to, and loses packets."""
SLICE: Final = 0.2
"""Seconds between two calls of ``idle``: how long Ctrl-C may take to be heard."""
GRACE: Final = 2.0
"""Seconds that a writer gets to write its last bytes once the reader wants to end: Ctrl-C reaches both."""


class Live:
    """A raw stream on ``raw``, such as a pipe, that a thread reads ahead.

    ``idle`` is called again and again while nothing is there; it says whether to go on waiting. Once it said
    no the stream ends, at its own end or after GRACE seconds.
    """

    def __init__(
        self, raw: Raw, idle: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        # A thread that stands in a buffered read at the end of the program would hold the lock of the buffer.
        self._raw: Raw = getattr(raw, "raw", raw)
        self._idle, self._clock = idle, clock
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(PIECES)
        self._rest = b""
        self._over = False
        self._until: float | None = None
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        read = getattr(self._raw, "read1", self._raw.read)
        try:
            while data := read(PIECE):
                self._pieces.put(data)
            self._pieces.put(b"")
        except Exception as error:  # told to whoever reads, where it is a problem of the capture
            self._pieces.put(error)

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, at least one but at the end. Raises what reading the stream raised."""
        while not self._rest and not self._over:
            piece = self._next()
            if isinstance(piece, Exception):
                self._over = True
                raise piece
            if piece is not None:
                self._rest, self._over = piece, not piece
        data = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(data) :]
        return data

    def _next(self) -> bytes | Exception | None:
        left = SLICE if self._until is None else max(0.0, self._until - self._clock())
        try:
            return self._pieces.get(timeout=left)
        except queue.Empty:
            pass
        if self._until is None:
            if not self._idle():
                self._until = self._clock() + GRACE
            return None
        return b""

    def close(self) -> None:
        """Nothing: the stream is somebody else's, and the thread may stand in the middle of a read."""
