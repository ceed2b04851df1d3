"""Compressions: told by their first bytes, and the same bytes whatever the steps."""

from __future__ import annotations

import gzip
import io
import random
import struct
import sys
import zlib
from typing import Any

import pytest
from captures import PACKERS
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.compression import MAGIC_BYTES, compression, decompressor, inflating
from analyzer.capture.source import Source

packers = pytest.mark.parametrize("kind", PACKERS)


def stepped(make: Any, data: bytes, pieces: list[int], most: int) -> tuple[bytes, bool, bytes]:
    """What a member gives, whether it ended, and what follows it."""
    member, out, at, turn = make(), b"", 0, 0
    while not member.eof:
        piece = b""
        if member.needs_input:
            size = pieces[turn % len(pieces)]
            piece, at, turn = data[at : at + size], at + size, turn + 1
            if not piece:
                return out, False, b""
        step = member.decompress(piece, most)
        assert len(step) <= most
        out += step
    return out, True, (member.unused_data or b"") + data[at:]


@packers
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1 << 16),
    count=st.integers(0, 20_000),
    pieces=st.lists(st.integers(50, 9000), min_size=1, max_size=3),
    most=st.integers(1, 9000),
    share=st.floats(0, 1.2),
)
def test_steps_do_not_matter(
    kind: str, seed: int, count: int, pieces: list[int], most: int, share: float
) -> None:
    """Nor where the member is cut: all that can be had of it is given."""
    luck = random.Random(seed)
    data = bytes(luck.choice(b"abcdefgh") for _ in range(count // 2)) + bytes(count // 2)
    packed = PACKERS[kind](data)
    make, _ = decompressor(kind)
    assert stepped(make, packed + b"tail", pieces, max(most, 300)) == (data, True, b"tail")
    cut = packed[: int(len(packed) * min(share, 0.99))]
    out, ended, rest = stepped(make, cut, pieces, max(most, 300))
    assert data.startswith(out)
    assert (ended, rest) == (False, b"")
    assert out == stepped(make, cut, [len(cut) + 1], 1 << 20)[0]


@packers
def test_told_by_the_first_bytes(kind: str) -> None:
    packed = PACKERS[kind](b"data")
    assert compression(packed[:MAGIC_BYTES]) == kind
    assert compression(b"-" + packed) is None
    assert compression(b"") is None


def test_a_leading_skippable_frame_is_zstd() -> None:
    source = Source(io.BytesIO(struct.pack("<II", 0x184D2A50, 4) + b"pzst" + PACKERS["zstd"](b"data")))
    assert (source.compression, source.read(9)) == ("zstd", b"data")


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 3000), cut=st.floats(0, 1), most=st.integers(50, 500))
def test_gzip_without_isal_is_the_same(count: int, cut: float, most: int) -> None:
    packed = gzip.compress(b"".join(b"%d," % (k * k) for k in range(count)))
    packed = packed[: int(len(packed) * cut)] if cut < 0.9 else packed + b"tail"
    fast, _ = decompressor("gzip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "isal", None)
        slow, error = decompressor("gzip")
    assert error is zlib.error
    found = stepped(fast, packed, [700], most), stepped(slow, packed, [700], most)
    assert found[0] == found[1]


def test_a_capture_is_read_without_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    text = bytes(range(256)) * 2000
    source = Source(io.BytesIO(gzip.compress(text) * 2))
    assert b"".join(iter(lambda: source.read(100_000), b"")) == text * 2
    source = Source(io.BytesIO(gzip.compress(text)[:-9]))
    assert text.startswith(b"".join(iter(lambda: source.read(100_000), b"")))
    assert source.trouble == "damaged-compression"


def test_only_gzip_fills_buffers_and_only_with_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = bytes(range(256)) * 2000
    reader = inflating("gzip", io.BytesIO(gzip.compress(text)))
    assert reader is not None
    got = bytearray(len(text) + 9)
    assert reader.readinto(memoryview(got)) == len(text)
    assert got[: len(text)] == text
    assert inflating("zstd", io.BytesIO()) is None
    monkeypatch.delattr("isal.isal_zlib._GzipReader")
    assert inflating("gzip", io.BytesIO()) is None
    packed = gzip.compress(text) * 2
    source = Source(io.BytesIO(packed), again=lambda: io.BytesIO(packed))
    assert b"".join(iter(lambda: source.read(100_000), b"")) == text * 2
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "isal", None)
    assert inflating("gzip", io.BytesIO()) is None
