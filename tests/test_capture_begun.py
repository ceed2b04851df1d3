"""What is begun before it is found: the same capture, no thread that nobody ends, no memory without bound."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from captures import PACKERS, codes, pcap, pcapng

from analyzer import processors
from analyzer.capture import begun
from analyzer.capture import capture as captures
from analyzer.capture.begun import Begun, begin
from analyzer.capture.find import find

FRAMES = [((1_700_000_000 + k) * 10**9, hashlib.sha256(b"%d" % k).digest() * 9) for k in range(1, 3001)]
COLUMNS = "time", "captured", "wire", "offset"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Files of any size count as large ones, on a machine of two processors; how many threads there are."""
    for module in (begun, captures):
        monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(begun, "WINDOW", 50_000)
    before = threading.active_count()
    with processors.limited(2):
        yield before
    assert threading.active_count() == before


def seen(one: captures.Capture) -> object:
    """All that is known of a capture once it was read."""
    lines = [
        (*row[:3], bytes(batch.buffer[row[3] : row[3] + row[1]]))
        for batch in one.batches()
        for row in zip(*(batch.frames[name].tolist() for name in COLUMNS), strict=True)
    ]
    return lines, codes(one), one.sha256, one.packets, one.bytes, one.first, one.last, one.link_types


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("made", [pcap, pcapng])
@pytest.mark.parametrize("damage", ["", "cut", "hole"])
def test_a_capture_goes_on_with_what_was_begun(
    tmp_path: Path, small: int, kind: str, made: Any, damage: str
) -> None:
    data = made(FRAMES)
    if damage == "hole":
        data = data[:200_003] + bytes(70_000) + data[270_003:]
    raw = PACKERS[kind](data)
    path = tmp_path / "a"
    path.write_bytes(raw[: len(raw) * 2 // 3] if damage == "cut" else raw)
    [one] = find([str(path)], window=50_000)
    alone = seen(one)
    one.begun = begin([str(path)], hashed=True)
    assert one.begun is not None
    assert seen(one) == alone
    assert one.begun is None
    assert seen(one) == alone
    assert damage or one.packets == len(FRAMES)


def test_only_one_large_packed_file_is_begun_and_only_beside_others(
    tmp_path: Path, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, plain, strange, empty = (str(tmp_path / name) for name in ("a", "b", "c", "d"))
    Path(packed).write_bytes(PACKERS["gzip"](pcap(FRAMES)))
    Path(plain).write_bytes(pcap(FRAMES))
    Path(strange).write_bytes(b"\x1f\x8b\x08\xff\xff")
    Path(empty).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    os.rename(tmp_path / "a", tmp_path / "-")
    os.link(tmp_path / "-", packed)
    nothing: list[list[str]] = [
        [],
        [packed, plain],
        [plain],
        [empty],
        [str(tmp_path)],
        ["gone"],
        ["-"],
        ["x://a"],
    ]
    for sources in (*nothing, ["a\0b"]):
        assert begin(sources, hashed=False) is None
    with processors.limited(1):
        assert begin([packed], hashed=False) is None
    monkeypatch.setattr(begun, "LARGE", os.path.getsize(packed) + 1)
    assert begin([packed], hashed=False) is None
    monkeypatch.setattr(begun, "LARGE", 1)
    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    Path(plain).write_bytes(PACKERS["zstd"](pcap(FRAMES)))
    assert begin([plain], hashed=False) is None
    for sources in ([packed], [strange]):
        some = begin(sources, hashed=False)
        assert some is not None
        some.close()


def test_what_is_begun_ends_when_it_is_closed_and_stays_within_bounds(tmp_path: Path, small: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(PACKERS["gzip"](pcap(FRAMES) * 20))
    some = Begun(str(path), hashed=True)
    filled, until = -1, time.monotonic() + 20
    while filled != some.source.used and time.monotonic() < until:
        filled = some.source.used
        time.sleep(0.2)
    assert threading.active_count() > small
    held = 50_000 * (begun.WAITING + 3) + begun.HEAD
    [one] = find([str(path)], window=50_000)
    one.begun = some
    first = next(batches := one.batches())
    assert len(first.frames["time"]) > 1
    assert some.source._made <= held + (1 << 18)
    batches.close()
    assert threading.active_count() == small
    for _ in range(2):
        some.close()
    some = Begun(str(path), hashed=True)
    some.close()
    assert threading.active_count() == small


def test_it_needs_neither_numpy_nor_the_readers() -> None:
    code = "import sys, analyzer.capture.begun; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    names = set(done.stdout.split())
    assert {name for name in names if name.startswith("analyzer.")} == {
        *("analyzer.ahead", "analyzer.processors", "analyzer.version"),
        "analyzer.capture",
        *(f"analyzer.capture.{name}" for name in ("begun", "compression", "source", "windows")),
    }
    assert "numpy" not in names
