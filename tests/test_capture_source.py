"""Sources: compression told by content, bounded output, damage kept as trouble, nothing lost."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import struct
import tracemalloc
from typing import Any

import pytest
from captures import PACKERS
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import source
from analyzer.capture.compression import compression
from analyzer.capture.source import CHUNK, LONG_STEP, STEP, Kept, Source, one_line

packers = pytest.mark.parametrize("kind", PACKERS)
TEXT = bytes(range(256)) * 2000


def drained(source: Source, size: int = 100_000) -> bytes:
    parts = []
    while data := source.read(size):
        assert len(data) <= size
        parts.append(data)
    return b"".join(parts)


@given(st.binary(max_size=2000), st.sampled_from([None, *PACKERS]), st.integers(1, 3000))
@settings(max_examples=60)
def test_bytes_come_back(data: bytes, kind: str | None, size: int) -> None:
    packed = PACKERS[kind](data) if kind else data
    source = Source(io.BytesIO(packed), hashed=True)
    if kind is None and compression(data):
        return
    assert source.compression == kind
    assert drained(source, size) == data
    assert source.drain()
    assert (source.trouble, source.used) == ("", len(packed))
    assert source.sha256 == hashlib.sha256(packed).hexdigest()


@packers
def test_members_follow_each_other(kind: str) -> None:
    pack = PACKERS[kind]
    source = Source(io.BytesIO(pack(b"one") + pack(b"") + pack(b"two")))
    assert drained(source) == b"onetwo"
    assert source.trouble == ""


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
def test_skippable_frames_are_skipped(kind: str) -> None:
    skippable = struct.pack("<II", 0x184D2A53, 5) + b"hello"
    packed = PACKERS[kind](b"one") + skippable + PACKERS[kind](b"two") + skippable
    source = Source(io.BytesIO(packed))
    assert drained(source) == b"onetwo"
    assert source.trouble == ""


@packers
def test_zeros_after_the_end_are_padding(kind: str) -> None:
    source = Source(io.BytesIO(PACKERS[kind](TEXT) + bytes(200_000)))
    assert drained(source) == TEXT
    assert source.trouble == ""


@packers
def test_garbage_after_the_end(kind: str) -> None:
    source = Source(io.BytesIO(PACKERS[kind](TEXT) + b"garbage"))
    assert drained(source) == TEXT
    assert source.trouble == "damaged-compression"
    assert "follow" in source.detail


@packers
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_cut_keeps_what_came_before(kind: str, share: float) -> None:
    data = b"".join(struct.pack("<I", k * 2654435761 % 2**32) for k in range(60_000))
    packed = PACKERS[kind](data)
    source = Source(io.BytesIO(packed[: int(len(packed) * share)]))
    got = drained(source)
    assert data.startswith(got)
    assert source.trouble == "damaged-compression"
    assert "ends early" in source.detail


@packers
@settings(max_examples=30)
@given(changes=st.lists(st.tuples(st.integers(6, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_mutations_never_raise(kind: str, changes: list[tuple[int, int]]) -> None:
    packed = bytearray(PACKERS[kind](TEXT[:5000]))
    for place, value in changes:
        packed[place % (len(packed) - 6) + 6] = value
    drained(Source(io.BytesIO(bytes(packed))))


@packers
def test_a_bomb_costs_no_memory(kind: str) -> None:
    packed = PACKERS[kind](bytes(100 << 20))
    tracemalloc.start()
    source = Source(io.BytesIO(packed))
    total = 0
    while data := source.read(1 << 30):
        assert len(data) <= CHUNK
        total += len(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 100 << 20
    assert peak < 16 << 20


def test_the_limit_is_not_damage() -> None:
    source = Source(io.BytesIO(gzip.compress(bytes(1 << 20))), limit=500)
    drained(source)
    assert (source.used, source.trouble) == (500, "")
    source = Source(io.BytesIO(bytes(1 << 20)), limit=500)
    assert len(drained(source)) == 500


def test_a_wrong_checksum_loses_no_more_than_a_step() -> None:
    data = b"".join(struct.pack("<I", k * 2654435761 % 2**32) for k in range(60_000))
    packed = bytearray(gzip.compress(data))
    packed[-8] ^= 1
    source = Source(io.BytesIO(bytes(packed)))
    got = drained(source)
    assert data.startswith(got)
    assert len(got) >= len(data) - STEP
    assert source.trouble == "damaged-compression"


NOISE = b"".join(struct.pack("<I", k * 2654435761 % 2**32) + b"and so on" * (k % 29) for k in range(8_000))
PACKED = {kind: pack(NOISE) for kind, pack in PACKERS.items()}


@packers
@settings(max_examples=12, deadline=None)
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=2),
    share=st.floats(0, 1),
    sizes=st.lists(st.integers(20_000, 3 * LONG_STEP), min_size=1, max_size=3),
)
def test_long_steps_give_what_short_ones_do(kind: str, changes: Any, share: float, sizes: list[int]) -> None:
    """Whatever is damaged: what can be opened again loses no more to it than what cannot."""
    raw = bytearray(2 * PACKED[kind])
    for place, value in changes:
        raw[6 + int(place * (len(raw) - 7))] = value
    del raw[max(20, int(len(raw) * (0.5 + share))) :]
    opened: list[io.BytesIO] = []

    def again() -> io.BytesIO:
        opened.append(io.BytesIO(raw))
        return opened[-1]

    seen, got = [], []
    for opens in (None, again):
        with Source(io.BytesIO(raw), hashed=True, again=opens) as source:
            size, given = itertools.cycle(sizes), bytearray()
            while have := source.fill(view := memoryview(bytearray(next(size)))):
                given += view[:have]
            assert source.drain()
            seen.append((source.trouble, source.detail, source.used, source.sha256))
            got.append(bytes(given))
    assert seen[0] == seen[1]
    assert seen[0][3] == hashlib.sha256(raw).hexdigest()
    assert got[1].startswith(got[0])
    assert len(got[1]) - len(got[0]) < (STEP if opened else 1)
    assert len(opened) <= 1
    assert not opened or seen[0][0] == "damaged-compression"
    if not changes and share >= 0.5:
        assert (got[0], seen[0][0]) == (NOISE + NOISE, "")


@packers
def test_damage_is_met_in_short_steps(kind: str) -> None:
    """Behind the first long step. Where the file is gone meanwhile what came before is kept."""
    letters = hashlib.shake_256(b"x").digest(5 * LONG_STEP).translate(bytes(k & 7 | 96 for k in range(256)))
    raw = bytearray(PACKERS[kind](letters))
    at = len(raw) * 4 // 5
    raw[at : at + 999] = b"\xff" * 999

    def gone() -> io.BytesIO:
        raise FileNotFoundError(2, "No such file")

    got, troubles = [], []
    for again in (None, lambda: io.BytesIO(raw), gone):
        source = Source(io.BytesIO(raw), again=again)
        got.append(drained(source))
        troubles.append(source.trouble)
    assert got[1].startswith(got[0])
    assert len(got[1]) - len(got[0]) < STEP
    assert got[1].startswith(got[2])
    assert len(got[2]) >= LONG_STEP
    assert troubles == ["damaged-compression", "damaged-compression", "read-error"]


def filled(source: Source, size: int = 3 * LONG_STEP) -> bytes:
    given = bytearray()
    while have := source.fill(view := memoryview(bytearray(size))):
        given += view[:have]
    return bytes(given)


def name_of(length: int) -> bytes:
    """A gzip member whose header has a file name (RFC 1952, section 2.3.1)."""
    member = gzip.compress(b"after a name, ")
    return member[:3] + b"\x08" + member[4:10] + b"n" * length + b"\0" + member[10:]


def test_members_fill_buffers() -> None:
    """Empty ones, named ones, zeros between them; and one with a name that no reader holds."""
    for long in (5, 300_000):
        raw = gzip.compress(NOISE) + bytes(70_000) + gzip.compress(b"") + name_of(long) + gzip.compress(NOISE)
        source = Source(io.BytesIO(raw), hashed=True, again=lambda raw=raw: io.BytesIO(raw))
        assert filled(source) == NOISE + b"after a name, " + NOISE
        assert (source.trouble, source.used) == ("", len(raw))
        assert source.sha256 == hashlib.sha256(raw).hexdigest()


class Bad(io.BytesIO):
    """Bytes on a disk that is bad somewhere."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 100_000:
            raise OSError(5, "Input/output error")
        return super().read(size)

    def readinto(self, view: Any, /) -> int:
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


