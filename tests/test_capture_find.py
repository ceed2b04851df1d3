"""What the user names becomes captures in time order, or one clear line."""

from __future__ import annotations

import gzip
import io
import os
import re
import sys
import threading
from pathlib import Path

import pytest
from captures import Frame, idb, pcap, pcapng, shb, spb

from analyzer.capture.find import find
from analyzer.errors import CaptureError, MissingExtra


def frames(start: int, count: int = 2) -> list[Frame]:
    return [((start + k) * 10**9, b"frame") for k in range(count)]


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def test_time_order_with_empty_ones_last(tmp_path: Path) -> None:
    late = write(tmp_path / "a", pcap(frames(300)))
    empty = write(tmp_path / "b", pcap([]))
    early = write(tmp_path / "c", gzip.compress(pcapng(frames(100))))
    untimed = write(tmp_path / "d", shb() + idb() + spb(b"x"))
    middle = write(tmp_path / "e", pcap(frames(200)))
    same = write(tmp_path / "f", pcap(frames(200)))
    found = find([late, empty, early, untimed, same, middle])
    assert [capture.path for capture in found] == [early, same, middle, late, empty, untimed]
    assert [capture.first_time for capture in found] == [
        100 * 10**9,
        200 * 10**9,
        200 * 10**9,
        300 * 10**9,
        None,
        None,
    ]
    assert found[0].size == os.path.getsize(early)


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", pcap(frames(1)))
    (tmp_path / "link").symlink_to(path)
    assert [capture.path for capture in find([path, str(tmp_path / "link"), str(tmp_path), path])] == [path]


def test_files_without_numbers_are_told_apart_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows on the folders that a virtual machine shares."""
    real = os.stat

    def stat(path: object, **more: object) -> os.stat_result:
        found = list(real(path, **more))  # type: ignore[arg-type]
        found[1] = 0
        return os.stat_result(found)

    one, other = write(tmp_path / "a.pcap", pcap(frames(1))), write(tmp_path / "b.pcap", pcap(frames(2)))
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.chdir(tmp_path)
    assert [capture.path for capture in find([one, other, "a.pcap", str(tmp_path)])] == [one, other]


def test_a_directory_gives_its_captures_by_content(tmp_path: Path) -> None:
    write(tmp_path / "ring_2", pcap(frames(20)))
    write(tmp_path / "ring_1.txt", pcap(frames(10)))
    write(tmp_path / "notes.pcap", b"just text, whatever the name says")
    write(tmp_path / "empty.pcap", b"")
    write(tmp_path / "log.gz", gzip.compress(b"a log, line by line, which is long enough"))
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "deep.pcap", pcap(frames(5)))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo")
    assert [Path(capture.path).name for capture in find([str(tmp_path)])] == ["ring_1.txt", "ring_2"]


def test_a_directory_without_captures(tmp_path: Path) -> None:
    write(tmp_path / "notes", b"text")
    with pytest.raises(CaptureError, match=f"^{re.escape(str(tmp_path))}: no capture in this directory$"):
        find([str(tmp_path)])


def test_a_directory_above_captures_says_that_it_is_not_searched_to_the_bottom(tmp_path: Path) -> None:
    (tmp_path / "monday").mkdir()
    write(tmp_path / "monday" / "a.pcap", pcap(frames(5)))
    with pytest.raises(CaptureError, match=r"; those in it are not searched$"):
        find([str(tmp_path)])


def test_a_directory_with_a_cut_capture_says_so(tmp_path: Path) -> None:
    write(tmp_path / "cut.pcap", pcap([])[:10])
    with pytest.raises(CaptureError, match="cut inside its pcap header"):
        find([str(tmp_path)])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the file is empty (0 bytes)"),
        (gzip.compress(b"", mtime=0), "the gzip data inside is empty"),
        (b"time,source,destination\n1,2,3\n", "not a pcap or pcapng capture: it looks like text"),
        (
            b"<!DOCTYPE html><html><body>login</body>",
            "not a pcap or pcapng capture: it looks like an HTML page",
        ),
        (
            b"PK\x03\x04" + bytes(60),
            "not a pcap or pcapng capture: it looks like a zip archive: unpack it first",
        ),
        (b"snoop\0\0\0\0\0\0\2\0\0\0\4", "not a pcap or pcapng capture: it looks like a snoop capture"),
        (
            gzip.compress(gzip.compress(pcap([]), mtime=0), mtime=0),
            "not a pcap or pcapng capture inside the gzip data",
        ),
        (bytes(100), "not a pcap or pcapng capture"),
        (pcap([])[:23], "the file is cut inside its pcap header"),
        (pcap([])[:4], "the file is cut inside its pcap header"),
        (shb()[:27], "the file is cut inside its pcapng section header"),
        (gzip.compress(pcap(frames(1)), mtime=0)[:9], "the gzip data ends early"),
    ],
)
def test_what_is_no_capture(tmp_path: Path, data: bytes, why: str) -> None:
    path = write(tmp_path / "bad.pcap", data)
    with pytest.raises(CaptureError) as caught:
        find([path])
    assert str(caught.value) == f"{path}: {why}"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"missing\.pcap: cannot be read: No such file or directory$"):
        find([str(tmp_path / "missing.pcap")])
    with pytest.raises(CaptureError, match="cannot be read"):
        find(["nul\0byte"])


def test_a_file_that_vanishes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", pcap(frames(1)))
    [capture] = find([path])
    os.unlink(path)
    with pytest.raises(CaptureError, match="cannot be read"):
        list(capture.batches())


def test_standard_input() -> None:
    data = gzip.compress(pcap(frames(7, 5)))
    stream = io.BytesIO(data)
    [capture] = find(["-", "-"], stdin=stream)
    told: list[int] = []
    assert sum(len(batch.frames["time"]) for batch in capture.batches(told.append)) == 5
    assert (capture.path, capture.size, sum(told)) == ("-", None, len(data))
    assert not stream.closed
    with pytest.raises(CaptureError, match=r"^standard input: the file is empty"):
        find(["-"], stdin=io.BytesIO(b""))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
@pytest.mark.parametrize("cut", [None, 24, 24 + 21 * 3, 24 + 21 * 3 + 18])
def test_a_fifo(tmp_path: Path, cut: int | None) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    data = pcap(frames(1, 9))[:cut]
    writer = threading.Thread(target=fifo.write_bytes, args=(data,))
    writer.start()
    [capture] = find([str(fifo)])
    packets = sum(len(batch.frames["time"]) for batch in capture.batches())
    writer.join()
    whole, rest = divmod(len(data) - 24, 21)
    assert packets == whole
    assert [problem.code for problem in capture.problems] == (["truncated-file"] if rest else [])
    assert len(capture.sha256) == 64


def test_a_url() -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://somewhere/a.pcap.gz", "wb") as file:
        file.write(gzip.compress(pcap(frames(3))))
    [capture] = find(["memory://somewhere/a.pcap.gz"])
    assert sum(len(batch.frames["time"]) for batch in capture.batches()) == 2
    with pytest.raises(CaptureError, match=r"^memory://somewhere/b\.pcap: cannot be read"):
        find(["memory://somewhere/b.pcap"])
    with pytest.raises(CaptureError, match=r"^nosuch://x: cannot be read"):
        find(["nosuch://x"])


def test_a_url_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtra, match=r"portmatrix\[remote\]"):
        find(["s3://bucket/a.pcap"])
