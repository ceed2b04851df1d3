"""Captures cut into segments: together the frames of one reading, or the cut does not count."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from captures import epb, idb, pcap, pcap_header, pcapng, shb, spb

from analyzer.capture import segments
from analyzer.capture.find import find

FRAMES = [(10**18 + n * 10**6, random.Random(n).randbytes(60 + n % 500)) for n in range(900)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "WINDOW", 5000)
    monkeypatch.setattr(segments, "SEARCHED", 20_000)


def read(path: Path, count: int) -> tuple[list[segments.Segment], list[bytes]]:
    (capture,) = find([str(path)], hash=False)
    parts, seen = segments.cut(capture, count), []
    for part in parts:
        for batch in part.batches():
            rows = zip(*(batch.frames[name].tolist() for name in ("offset", "captured")), strict=True)
            seen += [bytes(batch.buffer[at : at + size]) for at, size in rows]
    return parts, seen


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
