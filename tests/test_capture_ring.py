"""The files of a ring buffer: order, completeness, loss, names that are used again."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
import rings
from captures import pcap, pcap_header, pcapng
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import ring
from analyzer.capture.ring import Ring
from analyzer.errors import CaptureError

START = 1_790_000_000 * 10**9
OLD = 1_790_000_000


def made(number: int, packets: int = 2) -> bytes:
    """A file of the ring: its packets come after those of the numbers before."""
    return pcap(
        [(START + (number * 100 + at) * 10**9, bytes([number % 256, at]) * 30) for at in range(packets)]
    )


def put(path: Path, data: bytes, *, old: bool = True) -> None:
    path.write_bytes(data)
    if old:
        os.utime(path, (OLD, OLD))


def test_files_there_at_the_start_come_in_the_order_of_their_packets(tmp_path) -> None:
    for name, number in (("ring.pcap10", 10), ("ring.pcap2", 2), ("ring.pcap", 0), ("z.pcap", 1)):
        put(tmp_path / name, made(number, number + 1))
    (tmp_path / "notes.txt").write_text("no capture")
    (tmp_path / "folder.pcap").mkdir()
    assert rings.read(tmp_path) == [("ring.pcap", 1), ("z.pcap", 2), ("ring.pcap2", 3), ("ring.pcap10", 11)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ring_00001_20261121112233.pcapng", "ring_00002_20261121112301.pcapng"),
        ("ring_20261121112233_00001.pcapng", "ring_20261121112301_00002.pcapng"),
        ("ring.pcap", "ring.pcap1"),
        ("ring.pcap0", "ring.pcap1"),
        ("at-11:22:33.pcap", "at-11:23:01.pcap"),
    ],
)
def test_a_file_is_read_as_it_grows_and_ends_when_the_next_appears(tmp_path, first, second) -> None:
    whole = made(1, 3)
    (tmp_path / first).write_bytes(whole[:100])
    steps = (
        lambda: (tmp_path / first).write_bytes(whole[:170]),
        lambda: (tmp_path / first).write_bytes(whole),
        lambda: (tmp_path / second).write_bytes(b""),  # created, and nothing flushed yet
        lambda: (tmp_path / second).write_bytes(made(2, 1)),
    )
    assert rings.read(tmp_path, *steps) == [(first, 3), (second, 1)]


def test_a_name_that_is_used_again_is_a_new_file(tmp_path) -> None:
    def again(name: str, number: int, packets: int):
        return lambda: (tmp_path / name).write_bytes(made(number, packets))

    put(tmp_path / "ring.pcap0", made(0, 1))
    put(tmp_path / "ring.pcap1", made(1, 2))
    steps = again("ring.pcap0", 2, 3), again("ring.pcap1", 3, 2), again("ring.pcap0", 4, 3)
    assert rings.read(tmp_path, *steps) == [
        ("ring.pcap0", 1),
        ("ring.pcap1", 2),
        ("ring.pcap0", 3),
        ("ring.pcap1", 2),
        ("ring.pcap0", 3),
    ]


def test_a_file_that_is_touched_or_renamed_is_the_same(tmp_path) -> None:
    put(tmp_path / "live.pcap", made(0, 2))
    steps = (
        lambda: os.utime(tmp_path / "live.pcap"),
        lambda: (tmp_path / "live.pcap").rename(tmp_path / "live-1.pcap"),
        lambda: (tmp_path / "live.pcap").write_bytes(made(1, 1)),
        lambda: (tmp_path / "live-1.pcap").rename(tmp_path / "kept.pcap"),
    )
    assert rings.read(tmp_path, *steps) == [("live.pcap", 2), ("live.pcap", 1)]


def test_a_file_that_vanishes_is_a_gap(tmp_path) -> None:
    for number in range(3):
        put(tmp_path / f"ring.pcap{number}", made(number))
    given = []
    source = Ring(str(tmp_path), lambda: False, 0.0)
    for one in source:
        given.append(os.path.basename(one.path))
        (tmp_path / "ring.pcap1").unlink(missing_ok=True)
        if not isinstance(one, ring.Gap):
            rings.drain(one)
    assert given == ["ring.pcap0", "ring.pcap1", "ring.pcap2"]


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(tmp_path) -> None:
    path = tmp_path / "ring.pcap0"
    put(path, made(0, 3))
    put(tmp_path / "ring.pcap1", made(1, 1))
    packets = []
    for one in Ring(str(tmp_path), lambda: False, 0.0):
        path.unlink(missing_ok=True)
        list(one.batches())
        packets.append(one.packets)
    assert packets == [3, 1]


def test_numbers_tell_of_files_that_nobody_saw(tmp_path) -> None:
    for number in (3, 4, 8, 10):
        put(tmp_path / rings.dumpcap_name(number), made(number, 1))
    put(tmp_path / "ring_00001_20261121235959.pcapng", made(20, 1))  # the writer was started again
    assert [entry for entry in rings.read(tmp_path) if entry[1] != 1] == [
        (rings.dumpcap_name(8), "3 files before it vanished without having been seen"),
        (rings.dumpcap_name(10), "1 file before it vanished without having been seen"),
    ]


def test_a_file_that_is_overwritten_before_or_while_it_is_read_is_a_gap(tmp_path) -> None:
    for number in range(3):
        put(tmp_path / f"ring.pcap{number}", made(number))
    given = []
    for one in Ring(str(tmp_path), lambda: False, 0.0):
        given.append((os.path.basename(one.path), getattr(one, "detail", "")))
        if isinstance(one, ring.Gap):
            continue
        if len(given) == 1:
            (tmp_path / "ring.pcap0").write_bytes(made(3))
            (tmp_path / "ring.pcap1").write_bytes(made(4))
        rings.drain(one)
    assert given == [
        ("ring.pcap0", ""),
        ("ring.pcap0", "was overwritten while it was read: its last packets are missing"),
        ("ring.pcap1", "was overwritten before it was read"),
        ("ring.pcap2", ""),
        ("ring.pcap0", ""),
        ("ring.pcap1", ""),
    ]


def test_the_packed_twin_of_a_file_that_was_read_is_not_read(tmp_path) -> None:
    path, packed = tmp_path / "ring.pcap0", tmp_path / "ring.pcap0.gz"
    put(path, made(0))
    steps = (
        lambda: (tmp_path / "ring.pcap1").write_bytes(made(1, 1)),
        lambda: packed.write_bytes(gzip.compress(made(0))[:20]),
        lambda: packed.write_bytes(gzip.compress(made(0))),
        path.unlink,
        lambda: (tmp_path / "ring.pcap2.gz").write_bytes(gzip.compress(made(2, 3))),
    )
    assert rings.read(tmp_path, *steps) == [("ring.pcap0", 2), ("ring.pcap1", 1), ("ring.pcap2.gz", 3)]


def test_a_quiet_file_of_another_series_counts_as_closed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ring, "SETTLED", 0.0)
    put(tmp_path / "before.pcap", made(0))
    steps = (
        lambda: (tmp_path / "ring.pcap1").write_bytes(made(1, 1)),
        lambda: None,
        lambda: None,
        lambda: (tmp_path / "before.pcap").write_bytes(made(0, 5)),
        lambda: None,
    )
    assert rings.read(tmp_path, *steps) == [
        ("before.pcap", 2),
        ("ring.pcap1", 1),
        ("before.pcap", "grew after a newer file was there: what was added is not read"),
    ]


def test_whether_the_last_file_may_go_on(tmp_path) -> None:
    put(tmp_path / "ring.pcap0", made(0)[:-3])
    put(tmp_path / "ring.pcap1", made(1)[:-3], old=False)
    source = Ring(str(tmp_path), lambda: False, 0.0)
    told = []
    for one in source:
        list(one.batches())
        told.append((source.unfinished, [problem.code for problem in one.problems]))
    assert told == [(False, ["truncated-file"]), (True, ["truncated-file"])]


def test_one_file_that_grows(tmp_path) -> None:
    path = tmp_path / "live.pcapng"
    whole = pcapng([(START + at * 10**9, b"x" * 60) for at in range(4)])
    path.write_bytes(whole[:120])
    (tmp_path / "other.pcap").write_bytes(made(0))
    assert rings.read(path, lambda: path.write_bytes(whole)) == [("live.pcapng", 4)]


def test_one_file_may_be_named_without_a_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "live.pcap", made(0))
    assert rings.read(Path("live.pcap")) == [("live.pcap", 2)]


def test_a_file_that_is_no_capture_inside_or_cut_in_its_header(tmp_path) -> None:
    put(tmp_path / "log.gz", gzip.compress(b"only text inside"))
    put(tmp_path / "a.pcap0", pcap_header()[:20])
    put(tmp_path / "a.pcap1", made(1))
    put(tmp_path / "a.pcap2", b"")
    assert rings.read(tmp_path) == [("a.pcap1", 2), ("a.pcap0", "the file is cut inside its pcap header")]


def test_what_cannot_be_followed_is_said(tmp_path) -> None:
    with pytest.raises(CaptureError, match="does not exist"):
        Ring(str(tmp_path / "nowhere"), lambda: False, 0.0)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CaptureError, match="not a directory or file"):
        Ring(str(tmp_path / "fifo"), lambda: False, 0.0)


def test_a_directory_out_of_reach_is_a_gap_once(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    put(folder / "ring.pcap0", made(0))
    steps = (
        lambda: folder.rename(tmp_path / "away"),
        lambda: None,
        lambda: (tmp_path / "away").rename(folder),
        lambda: (folder / "ring.pcap1").write_bytes(made(1, 1)),
    )
    assert rings.read(folder, *steps) == [
        ("ring.pcap0", 2),
        ("share", "is out of reach: No such file or directory"),
        ("ring.pcap1", 1),
    ]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["ring.pcap0", "ring.pcap1", "ring_00001_20261121000000.pcap", "\x1b]0;x\n.pcap0", "-"]
            ),
            st.sampled_from(["write", "append", "delete", "rename", "cut"]),
            st.integers(0, 5),
        ),
        max_size=12,
    )
)
def test_whatever_happens_in_the_directory_reading_ends(tmp_path_factory, events) -> None:
    folder = tmp_path_factory.mktemp("ring")

    def happen(name: str, what: str, number: int) -> None:
        path = folder / name
        if what == "write":
            path.write_bytes(made(number, number))
        elif what == "append":
            with path.open("ab") as file:
                file.write(made(number)[24 : 24 + 40 * number])
        elif what == "cut" and path.exists():
            os.truncate(path, path.stat().st_size // 2)
        elif what == "delete":
            path.unlink(missing_ok=True)
        elif what == "rename" and path.exists():
            path.rename(folder / f"{name}{number}")

    steps = [lambda event=event: happen(*event) for event in events]
    for _, told in rings.read(folder, *steps):
        assert isinstance(told, int) or told
