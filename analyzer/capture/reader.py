"""What the container readers share: limits, the problems they meet, and the shape of a reader.

A reader is given a window of bytes and says which frames it found and how far it came. It never reads
files. What begins in one window and ends in the next stays where it is: the reader says how many bytes
it needs, and is called again with a window that begins at the unfinished record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from analyzer.model import Lost, Problem
from analyzer.tables import FRAMES, Columns

try:
    from analyzer.capture import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled walks, None where they were not built."""

Array = np.ndarray[Any, Any]
Octets = bytes | memoryview

BATCH_FRAMES: Final = 16_384
"""Frames in a batch: small enough that its columns stay in the processor's cache."""
MAX_FRAME: Final = 262_144
"""The largest frame that pcap tools write or accept (libpcap's MAXIMUM_SNAPLEN, Wireshark's
WTAP_MAX_PACKET_SIZE_STANDARD).
"""
MAX_BLOCK: Final = 16 << 20
"""The largest pcapng block and snapshot length believed, as in libpcap. A length beyond it is damage,
not data.
"""
RESYNC_RANGE: Final = 4 << 20
"""Bytes of damage that are searched at a time for the next whole record."""
MAX_RESYNCS: Final = 1000
"""After so many damaged places the rest of a file is not worth the time, unless much lies between them."""
FRAMES_A_RESYNC: Final = 64
"""So many frames between two damaged places are worth it: reading them takes about as long as a search."""

_INT64: Final = (-(1 << 63), (1 << 63) - 1)


class Unreadable(Exception):
    """The file header says that the rest cannot be read. ``str()`` says why."""


class Taken(NamedTuple):
    """What a reader made of a window: ``frames`` (FRAMES), the place it came to, the bytes it needs from
    there on.

    ``need`` is 0 where there is more to be had from the same window. ``stamped`` tells the frames that
    have a time stamp of their own; None: all. ``buffer`` is where the frames lie; None: in the window.
    """

    frames: Columns | None
    position: int
    need: int
    stamped: Array | None = None
    buffer: bytes | None = None


class Reader(Protocol):
    """One container format."""

    format: str
    problems: Problems
    done: bool
    """Whether the frames have ended: nothing that follows can be read."""

    @property
    def link_types(self) -> tuple[str, ...]:
        """Names of the link types of the interfaces met so far, in order of first appearance."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Capture filters that the file states, as libpcap reads them, in order of first appearance."""

    def take(self, buffer: Octets, start: int, final: bool) -> Taken:
        """Frames in ``buffer`` from ``start`` on, at most BATCH_FRAMES.

        ``final`` says that the input ends with the buffer. Raises :class:`Unreadable` for the file
        header only.
        """


@dataclass(slots=True)
class Place:
    """A damaged place while it is searched: what is wrong there, the time in ns of the frame before it, the
    bytes passed over so far, and whether it is only that the input ends inside a record.
    """

    what: str
    before: int | None
    bytes: int = 0
    cut: bool = False


class Problems:
    """Problems met, one of each code: the first with its detail and frame, the others counted.

    ``packets`` is the number of frames given so far: the frame that a problem touches is the next one.
    ``last`` is the time of the last of them that has one.
    """

    def __init__(self) -> None:
        self.packets = 0
        self.last: int | None = None
        self._met: dict[str, Problem] = {}
        self._open: tuple[str, int | None] | None = None

    def gave(self, times: Array, stamped: bool = True) -> None:
        """Count frames given; ``stamped`` says whether ``times`` are their own."""
        self.packets += len(times)
        if not len(times) or not stamped:
            return
        self.last = int(times[-1])
        if self._open is not None:
            code, before = self._open
            problem = self._met[code]
            assert problem.lost is not None
            self._met[code] = replace(problem, lost=problem.lost.until(before, int(times[0])))
            self._open = None

    def lose(self, code: str, place: Place) -> None:
        """Note damage and what could not be read there; the next frame given is the first behind it."""
        self.add(code, place.what, lost=Lost(place.bytes, first=place.before))
        self._open = code, place.before

    def hopeless(self, places: int) -> bool:
        """Note that reading ends here if so many damaged places are too many for what lies between them."""
        if places <= MAX_RESYNCS + self.packets // FRAMES_A_RESYNC:
            return False
        self.add("too-much-damage", f"after {places - 1} damaged places reading ended: the rest was not read")
        return True

    def add(
        self,
        code: str,
        detail: str,
        *,
        frame: int | None = None,
        count: int = 1,
        damage: bool = True,
        lost: Lost | None = None,
    ) -> None:
        """Note a problem; ``frame`` is the next frame unless given."""
        frame = self.packets + 1 if frame is None else frame
        problem = Problem(code, detail, frame, count, damage, lost)
        known = self._met.get(code)
        self._met[code] = problem if known is None else known.with_more(problem)

    def listed(self) -> tuple[Problem, ...]:
        """In order of first appearance."""
        return tuple(self._met.values())


def table(**columns: Array | int) -> Columns:
    """A FRAMES table of these columns; a number stands for a column of equal values."""
    rows = next(len(column) for column in columns.values() if not isinstance(column, int))
    frames = FRAMES.empty(rows)
    for name, column in columns.items():
        frames[name][:] = column
    # A capture may state a length on the wire below what it holds; the bytes themselves are better evidence.
    np.maximum(frames["wire"], frames["captured"], out=frames["wire"])
    return frames


def room(rows: int) -> Columns:
    """A FRAMES table to be filled: its values are what was in memory."""
    return {column.name: np.empty(rows, column.dtype) for column in FRAMES.columns}


def gather(buffer: Octets, positions: Array, words: int, order: str) -> Array:
    """``words`` unsigned 32-bit numbers at each position, shape ``(len(positions), words)``."""
    octets = np.frombuffer(buffer, "u1")
    index = positions[:, None] + np.arange(4 * words)
    return np.ascontiguousarray(octets.take(index, mode="clip")).view(order + "u4")


def clamp(nanoseconds: int) -> int:
    """``nanoseconds`` within a signed 64-bit number."""
    return min(max(nanoseconds, _INT64[0]), _INT64[1])
