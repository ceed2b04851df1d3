"""Where a capture's bytes come from: files, streams, URLs, compressed or not.

A :class:`Source` gives decompressed bytes in bounded pieces. On the way it counts and hashes the bytes
as they lie on disk. Compression is told by content (magic numbers), never by a file's name.
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from analyzer import processors
from analyzer.capture.compression import (
    MAGIC_BYTES,
    Decompressor,
    Inflating,
    compression,
    decompressor,
    inflating,
    skippable,
)

if TYPE_CHECKING:
    from typing import Self

    Buffer = bytes | bytearray | memoryview

CHUNK: Final = 1 << 20
"""The most decompressed bytes given at a time, whatever the input promises."""
STEP: Final = 1 << 14
"""Output of one decompression step. A step that meets damage gives nothing, so this much is lost at most."""
LONG_STEP: Final = 1 << 18
"""The same where a step that meets damage can be made again: threads hand over to each other less often."""
PIECE: Final = 1 << 14
"""Compressed bytes asked for at a time. Small, because what follows a member is copied: many empty
members are a bomb.
"""
HASH_PIECE: Final = 1 << 18
"""Bytes handed to the hash at a time, by a thread of its own."""
DRAIN_LIMIT: Final = 256 << 20
"""Bytes of a stream that are read for its hash after its frames have ended: an endless stream must not
hang.
"""


class Raw(Protocol):
    """A binary stream, as ``open(..., "rb")``, ``sys.stdin.buffer`` and fsspec give them."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""

    def close(self) -> None:
        """Release the stream."""


class Kept:
    """A stream that cannot be rewound, read once to look at its head and then again from the start."""

    def __init__(self, raw: Raw, *, owned: bool = True) -> None:
        self._raw = raw
        self._owned = owned
        self._head = io.BytesIO()
        self._keep = True

    def rewind(self) -> None:
        """Give from the first byte on; what is given again is not kept any longer."""
        self._head.seek(0)
        self._keep = False

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, and no waiting for more than the stream has at hand."""
        data = self._head.read(size)
        if data:
            return data
        read = getattr(self._raw, "read1", self._raw.read)
        data = read(size) or b""
        if self._keep:
            self._head.write(data)
        elif self._head.getbuffer().nbytes:
            self._head = io.BytesIO()
        return bytes(data)

    def close(self) -> None:
        """Close the stream after its second reading, unless it is somebody else's (standard input)."""
        if self._owned and not self._keep:
            self._raw.close()


class Hash:
    """SHA-256 of bytes given in order. Once they are many, a thread computes it while others are read."""

    def __init__(self) -> None:
        import hashlib  # noqa: PLC0415 - most outputs show no hash

        self._sum = hashlib.sha256()
        self._alone = processors.available() < 2
        self._pieces: list[Buffer] = []
        self._held = 0
        self._queue: queue.Queue[list[Buffer]] | None = None
        self._thread: threading.Thread | None = None

    def update(self, data: Buffer) -> None:
        """Take in ``data``, now or soon: until then it must not change."""
        if self._alone:
            self._sum.update(data)
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._held < HASH_PIECE:
            return
        if self._thread is None:
            # At most two pieces wait, so that memory stays bounded where hashing is slower than reading.
            self._queue = queue.Queue(2)
            self._thread = threading.Thread(target=self._work, args=(self._queue,), daemon=True)
            self._thread.start()
        assert self._queue is not None
        self._queue.put(self._pieces)
        self._pieces, self._held = [], 0

    def stop(self) -> None:
        """Wait for what was given; the thread ends. More may be given afterwards."""
        if self._thread is not None and self._queue is not None:
            self._queue.put([])
            self._thread.join()
            self._thread = self._queue = None
        for data in self._pieces:
            self._sum.update(data)
        self._pieces, self._held = [], 0

    def hexdigest(self) -> str:
        """The sum of all that was given."""
        self.stop()
        return self._sum.hexdigest()

    def _work(self, waiting: queue.Queue[list[Buffer]]) -> None:
        while pieces := waiting.get():
            for data in pieces:
                self._sum.update(data)


class _Packed(io.RawIOBase):
    """The raw bytes of a source, for who takes them by itself."""

    def __init__(self, into: Callable[[memoryview], int]) -> None:
        self._into = into

    def readinto(self, view: Any, /) -> int:
        """Some bytes, none at the end."""
        return self._into(view)