@packers
@pytest.mark.parametrize("hashed", [True, False])
def test_a_bad_disk_is_no_damage_of_what_is_packed(kind: str, hashed: bool) -> None:
    raw = PACKERS[kind](hashlib.shake_256(b"x").digest(1_000_000))
    source = Source(Bad(raw), hashed=hashed, again=lambda: Bad(raw))
    got = filled(source)
    assert hashlib.shake_256(b"x").digest(1_000_000).startswith(got)
    assert len(got) > 80_000
    assert (source.trouble, source.sha256) == ("read-error", "")
    assert source.detail.endswith(": Input/output error")


def test_who_reads_again_because_of_a_bad_disk_may_have_luck() -> None:
    text = hashlib.shake_256(b"x").digest(1_000_000)
    raw = gzip.compress(text)
    source = Source(Bad(raw), hashed=True, again=lambda: io.BytesIO(raw))
    assert filled(source) == text
    assert (source.trouble, source.sha256) == ("", hashlib.sha256(raw).hexdigest())


class Failing(io.RawIOBase):
    def __init__(self) -> None:
        self.calls = 0

    def read(self, size: int = -1, /) -> bytes:
        self.calls += 1
        if self.calls > 2:
            raise OSError(5, "Input/output error")
        return b"12345678"


def test_a_read_error_ends_the_data() -> None:
    source = Source(Failing(), hashed=True)
    assert drained(source) == b"1234567812345678"
    assert source.trouble == "read-error"
    assert source.detail == "reading stopped at byte 16: Input/output error"
    assert source.sha256 == ""


