"""Compressed streams: told by their magic numbers, decompressed member by member in bounded steps."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

PACKED: Final = (".gz", ".zst", ".lz4", ".xz")
"""How the names of compressed captures end."""
INPUT: Final = 1 << 17
"""Compressed bytes that who fills buffers reads at a time."""
XZ_MEMORY: Final = 128 << 20
"""Memory that an xz file may ask for; ``xz -9`` needs 65 MiB."""


class Decompressor(Protocol):
    """One member of a compressed stream, as the standard library's ``lzma`` and zstd modules have it."""

    @property
    def eof(self) -> bool:
        """Whether the member's end was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether more output needs more input."""

    @property
    def unused_data(self) -> bytes | None:
        """What follows the member; lz4 has None for nothing."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most ``max_length`` more bytes of output."""


class Inflating(Protocol):
    """A compressed stream that fills buffers: no bytes are made in between."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill ``buffer`` as far as there is anything; how many bytes, none at the end."""


class _Inflate:
    """A gzip member behind the interface above: zlib's objects keep no input of their own."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._spilled = False

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not (self._spilled or self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = bytes(self._inner.decompress(self._inner.unconsumed_tail + data, max_length))
        # A full piece may leave output inside zlib although all input was taken.
        self._spilled = bool(self._inner.unconsumed_tail) or len(out) == max_length
        return out


def _gzip() -> tuple[Callable[[], Decompressor], type[Exception]]:
    """The isal package decompresses more than twice as fast as zlib; it is not built for every processor."""
    igzip: Any
    try:
        from isal import igzip_lib as igzip  # noqa: PLC0415 - most captures are not compressed
    except ImportError:
        return lambda: _Inflate(zlib.decompressobj(wbits=31)), zlib.error
    return lambda: igzip.IgzipDecompressor(flag=igzip.DECOMP_GZIP), igzip.error


def inflating(name: str, raw: Any) -> Inflating | None:
    """What fills buffers with all members of ``raw``, a stream with ``readinto``; None where nothing does.

    It is what ``isal.igzip.open`` reads with. At damage it raises, whatever it had put into that buffer.
    """
    if name != "gzip":
        return None
    try:
        from isal import isal_zlib  # noqa: PLC0415 - most captures are not compressed
    except ImportError:
        return None
    reader = getattr(isal_zlib, "_GzipReader", None)
    return reader and reader(raw, INPUT)


def zstd_module() -> Any:
    """The standard library's zstd module, or what stands in for it before Python 3.14."""
    zstd: Any
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - most captures are not compressed
    else:
        from backports import zstd  # noqa: PLC0415 - most captures are not compressed
    return zstd


def _zstd() -> tuple[Callable[[], Decompressor], type[Exception]]:
    zstd = zstd_module()
    return zstd.ZstdDecompressor, zstd.ZstdError


def _lz4() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import lz4.frame  # noqa: PLC0415 - most captures are not compressed

    return lz4.frame.LZ4FrameDecompressor, RuntimeError


def _xz() -> tuple[Callable[[], Decompressor], type[Exception]]:
    import lzma  # noqa: PLC0415 - most captures are not compressed

    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY), lzma.LZMAError


_CODECS: Final = {
    b"\x1f\x8b\x08": ("gzip", _gzip),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    b"\x04\x22\x4d\x18": ("lz4", _lz4),
    b"\xfd7zXZ\x00": ("xz", _xz),
}
MAGIC_BYTES: Final = max(map(len, _CODECS))
"""Bytes needed to tell every compression."""


def compression(head: bytes) -> str | None:
    """The compression that ``head`` begins, or None."""
    if skippable(head):
        return "zstd"
    return next((name for magic, (name, _) in _CODECS.items() if head.startswith(magic)), None)


def decompressor(name: str) -> tuple[Callable[[], Decompressor], type[Exception]]:
    """What makes a decompressor for a member of that compression, and what it raises at damage.

    That may be ``EOFError`` and ``MemoryError`` as well. Raises ``ImportError`` without its package.
    """
    return next(codec for known, codec in _CODECS.values() if known == name)()


def skippable(head: bytes) -> bool:
    """Whether ``head`` begins a frame without content, which zstd and lz4 share (RFC 8878, section 3.1.2)."""
    return head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5