class Source:
    """Decompressed bytes of one input, in bounded pieces, with what went wrong on the way.

    ``limit`` is how many bytes to read from ``raw`` at most, for a look at the head. ``compression`` is
    ``"gzip"``, ``"zstd"``, ``"lz4"``, ``"xz"`` or None. ``used`` counts raw bytes. ``trouble`` is empty,
    or the code of a Problem (``read-error``, ``damaged-compression``) with ``detail``. ``again`` opens the
    same bytes once more: decompression goes in long steps then, or straight into buffers, and again in short
    steps if it meets damage.
    """

    def __init__(
        self,
        raw: Raw,
        *,
        hashed: bool = False,
        limit: int | None = None,
        again: Callable[[], Raw] | None = None,
    ) -> None:
        self._raw, self._again = raw, again
        self._hash = Hash() if hashed else None
        self._limit = limit
        self._ended = False
        self._input = b""
        self._member: Decompressor | None = None
        self._output = b""
        self._made = 0
        """Bytes that were decompressed."""
        self.used = 0
        self.trouble = self.detail = ""
        while len(self._input) < MAGIC_BYTES and (data := self._read(PIECE)):
            self._input += data
        self.compression = compression(self._input)
        if self.compression:
            self._make, self._error = decompressor(self.compression)
        self._inflating: Inflating | None = None
        if self.compression and again:
            self._inflating = inflating(self.compression, _Packed(self._take_into))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the stream; the hash is then that of what was read."""
        if self._hash:
            self._hash.stop()
        self._raw.close()
        self._inflating = None

    def _take(self, size: int) -> bytes:
        data, self._input = self._input[:size], self._input[size:]
        return data or self._read(size)

    def _take_into(self, view: memoryview) -> int:
        """As :meth:`_take`, into what is used again soon: the hash gets a copy."""
        if not self._input and self._hash is None:
            return self._read_into(view)
        data = self._take(len(view))
        view[: len(data)] = data
        return len(data)

    def _read(self, size: int) -> bytes:
        if self._limit is not None:
            size = min(size, self._limit - self.used)
        if self._ended or size <= 0:
            return b""
        try:
            data = self._raw.read(size)
        except Exception as error:  # a remote file system raises whatever its client library raises
            self._fail("read-error", f"reading stopped at byte {self.used}: {one_line(error)}")
            data = b""
        self._ended = not data
        self.used += len(data)
        if self._hash:
            self._hash.update(data)
        return data

    def _read_into(self, view: memoryview) -> int:
        """As :meth:`_read`, without bytes in between where the stream can do that."""
        into = getattr(self._raw, "readinto", None)
        if into is None or self._ended or self._limit is not None:
            data = self._read(len(view))
            view[: len(data)] = data
            return len(data)
        try:
            have = into(view) or 0
        except Exception as error:  # as above
            self._fail("read-error", f"reading stopped at byte {self.used}: {one_line(error)}")
            have = 0
        self._ended = not have
        self.used += have
        if self._hash:
            self._hash.update(view[:have])
        return have

    def _fail(self, code: str, detail: str) -> None:
        if not self.trouble:
            self.trouble, self.detail = code, detail

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes (at least 1 is asked for); none at the end, also where damage ends it."""
        most = min(size, CHUNK)
        parts, have = [self._output], len(self._output)
        while self.compression and have < most and (step := self._step()):
            parts.append(step)
            have += len(step)
        if have or self.compression:
            out = b"".join(parts)
            self._output = out[most:]
            return out[:most]
        return self._take(size)

    def fill(self, view: memoryview) -> int:
        """Fill ``view`` as far as there is anything; how many bytes, none at the end.

        The hash may look at ``view`` later: it must not change before nobody holds a view of it.
        """
        most = len(view)
        if not self.compression:
            data, self._input = self._input[:most], self._input[most:]
            view[: len(data)] = data
            return len(data) or self._read_into(view)
        have = 0
        while have < most:
            if self._inflating and not self._output:
                have += self._inflate(view[have:])
                if self._inflating:
                    break
            step = self._output or self._decompress()
            if not step:
                break
            piece = step[: most - have]
            view[have : have + len(piece)] = piece
            have += len(piece)
            self._output = step[len(piece) :]
        return have

    def _inflate(self, view: memoryview) -> int:
        """As :meth:`fill`, without bytes in between. Damage ends that: steps give what is to be had then."""
        assert self._inflating is not None
        assert self._again is not None
        try:
            have = self._inflating.readinto(view)
        except Exception:  # whatever it is that cannot be read, who goes on carefully tells
            self._output = self._carefully(self._again)
            return 0
        self._made += have
        return have

    def _step(self) -> bytes:
        """Some bytes, or none at the end or at damage."""
        if self._inflating is None:
            return self._decompress()
        view = memoryview(bytearray(LONG_STEP))
        have = self._inflate(view)
        if self._inflating:
            return bytes(view[:have])
        step, self._output = self._output, b""
        return step

    def _decompress(self) -> bytes:
        """The same, by the decompressor of a member."""
        while True:
            member = self._member
            if member is None or member.eof:
                if not self._next_member():
                    return b""
                member = self._member
                assert member is not None
            data = b""
            if member.needs_input:
                data, self._input = self._input or self._read(PIECE), b""
                if not data:
                    if not self._cut_short():
                        self._fail("damaged-compression", f"the {self.compression} data ends early")
                    return b""
            try:
                out = member.decompress(data, LONG_STEP if self._again else STEP)
            except (self._error, EOFError, MemoryError) as error:
                return self._carefully(self._again) if self._again else self._damaged(one_line(error))
            if member.eof:
                self._input = member.unused_data or b""
            if out:
                self._made += len(out)
                return out

    def _carefully(self, again: Callable[[], Raw]) -> bytes:
        """The bytes that follow those given so far, read from the start in short steps, which go on."""
        known, self._again, self._inflating = self._made, None, None
        self.trouble = self.detail = ""
        self._raw.close()
        try:
            self._raw = again()
        except Exception as error:  # as where it is read
            self._fail("read-error", f"reading stopped at byte {self.used}: {one_line(error)}")
            self.stop()
            return b""
        if self._hash:
            self._hash.stop()
            self._hash = Hash()
        self._input, self._member, self._ended, self._made, self.used = b"", None, False, 0, 0
        step = b"more"
        while step and self._made <= known:
            step = self._decompress()
        return step[len(step) - (self._made - known) :] if step else b""

    def _cut_short(self) -> bool:
        """Whether the end came from ``limit``, not from the input."""
        return self._limit is not None and self.used >= self._limit

    def _damaged(self, why: str) -> bytes:
        self._fail(
            "damaged-compression", f"the {self.compression} data is damaged near byte {self.used}: {why}"
        )
        self.stop()
        return b""

    def _next_member(self) -> bool:
        """Begin the next member, or say why there is none."""
        first = self._member is None
        while len(self._input) < MAGIC_BYTES and (data := self._read(PIECE)):
            self._input += data
        if not first:
            # gzip and xz allow zeros between and after members (tape blocks, stream padding).
            while not self._input.strip(b"\0") and (data := self._read(PIECE)):
                self._input = data
            self._input = self._input.lstrip(b"\0")
            while len(self._input) < MAGIC_BYTES and (data := self._read(PIECE)):
                self._input += data
            if not self._input:
                return False
            if compression(self._input) != self.compression and not (
                self.compression == "lz4" and skippable(self._input)
            ):
                self._fail(
                    "damaged-compression", f"bytes that are not {self.compression} follow the compressed data"
                )
                self.stop()
                return False
        self._member = self._make()
        return True

    def stop(self) -> None:
        """Give nothing more; what is left is only read by :meth:`drain`."""
        self._input = b""
        self.compression, self._limit = None, self.used

    def drain(self, limit: int | None = None) -> bool:
        """Read what is left, for the hash and the count of bytes. False if ``limit`` bytes were not
        enough.
        """
        self._limit = None if limit is None else self.used + limit
        self.compression = None
        while self._read(CHUNK):
            pass
        return self._ended

    @property
    def sha256(self) -> str:
        """Hex digest of the raw bytes read; empty unless ``hashed``, and where reading failed."""
        return self._hash.hexdigest() if self._hash and self.trouble != "read-error" else ""


def one_line(error: BaseException) -> str:
    """What an exception says, on one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__
