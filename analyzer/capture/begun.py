"""A packed capture that is decompressed from the moment it was named, while Python imports what reads it.

Nothing here needs numpy or the readers: importing those takes as long as decompressing a hundred megabytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, cast

from analyzer import processors
from analyzer.capture.compression import MAGIC_BYTES, compression
from analyzer.capture.source import Raw, Source
from analyzer.capture.windows import LARGE, WINDOW, Ahead

HEAD: Final = 1 << 16
"""Bytes that tell what is inside, read before the windows."""
WAITING: Final = 16
"""Windows that are filled before anybody asks: 32 MiB. Each of them is time that nobody waits for later."""


class Begun:
    """The source of the capture at ``path``, its first bytes, and windows of the rest, which a thread fills.

    Raises whatever opening and decompressing raise.
    """

    def __init__(self, path: str, *, hashed: bool) -> None:
        def opened() -> Raw:
            return cast("Raw", open(path, "rb", buffering=0))

        self.path = path
        self.source = Source(opened(), hashed=hashed, again=opened)
        try:
            self.head = self.source.read(HEAD)
        except BaseException:
            self.source.close()
            raise
        self.windows = Ahead(self.source, WINDOW, WAITING)
        self.windows.begin()

    def close(self) -> None:
        """End the thread and close the file, if nobody did so before."""
        self.windows.close()
        self.source.close()


def begin(sources: Sequence[str], *, hashed: bool) -> Begun | None:
    """What is begun of ``sources``: of one large compressed file, where another processor has the time.

    None otherwise, and where it cannot be read: who reads it says why. ``hashed`` asks for its hash.
    """
    if len(sources) != 1 or sources[0] == "-" or "://" in sources[0] or processors.available() < 2:
        return None
    try:
        if not os.path.isfile(sources[0]) or os.path.getsize(sources[0]) < LARGE:
            return None
        with open(sources[0], "rb", buffering=0) as file:
            packed = compression(file.read(MAGIC_BYTES))
        return Begun(sources[0], hashed=hashed) if packed else None
    except Exception:  # whatever a file or a package that is missing raises
        return None
