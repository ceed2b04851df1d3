"""pcap: every variant round trips, any cut gives a prefix, damage is stepped over."""

from __future__ import annotations

import random
import struct
import time
from typing import Any

import pytest
from captures import Frame, Row, codes, pcap, pcap_header, read, wire_length
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.capture import Capture
from analyzer.capture.pcap import PcapReader
from analyzer.capture.reader import BATCH_FRAMES, FRAMES_A_RESYNC, MAX_FRAME, RESYNC_RANGE
from analyzer.capture.records import FAR_PROOF
from analyzer.errors import CaptureError
from analyzer.model import Lost

frames_strategy = st.lists(
    st.builds(
        lambda time, data, more: (time, data, len(data) + more),
        st.integers(10**9, 2**32 * 10**9 - 1),
        st.binary(min_size=1, max_size=60),
        st.integers(0, 1500),
    ),
    max_size=8,
)
variants = st.fixed_dictionaries(
    {"order": st.sampled_from("<>"), "nano": st.booleans(), "modified": st.booleans()}
)
windows = st.sampled_from([1, 7, 64, 1000, 1 << 22])


def some(count: int, *, start: int = 1_700_000_000, size: int = 60) -> list[Frame]:
    return [((start + k) * 10**9, bytes([k % 251 + 1]) * size) for k in range(count)]


@given(frames_strategy, variants, windows)
def test_frames_come_back(frames: list[Frame], variant: dict[str, object], window: int) -> None:
    rows, capture = read(pcap(frames, link_type=113, **variant), window)  # type: ignore[arg-type]
    grain = 1 if variant["nano"] and not variant["modified"] else 1000
    assert [(row.time, row.data, row.wire) for row in rows] == [
        (frame[0] // grain * grain, frame[1], wire_length(frame)) for frame in frames
    ]
    assert {(row.link_type, row.interface) for row in rows} <= {(113, 0)}
    assert (capture.format, capture.link_types, capture.problems) == ("pcap", ("LINUX_SLL",), ())
    assert capture.first == min((row.time for row in rows), default=None)
    assert capture.last == max((row.time for row in rows), default=None)
    assert capture.first_time == (rows[0].time if rows else None)


@settings(max_examples=40)
@given(frames_strategy, variants, windows, st.data())
def test_a_cut_anywhere_gives_the_whole_frames_before_it(
    frames: list[Frame], variant: dict[str, object], window: int, data: st.DataObject
) -> None:
    whole = pcap(frames, **variant)  # type: ignore[arg-type]
    cut = data.draw(st.integers(0, len(whole)))
    if cut < 24:
        with pytest.raises(CaptureError):
            read(whole[:cut], window)
        return
    rows, capture = read(whole[:cut], window)
    header = 24 if variant["modified"] else 16
    ends = [24]
    for frame in frames:
        ends.append(ends[-1] + header + len(frame[1]))
    complete = sum(end <= cut for end in ends[1:])
    assert rows == read(whole)[0][:complete]
    assert codes(capture) == ([] if cut in ends else [("truncated-file", complete + 1)])


@settings(max_examples=60)
@given(
    frames_strategy,
    variants,
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    windows,
)
def test_mutations_never_raise_and_windows_do_not_matter(
    frames: list[Frame], variant: dict[str, object], changes: list[tuple[int, int]], window: int
) -> None:
    damaged = bytearray(pcap(frames, **variant))  # type: ignore[arg-type]
    for place, value in changes:
        damaged[place % len(damaged)] = value
    try:
        rows, capture = read(bytes(damaged))
    except CaptureError:
        with pytest.raises(CaptureError):
            read(bytes(damaged), window)
        return
    again, same = read(bytes(damaged), window)
    assert (rows, capture.problems) == (again, same.problems)


def test_batches_are_bounded() -> None:
    frames = [(k * 1000, b"x") for k in range(1, 2 * BATCH_FRAMES + 4)]
    rows, _ = read(pcap(frames))
    assert [row.time for row in rows] == [frame[0] for frame in frames]


def test_captured_beyond_the_wire_length_lifts_the_wire_length() -> None:
    rows, _ = read(pcap([(10**18, b"abcdef", 2)]))
    assert [(row.data, row.wire) for row in rows] == [(b"abcdef", 6)]


def test_seconds_are_unsigned() -> None:
    rows, _ = read(pcap([((2**32 - 1) * 10**9 + 5000, b"x")]))
    assert rows[0].time == 4_294_967_295_000_005_000


def test_the_upper_half_of_the_network_field_is_no_link_type() -> None:
    rows, capture = read(pcap([(10**18, b"x")], link_type=0x2400_0000 | 0x1_0000 | 101))
    assert rows[0].link_type == 101
    assert capture.link_types == ("RAW",)


@pytest.mark.parametrize("major", [0, 1, 3, 543])
def test_other_versions_are_refused(major: int) -> None:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, major, 0, 0, 0, 65535, 1)
    with pytest.raises(CaptureError, match=rf"^made\.pcap: pcap version {major}\.0 is not supported$"):
        read(head)


