"""One capture: its frames in batches, and what is known of it once they have been read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Final

from analyzer import processors
from analyzer.capture import blocks, pcap, pcapng
from analyzer.capture.begun import Begun
from analyzer.capture.reader import MAX_BLOCK, Octets, Reader, Taken, Unreadable
from analyzer.capture.source import DRAIN_LIMIT, Raw, Source
from analyzer.capture.windows import LARGE, WINDOW, Ahead, Plain, Reused
from analyzer.errors import CaptureError
from analyzer.model import Problem
from analyzer.tables import Batch, Columns

PEEK_WINDOW: Final = 1 << 16
PEEK_LIMIT: Final = MAX_BLOCK + WINDOW
"""Bytes of a file looked at for its first packet. Where none is found by then the capture counts as one
without a time.
"""
HEADER_BYTES: Final = 28
"""Enough bytes to recognise any format, and to tell a capture from a file that is cut inside its header."""

_OTHERS: Final = (
    (b"snoop\0\0\0", "a snoop capture"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture"),
    (b"GMBU", "a Microsoft Network Monitor 2 capture"),
    (b"XCP\0", "a Sniffer (NetXRay) capture"),
    (b"TRSNIFF data", "a Sniffer (DOS) capture"),
    (b"ObserverPktBuffe", "a Network Instruments Observer capture"),
    (b"\x7fver", "a WildPackets Peek capture"),
    (b"\x1c\x00\x01\xab", "an IXIA lcap capture"),
    (b"\x1c\x00\x01\xac", "an IXIA lcap capture"),
    (b"\xab\x01\x00\x1c", "an IXIA lcap capture"),
    (b"\xac\x01\x00\x1c", "an IXIA lcap capture"),
)
_NO_CAPTURES: Final = (
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "bzip2 data: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


class Unrecognised(CaptureError):
    """Content that is no capture in any format: what a directory of captures may hold beside them."""


def recognise(head: bytes) -> Reader | str | None:
    """The reader for a file that begins with ``head``; else what it looks like; None for no idea."""
    if head[:4] in pcap.MAGICS:
        return pcap.PcapReader()
    if head[:4] == blocks.MAGIC:
        return pcapng.PcapngReader()
    for magic, what in _OTHERS + _NO_CAPTURES:
        if head.startswith(magic):
            return what
    if head and all(octet in b"\t\n\r\x1b" or octet >= 32 for octet in head[:HEADER_BYTES]):
        return "an HTML page" if head.lstrip()[:5].lower() in (b"<html", b"<!doc") else "text"
    return None


class Capture:
    """One capture file or stream.

    Attributes:
        path: as given; ``-`` for standard input.
        format: ``"pcap"`` or ``"pcapng"``.
        compression: what it is packed with, as :class:`Source` names it; None for nothing.
        open: opens its bytes as they lie on disk.
        size: bytes on disk (compressed, where it is); None for a stream.
        first_time: time of the first frame in the file, in ns; None where a look at the head found none.
        hashed: whether ``sha256`` is asked for.
        begun: what was begun before it was found, if anything: :meth:`batches` goes on with it, once.
        sha256: of the bytes as they lie on disk, once read; empty unless asked for, and for a stream that
            does not end.
        packets, bytes, first, last: frames, their bytes on the wire, earliest and latest time in ns (None
            without any time stamp). Complete once :meth:`batches` is exhausted, as are the properties.

    """

    def __init__(
        self,
        path: str,
        open_raw: Callable[[], Raw],
        *,
        size: int | None = None,
        hashed: bool = True,
        window: int = WINDOW,
    ) -> None:
        """Look at the head. Raises :class:`CaptureError` where it is not a capture that can be read."""
        self.path, self.size = path, size
        self.open, self.hashed, self._window = open_raw, hashed, window
        self.begun: Begun | None = None
        self.sha256 = ""
        self._source_problem: Problem | None = None
        self._reset()
        self.format = ""
        self.first_time: int | None = None
        with Source(open_raw(), limit=PEEK_LIMIT) as source:
            self.compression = source.compression
            reader, head = self._begin(source)
            self.format = reader.format
            for _ in self._walk(reader, Plain(source, PEEK_WINDOW), head):
                if self.first_time is not None:
                    break
        self._reset()

    def _reset(self) -> None:
        self.packets = self.bytes = 0
        self.first: int | None = None
        self.last: int | None = None
        self._reader: Reader | None = None

    @property
    def name(self) -> str:
        """The path as error lines show it."""
        return "standard input" if self.path == "-" else self.path

    @property
    def large(self) -> bool:
        """Whether it is a file that is worth buffers of its own or a thread."""
        return self.size is not None and self.size >= LARGE and os.path.isfile(self.path)

    @property
    def reader(self) -> Reader | None:
        """The reader of the batch last given: what it knows beyond the frames' columns."""
        return self._reader

    @property
    def link_types(self) -> tuple[str, ...]:
        """Names of the interfaces' link types, in order of first appearance."""
        return self._reader.link_types if self._reader else ()

    @property
    def filters(self) -> tuple[str, ...]:
        """Capture filters that the file states."""
        return self._reader.filters if self._reader else ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be used; frames count from 1 within this capture."""
        met = self._reader.problems.listed() if self._reader else ()
        if self._source_problem is None:
            return met
        # A capture that ends early because its compressed data does is one damage, not two.
        return (*(problem for problem in met if problem.code != "truncated-file"), self._source_problem)

    def batches(self, advance: Callable[[int], None] | None = None) -> Iterator[Batch]:
        """The frames, in file order, at most BATCH_FRAMES and a bounded window of bytes at a time.

        ``advance`` is told how many bytes of the input, as it lies on disk, were used since it was last
        told. Damage is never raised: it ends up in :attr:`problems`. Raises :class:`CaptureError` where
        the file can no longer be opened. A stream can be read once only.
        """
        self._reset()
        self._source_problem = None
        begun, self.begun = self.begun, None
        with begun.source if begun else self._source() as source:
            told = 0
            windows = begun.windows if begun else self._windows(source)
            reader, head = self._begin(source, begun.head if begun else b"")
            self._reader = reader
            for batch in self._walk(reader, windows, head):
                if advance and source.used > told:
                    advance(source.used - told)
                    told = source.used
                yield batch
            if source.trouble:
                frame = self.packets + 1
                self._source_problem = Problem(source.trouble, source.detail, frame)
            if self.hashed and source.drain(DRAIN_LIMIT if self.size is None else None):
                self.sha256 = source.sha256
            if advance and source.used > told:
                advance(source.used - told)

    def _source(self) -> Source:
        try:
            raw = self.open()
        except OSError as error:
            raise CaptureError(f"{self.name}: cannot be read: {error.strerror or error}") from error
        return Source(raw, hashed=self.hashed, again=self.open if self.large else None)

    def _begin(self, source: Source, head: bytes = b"") -> tuple[Reader, bytes]:
        while len(head) < HEADER_BYTES and (data := source.read(PEEK_WINDOW)):
            head += data
        if not head:
            if source.trouble:
                raise CaptureError(f"{self.name}: {source.detail}")
            if source.used:
                raise Unrecognised(f"{self.name}: the {source.compression} data inside is empty")
            raise Unrecognised(f"{self.name}: the file is empty (0 bytes)")
        reader = recognise(head)
        if reader is None or isinstance(reader, str):
            known = any(reader == what for _, what in _OTHERS)
            looks = f": it looks like {reader}" if reader else ""
            inside = f" inside the {source.compression} data" if source.compression else ""
            error = CaptureError if known else Unrecognised
            raise error(f"{self.name}: not a pcap or pcapng capture{inside}{looks}")
        return reader, head

    def _windows(self, source: Source) -> Plain | Reused:
        """Streams give what they have when they have it, and may never give more: nobody waits there."""
        if not self.large:
            return Plain(source, self._window)
        ahead = source.compression is not None and processors.available() > 1
        return (Ahead if ahead else Reused)(source, self._window)

    def _walk(self, reader: Reader, windows: Plain | Reused, head: bytes) -> Iterator[Batch]:
        """Windows in, batches out. What a window does not finish is carried over to the next."""
        buffer: Octets = head
        start, final = 0, False
        with windows:
            while not reader.done:
                try:
                    taken = reader.take(buffer, start, final)
                except Unreadable as error:
                    raise CaptureError(f"{self.name}: {error}") from None
                start = taken.position
                if taken.frames is not None and len(taken.frames["time"]):
                    self._count(taken)
                    yield Batch(buffer, taken.frames)
                if taken.need and not final:
                    rest = buffer[start:]
                    del buffer
                    buffer, start, final = windows.after(rest, taken.need)
                    del rest

    def _count(self, taken: Taken) -> None:
        assert taken.frames is not None
        frames: Columns = taken.frames
        self.packets += len(frames["time"])
        self.bytes += int(frames["wire"].sum())
        stamps = frames["time"] if taken.stamped is None else frames["time"][taken.stamped]
        if len(stamps):
            if self.first_time is None:
                self.first_time = int(stamps[0])
            first, last = int(stamps.min()), int(stamps.max())
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)