class Endless(io.RawIOBase):
    def read(self, size: int = -1, /) -> bytes:
        return bytes(size)


def test_an_endless_stream_is_not_drained_for_ever() -> None:
    source = Source(Endless())
    assert not source.drain(5 << 20)
    assert source.used <= 7 << 20
    assert Source(io.BytesIO(b"x" * 5000)).drain(100_000)


@given(st.binary(min_size=1, max_size=300), st.integers(1, 50), st.integers(0, 10))
def test_a_kept_stream_gives_its_head_again(data: bytes, size: int, reads: int) -> None:
    kept = Kept(io.BytesIO(data))
    for _ in range(reads):
        kept.read(size)
    kept.close()
    kept.rewind()
    again = b""
    while piece := kept.read(size):
        again += piece
    assert again == data


def test_closing() -> None:
    mine, theirs = io.BytesIO(b"x"), io.BytesIO(b"x")
    for raw, owned in ((mine, True), (theirs, False)):
        kept = Kept(raw, owned=owned)
        kept.close()
        assert not raw.closed
        kept.rewind()
        kept.close()
    assert (mine.closed, theirs.closed) == (True, False)


def test_one_line() -> None:
    assert one_line(ValueError("two\nlines")) == "two lines"
    assert one_line(OSError(2, "No such file or directory", "x")) == "No such file or directory"
    assert one_line(EOFError()) == "EOFError"


def test_hashes_do_not_depend_on_the_pieces() -> None:
    data = bytes(range(256)) * 4096 * 3
    expected = hashlib.sha256(data).hexdigest()
    for size in (1000, source.HASH_PIECE - 1, source.HASH_PIECE, 1 << 20, 1 << 22):
        made = source.Hash()
        for begin in range(0, len(data), size):
            made.update(data[begin : begin + size])
            if begin == size:
                assert made.hexdigest() == hashlib.sha256(data[: begin + size]).hexdigest()
        assert made.hexdigest() == expected
    assert source.Hash().hexdigest() == hashlib.sha256(b"").hexdigest()