def test_a_large_snapshot_length_allows_large_frames() -> None:
    large = [(10**18, b"y" * (MAX_FRAME + 1)), (10**18, b"z")]
    rows, capture = read(pcap(large, snaplen=MAX_FRAME * 2))
    assert [len(row.data) for row in rows] == [MAX_FRAME + 1, 1]
    assert capture.problems == ()
    rows, capture = read(pcap(large))
    assert codes(capture)[0] == ("damaged-record", 1)


def test_an_absurd_length_is_stepped_over() -> None:
    frames = some(40)
    damaged = bytearray(pcap(frames))
    struct.pack_into("<I", damaged, 24 + 3 * 76 + 8, 0x7FFFFFFF)
    rows, capture = read(bytes(damaged))
    assert [row.time for row in rows] == [frame[0] for k, frame in enumerate(frames) if k != 3]
    [problem] = capture.problems
    assert (problem.code, problem.frame, problem.count, problem.damage) == ("damaged-record", 4, 1, True)
    assert "2147483647" in problem.detail
    assert "went on 76 bytes later" in problem.detail


def test_a_length_that_runs_over_the_end_is_damage_where_records_follow() -> None:
    frames = some(5)
    damaged = bytearray(pcap(frames))
    struct.pack_into("<I", damaged, 24 + 76 + 8, 0x1_0000)
    rows, capture = read(bytes(damaged))
    assert [row.time for row in rows] == [frame[0] for k, frame in enumerate(frames) if k != 1]
    assert codes(capture) == [("damaged-record", 2)]


@pytest.mark.parametrize("lost", [1, 17, 50, 5000])
def test_lost_bytes_cost_only_the_frames_they_touch(lost: int) -> None:
    whole = pcap(some(400))
    at = 24 + 10 * 76 + 3
    rows, capture = read(whole[:at] + whole[at + lost :])
    assert len(rows) >= 400 - lost // 76 - 3
    assert rows[-300:] == read(whole)[0][-300:]
    assert [code for code, _ in codes(capture)] == ["damaged-record"]


def test_a_hole_of_zeros_is_not_frames() -> None:
    whole = pcap(some(20))
    at = 24 + 10 * 76
    rows, capture = read(whole[:at] + bytes(76 * 3) + whole[at + 76 * 3 :])
    assert rows == [row for k, row in enumerate(read(whole)[0]) if not 10 <= k < 13]
    assert codes(capture) == [("damaged-record", 11)]


def test_zeros_to_the_end_end_the_frames() -> None:
    rows, capture = read(pcap(some(3)) + bytes(100_000))
    assert len(rows) == 3
    assert codes(capture) == [("damaged-record", 4)]


@pytest.mark.parametrize("noise", [b"\xff", b"\0"])
def test_damage_of_any_length_is_searched_to_its_end(noise: bytes) -> None:
    whole = pcap(some(3))
    far = noise * (RESYNC_RANGE + 100)
    rows, capture = read(whole + far + whole[24:], 1 << 20)
    assert len(rows) == 6
    (problem,) = capture.problems
    assert problem.lost == Lost(len(far), 0, rows[2].time, rows[3].time) or problem.lost.silence is None
    assert f"went on {len(far)} bytes later" in problem.detail


def test_a_file_full_of_damage_ends_in_good_time() -> None:
    record = struct.pack("<IIII", 1_700_000_000, 0, 1, 1) + b"x"
    began = time.monotonic()
    _, capture = read(pcap_header() + (record + record + b"\xff" * 40) * 20_000)
    assert time.monotonic() - began < 5
    # 1000 places, and one more for each 64 of the about 2000 frames between them.
    assert [problem.code for problem in capture.problems] == ["damaged-record", "too-much-damage"]
    assert capture.problems[0].count == 1000 + 2 * 1032 // FRAMES_A_RESYNC


def test_the_reader_asks_for_its_header_first() -> None:
    assert PcapReader().take(pcap_header()[:10], 0, False).need == 24


def joined(*files: bytes) -> tuple[list[Row], Capture]:
    return read(b"".join(files))


@pytest.mark.parametrize(
    "other", [{}, {"order": ">"}, {"nano": True}, {"modified": True}, {"link_type": 101}], ids=str
)
def test_files_joined_as_they_are_both_count(other: dict[str, Any]) -> None:
    """``cat a.pcap b.pcap``, months apart."""
    first, second = pcap(some(5)), pcap(some(7, start=1_760_000_000), **other)
    rows, capture = joined(first, second)
    assert rows == read(first)[0] + read(second)[0]
    assert codes(capture) == [("appended-capture", 6)]
    assert capture.link_types == (("EN10MB", "RAW") if "link_type" in other else ("EN10MB",))
    assert capture.problems[0].lost is None


