"""Captures cut into segments: together the frames of one reading, or the cut does not count."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import struct
import tempfile
from pathlib import Path

import pytest
from captures import damaged, epb, idb, pcap, pcap_header, pcapng, shb, spb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.capture import segments
from analyzer.capture.capture import Capture
from analyzer.capture.find import find
from analyzer.errors import CaptureError
from analyzer.model import Problem
from analyzer.tables import Batch

FRAMES = [(10**18 + n * 10**6, random.Random(n).randbytes(60 + n % 500)) for n in range(900)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "WINDOW", 5000)
    monkeypatch.setattr(segments, "SEARCHED", 20_000)


def frames_of(batch: Batch) -> list[bytes]:
    rows = zip(*(batch.frames[name].tolist() for name in ("offset", "captured")), strict=True)
    return [bytes(batch.buffer[at : at + size]) for at, size in rows]


def read(path: Path, count: int) -> tuple[list[segments.Segment], list[bytes]]:
    (capture,) = find([str(path)], hash=False)
    parts = segments.cut(capture, count)
    return parts, [frame for part in parts for batch in part.batches() for frame in frames_of(batch)]


@pytest.mark.parametrize("make", [pcap, pcapng])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_segments_hold_all_frames_once(tmp_path: Path, make: object, order: str, count: int) -> None:
    path = tmp_path / "a.cap"
    path.write_bytes(make(FRAMES, order=order))  # type: ignore[operator]
    parts, seen = read(path, count)
    assert len(parts) == count
    assert all(part.whole for part in parts)
    assert [part.stop for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert seen == [data for _, data in FRAMES]
    assert sum(part.packets for part in parts) == len(FRAMES)
    assert min(part.first for part in parts if part.first) == FRAMES[0][0]
    assert parts[-1].last == FRAMES[-1][0]


def test_a_record_inside_a_payload_is_no_beginning(tmp_path: Path) -> None:
    """Each frame holds a run of records of its own: whatever is found, it does not count unless it fits."""
    inner = b"".join(struct.pack("<IIII", 10**9, n, 40, 40) + bytes([n]) * 40 for n in range(100))
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(10**18 + n, inner) for n in range(30)], nano=True))
    parts, seen = read(path, 2)
    assert len(parts) == 2
    assert all(part.whole for part in parts) == (seen == [inner] * 30)


@pytest.mark.parametrize("place", [0.1, 0.6, 0.95])
def test_damage_anywhere_leaves_a_segment_that_is_not_whole(tmp_path: Path, place: float) -> None:
    for make in (pcap, pcapng):
        data = bytearray(make(FRAMES))
        at = int(len(data) * place)
        data[at : at + 3000] = bytes(3000)
        path = tmp_path / "a.cap"
        path.write_bytes(data)
        parts, _ = read(path, 3)
        assert not parts or not all(part.whole for part in parts)


def test_an_interface_described_in_the_middle(tmp_path: Path) -> None:
    packets = [epb(frame) for frame in FRAMES]
    path = tmp_path / "a.pcapng"
    for other in (idb(), shb() + idb(), spb(b"x" * 20)):
        path.write_bytes(shb() + idb() + b"".join(packets[:300]) + other + b"".join(packets[300:]))
        parts, _ = read(path, 2)
        assert not all(part.whole for part in parts)


def test_what_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    for data in (pcap_header(), pcap(FRAMES[:3])):
        path.write_bytes(data)
        assert read(path, 2) == ([], [])
    path.write_bytes(pcap(FRAMES))
    assert read(path, 1) == ([], [])


def taken(path: Path, count: int) -> tuple[list[bytes], tuple[Problem, ...]]:
    """The frames of a capture read piece by piece, what follows damage in one go, as a fleet does."""
    (capture,) = find([str(path)], hash=False)
    seen: list[bytes] = []
    before, last = 0, None
    for number in range(count):
        part = segments.piece(capture, number, count)
        if part is None:
            assert number == 0
            break
        if part.start == part.stop:
            continue
        frames = contents(part)
        # A reader that went to another process and came back.
        part.reader = pickle.loads(pickle.dumps(part.reader))
        if not part.whole:
            break
        seen += frames
        before, last = before + part.packets, part
    else:
        return seen, ()
    if last is None:
        seen = [bytes(data) for batch in capture.batches() for data in frames_of(batch)]
        return seen, capture.problems
    rest = last.rest(path.stat().st_size, before)
    return seen + contents(rest), rest.reader.problems.listed()


def contents(part: segments.Segment) -> list[bytes]:
    return [data for batch in part.batches() for data in frames_of(batch)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([pcap, pcapng]),
    st.sampled_from(["<", ">"]),
    st.integers(2, 40),
    st.one_of(st.none(), st.floats(0, 1)),
    st.sampled_from([bytes(3000), b"\xff" * 7, b""]),
)
def test_pieces_of_any_size_and_damage_anywhere(make, order, count, place, damage) -> None:
    data = damaged(make(FRAMES, order=order), place, damage, 200)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.cap")
        path.write_bytes(data)
        try:
            (capture,) = find([str(path)], hash=False)
        except CaptureError:
            return
        whole = [frame for batch in capture.batches() for frame in frames_of(batch)]
        assert taken(path, count) == (whole, capture.problems)


def test_pieces_are_found_alone_and_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES))
    (capture,) = find([str(path)], hash=False)
    found = [segments.piece(capture, number, 9) for number in (4, 0, 8, 2, 1, 3, 5, 7, 6)]
    parts = sorted((part for part in found if part), key=lambda part: part.start)
    assert len(parts) == 9
    assert [part.stop for part in parts] == [*(part.start for part in parts[1:]), path.stat().st_size]
    size = path.stat().st_size / 9
    assert all(abs(part.stop - part.start - size) < 1200 for part in parts)


def test_a_piece_in_which_no_record_begins_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([*FRAMES[:50], (10**18, b"\xff" * 60_000), *FRAMES[50:100]]))
    (capture,) = find([str(path)], hash=False)
    parts = [segments.piece(capture, number, 10) for number in range(10)]
    assert any(part.start == part.stop for part in parts if part)
    assert taken(path, 10)[0] == [data for _, data in FRAMES[:50]] + [b"\xff" * 60_000] + [
        data for _, data in FRAMES[50:100]
    ]


def test_urls_are_cut_by_ranges_and_streams_are_not(tmp_path: Path) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    system.pipe("/cut/a.pcap", pcap(FRAMES))
    try:
        (capture,) = find(["memory://cut/a.pcap"], hash=False)
        parts = [segments.piece(capture, number, 4) for number in range(4)]
        seen = [
            data
            for part in parts
            if part
            for batch in part.batches(capture.open)
            for data in frames_of(batch)
        ]
        assert seen == [data for _, data in FRAMES]
    finally:
        system.rm("/cut", recursive=True)
    stream = Capture("http://x/a.pcap", lambda: Stream(pcap(FRAMES)), size=10**6)
    assert segments.piece(stream, 1, 4) is None


class Stream(io.BytesIO):
    """What a server gives that knows no ranges."""

    def seek(self, *_: object) -> int:
        raise ValueError("Cannot seek streaming HTTP file")


def test_compressed_captures_have_no_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(pcap(FRAMES)))
    (capture,) = find([str(path)], hash=False)
    assert segments.piece(capture, 0, 4) is None


def test_a_source_that_ends_early_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(FRAMES))
    (capture,) = find([str(path)], hash=False)
    part = segments.piece(capture, 3, 4)
    assert part is not None
    path.write_bytes(path.read_bytes()[: part.start + 100])
    with pytest.raises(OSError, match="ended at byte"):
        list(part.batches())
