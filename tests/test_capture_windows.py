"""Windows: whatever their size and whoever reads, the bytes come whole and in order, and stay as they are."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from captures import codes, pcap, pcapng
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import processors
from analyzer.capture import capture as captures
from analyzer.capture import windows
from analyzer.capture.find import find
from analyzer.capture.source import Source
from analyzer.capture.windows import HEADROOM, Ahead, Plain, Reused

ALL = pytest.mark.parametrize("kind", [Plain, Reused, Ahead])
TWO = pytest.mark.parametrize("kind", [Reused, Ahead])


@ALL
@given(
    st.binary(max_size=4000),
    st.integers(1, 700),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 900)), max_size=12),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_windows_are_the_bytes(kind: Any, data: bytes, size: int, asked: Any, packed: bool) -> None:
    """Each window is what is left of the one before and what follows, and long enough or the last."""
    raw = gzip.compress(data) if packed else b"-" + data
    with Source(io.BytesIO(raw), hashed=True) as source:
        expected, begin = (data if packed else raw), 0
        kept = []
        with kind(source, size) as shown:
            rest: Any = b""
            for left, more in asked:
                need = len(rest) + more
                buffer, start, final = shown.after(rest, need)
                got = memoryview(buffer)[start:]
                assert got == expected[begin : begin + len(got)]
                assert final == (begin + len(got) == len(expected) and len(got) < need)
                assert final or len(got) >= need
                kept.append((got, begin))
                if final:
                    break
                taken = max(0, len(got) - left)
                begin, rest = begin + taken, got[taken:]
        for got, at in kept:
            assert got == expected[at : at + len(got)], "a window changed after it was given"
        assert source.drain()
        assert source.sha256 == hashlib.sha256(raw).hexdigest()


@TWO
def test_a_record_beyond_the_headroom_is_carried_over(kind: Any) -> None:
    data = bytes(range(256)) * 2000
    with Source(io.BytesIO(data)) as source, kind(source, 1000) as shown:
        buffer, start, final = shown.after(b"", HEADROOM + 5)
        assert (len(buffer) - start >= HEADROOM + 5, final) == (True, False)
        rest = memoryview(buffer)[start:]
        buffer, start, final = shown.after(rest, len(rest) + 1)
        assert bytes(memoryview(buffer)[start:]) == data[: len(buffer) - start]
        assert not final
        buffer, start, final = shown.after(b"", len(data))
        assert final


@TWO
def test_buffers_are_used_again_and_never_while_somebody_looks(kind: Any) -> None:
    data = b"".join(bytes([number]) * 100 for number in range(200))
    with Source(io.BytesIO(data)) as source, kind(source, 100) as shown:
        held = [shown.after(b"", 100).buffer for _ in range(5)]
        owners = {id(memoryview(shown.after(b"", 100).buffer).obj) for _ in range(190)}
        assert [bytes(one[HEADROOM:]) for one in held] == [bytes([number]) * 100 for number in range(5)]
    assert len(owners) <= windows.WAITING + 4


class Failing(io.RawIOBase):
    """Reads a little and then raises what no stream should."""

    def __init__(self) -> None:
        self.calls = 0

    def read(self, _size: int = -1, /) -> bytes:
        self.calls += 1
        return b"12345678"

    def readinto(self, _view: Any, /) -> int:
        self.calls += 1
        if self.calls > 3:
            raise ValueError("closed")
        return 1


@TWO
def test_a_read_error_ends_the_windows(kind: Any) -> None:
    with Source(Failing()) as source, kind(source, 100) as shown:
        buffer, start, final = shown.after(b"", 50)
        assert final
        assert len(buffer) - start < 50
    assert (source.trouble, source.detail[-6:]) == ("read-error", "closed")


def test_what_the_thread_raises_is_raised_to_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_view: memoryview) -> int:
        raise MemoryError("no more")

    with Source(io.BytesIO(b"12345678")) as source:
        monkeypatch.setattr(source, "fill", fill)
        with Ahead(source, 100) as shown, pytest.raises(MemoryError, match="no more"):
            shown.after(b"", 5)


COLUMNS = "time", "captured", "wire", "offset"
FRAMES = [((1_700_000_000 + k) * 10**9, hashlib.sha256(b"%d" % k).digest() * 30) for k in range(1, 5001)]


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files of any size count as large, on a machine of two processors; the windows made of them."""
    monkeypatch.setattr(captures, "LARGE", 1)
    monkeypatch.setattr(processors, "available", lambda: 2)
    made: list[str] = []
    for kind in (Reused, Ahead):

        def counted(source: Source, size: int, kind: Any = kind) -> Any:
            made.append(kind.__name__)
            return kind(source, size)

        monkeypatch.setattr(captures, kind.__name__, counted)
    return made


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("made", [pcap, pcapng])
@pytest.mark.parametrize("damage", ["", "cut", "hole"])
def test_a_large_capture_is_what_it_is_in_small_windows(
    tmp_path: Path, used: list[str], made: Any, packed: bool, damage: str
) -> None:
    data = made(FRAMES)
    if damage == "hole":
        data = data[:2_000_003] + bytes(70_000) + data[2_070_003:]
    raw = gzip.compress(data, 1) if packed else data
    if damage == "cut":
        raw = raw[: len(raw) * 2 // 3]
    path = tmp_path / "a"
    path.write_bytes(raw)
    seen = []
    for window in (30_000, 300_000, 1 << 22):
        [one] = find([str(path)], window=window)
        lines = [
            (*row[:3], bytes(batch.buffer[row[3] : row[3] + row[1]]))
            for batch in one.batches()
            for row in zip(*(batch.frames[name].tolist() for name in COLUMNS), strict=True)
        ]
        seen.append((lines, codes(one), one.sha256, one.packets, one.bytes, one.first, one.last))
    assert used == ["Ahead" if packed else "Reused"] * 3
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][2] == hashlib.sha256(raw).hexdigest()
    assert len(seen[0][0]) > 3000
    assert damage or [line[3] for line in seen[0][0]] == [data for _, data in FRAMES]


def test_who_stops_early_leaves_no_thread(tmp_path: Path, used: list[str]) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(pcap(FRAMES), 1))
    [one] = find([str(path)], hash=False, window=10_000)
    before = threading.active_count()
    batches = one.batches()
    next(batches)
    next(batches)
    assert threading.active_count() == before + 1
    batches.close()
    assert threading.active_count() == before
    assert used == ["Ahead"]


def test_streams_are_taken_as_they_come(tmp_path: Path, used: list[str]) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES))
    [stream] = find(["-"], io.BytesIO(path.read_bytes()))
    assert sum(len(batch.frames["time"]) for batch in stream.batches()) == len(FRAMES)
    assert used == []