def test_a_file_joined_to_one_that_is_cut() -> None:
    """The cut record takes what it misses from the file behind it: as much as it lacks is lost, no more."""
    first, second = pcap(some(5))[:-20], pcap(some(50, start=1_760_000_000))
    rows, capture = joined(first, second)
    assert rows[:4] == read(first)[0]
    assert rows[5:] == read(second)[0][1:] or rows[5:] == read(second)[0]
    assert "damaged-record" in [code for code, _ in codes(capture)]


def test_a_header_without_records_behind_a_capture() -> None:
    rows, capture = joined(pcap(some(5)), pcap_header(), pcap(some(2)))
    assert len(rows) == 7
    assert capture.problems[0].count == 2


@pytest.mark.parametrize("before", [0, 5000])
@pytest.mark.parametrize("behind", [3, 2000])
def test_a_clock_that_is_set_and_then_damage(before: int, behind: int) -> None:
    """A device without a clock of its own begins in 1970. Whatever comes first, the rest is read."""
    frames = some(50, start=5) + some(before + 20) + some(behind, start=1_700_000_000 + before + 20)
    whole = pcap(frames)
    hurt = 70 + before - 2
    at = 24 + hurt * 76
    rows, capture = read(whole[:at] + b"\xff" * 76 + whole[at + 76 :])
    assert [row.time for row in rows] == [frame[0] for k, frame in enumerate(frames) if k != hurt]
    (problem,) = capture.problems
    assert problem.lost == Lost(76, 2 * 10**9, frames[hurt - 1][0], frames[hurt + 1][0])


def test_a_clock_that_damage_makes_up_is_not_believed() -> None:
    """What follows a few records with times of another year is read on at the time before them."""
    false = pcap(some(40, start=16_807))[24:]
    frames = some(300)
    whole, cut = pcap(frames), 24 + 100 * 76
    rows, _ = read(whole[:cut] + false + b"\xff" * 30 + whole[cut:])
    assert [row.time for row in rows if row.time > 10**18] == [time for time, _ in frames]


def test_what_looks_like_records_behind_damage_has_to_go_on_for_long_at_another_time() -> None:
    false = pcap(some(FAR_PROOF - 1, start=16_807))[24:]
    frames = some(300)
    whole, cut = pcap(frames), 24 + 100 * 76
    rows, capture = read(whole[:cut] + b"\xff" * 30 + false + b"\xff" * 9 + whole[cut:])
    assert [row.time for row in rows] == [time for time, _ in frames]
    assert capture.problems[0].lost == Lost(39 + len(false), 10**9, frames[99][0], frames[100][0])


@pytest.mark.parametrize("odd", ["cut", "beyond", "jumps"])
def test_ways_of_writers_are_no_damage(odd: str) -> None:
    """Frames cut at any length, lengths on the wire that are not told, clocks that jump: all read, also
    behind damage.
    """
    draw = random.Random(odd)
    frames: list[Frame] = []
    for k in range(400):
        size = draw.randrange(40, 90)
        wire = {"cut": size + draw.randrange(500), "beyond": 0}.get(odd, size)
        jump = draw.randrange(10**9) if odd == "jumps" else 0
        frames.append(((1_700_000_000 + k + jump) * 10**9, bytes([k % 251 + 1]) * size, wire))
    whole = pcap(frames)
    rows, capture = read(whole)
    assert ([row.time for row in rows], capture.problems) == ([frame[0] for frame in frames], ())
    at = 24 + sum(16 + len(frame[1]) for frame in frames[:200])
    rows, capture = read(whole[:at] + b"\xff" * 16 + whole[at + 16 :])
    assert [row.time for row in rows] == [frame[0] for k, frame in enumerate(frames) if k != 200]


@pytest.mark.parametrize("lost", [1, 20, 59, 1000])
@pytest.mark.parametrize("window", [100, 1 << 20])
def test_records_that_one_before_them_took_for_its_own_bytes(lost: int, window: int) -> None:
    """A record that lost bytes says that it is as long as ever: those behind it are found inside of it."""
    frames = some(40)
    frames[4] = (frames[4][0], b"\xee" * 1400)
    whole = pcap(frames)
    at = 24 + 4 * 76 + 16 + 100
    rows, capture = read(whole[:at] + whole[at + lost :], window)
    assert [row.time for row in rows] == [frame[0] for frame in frames]
    assert [row.data for row in rows[5:]] == [data for _, data in frames[5:]]
    (problem,) = capture.problems
    assert (problem.code, problem.frame) == ("short-record", 5)
    assert f"{lost} bytes of the file are gone" in problem.detail


def test_a_capture_inside_a_frame_in_front_of_damage_is_not_read() -> None:
    frames = some(30)
    copied = pcap(some(10, size=44))[24:]
    frames[9] = (frames[9][0], copied + b"end")
    whole = pcap(frames)
    at = 24 + 9 * 76 + 16 + len(copied) + 3
    rows, _ = read(whole[:at] + b"\xff" * 76 + whole[at + 76 :])
    assert [row.data for row in rows] == [data for k, (_, data) in enumerate(frames) if k != 10]
