"""One capture: counters, hash, progress, compression, the look at its head."""

from __future__ import annotations

import gzip
import hashlib
import io
import tracemalloc
from pathlib import Path

import pytest
from captures import PACKERS, Frame, codes, custom, idb, pcap, pcapng, read, shb

from analyzer.capture.capture import WINDOW, Capture, recognise
from analyzer.capture.find import find
from analyzer.capture.pcap import PcapReader
from analyzer.capture.pcapng import PcapngReader


def some(count: int, size: int = 60) -> list[Frame]:
    return [((1_700_000_000 + k) * 10**9, bytes([k % 251 + 1]) * size) for k in range(count)]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("made", [pcap, pcapng])
def test_compressed_is_the_same(kind: str, made: object) -> None:
    plain = made(some(300))  # type: ignore[operator]
    packed = PACKERS[kind](plain)
    rows, capture = read(packed, hashed=True)
    assert rows == read(plain)[0]
    assert capture.sha256 == hashlib.sha256(packed).hexdigest()
    assert capture.problems == ()


def test_damaged_compression_is_one_problem() -> None:
    frames = [(k * 10**9, hashlib.sha256(b"%d" % k).digest()) for k in range(1, 5000)]
    packed = gzip.compress(pcap(frames))
    rows, capture = read(packed[: len(packed) // 2])
    assert 1000 < len(rows) < 4000
    assert [row.data for row in rows] == [frame[1] for frame in frames[: len(rows)]]
    assert codes(capture) == [("damaged-compression", len(rows) + 1)]


def test_progress_adds_up_to_the_size(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(some(3000)) + b"\xff" * 100)
    [capture] = find([str(path)], window=10_000)
    told: list[int] = []
    for _ in capture.batches(told.append):
        pass
    assert sum(told) == capture.size == path.stat().st_size
    assert len(told) > 5


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(some(30))[:-1])
    [capture] = find([str(path)])
    for _ in range(2):
        assert sum(len(batch.frames["time"]) for batch in capture.batches()) == 29
        assert (capture.packets, codes(capture)) == (29, [("truncated-file", 30)])


def test_without_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(some(3)))
    [capture] = find([str(path)], hash=False)
    list(capture.batches())
    assert capture.sha256 == ""


def test_memory_is_bounded_by_the_window_not_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.pcap"
    record = pcap([(10**18, b"x" * 60_000)])[24:]
    with path.open("wb") as file:
        file.write(pcap([]))
        for _ in range(1000):
            file.write(record)
    [capture] = find([str(path)], hash=False)
    tracemalloc.start()
    for _ in capture.batches():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert capture.packets == 1000
    assert peak < 5 * WINDOW


def test_a_bomb_of_zeros_ends_early() -> None:
    rows, capture = read(gzip.compress(pcap(some(2)) + bytes(64 << 20)))
    assert len(rows) == 2
    assert codes(capture) == [("damaged-record", 3)]


def test_the_first_packet_may_be_far_from_the_head() -> None:
    secrets = custom(b"k" * 3_000_000)
    data = shb() + idb() + secrets + pcapng([(5, b"x")])
    capture = Capture("x", lambda: io.BytesIO(data))
    assert capture.first_time == 5


def test_first_time_is_the_first_in_the_file_not_the_earliest() -> None:
    _, capture = read(pcap([(9 * 10**9, b"a"), (3 * 10**9, b"b"), (5 * 10**9, b"c")]))
    assert (capture.first_time, capture.first, capture.last) == (9 * 10**9, 3 * 10**9, 9 * 10**9)


def test_recognise() -> None:
    assert isinstance(recognise(pcap([], order=">")), PcapReader)
    assert isinstance(recognise(shb(">")), PcapngReader)
    assert recognise(b"GMBU\x02\x03") == "a Microsoft Network Monitor 2 capture"
    assert recognise("id,größe\n".encode()) == "text"
    assert recognise(bytes(range(28))) is None
