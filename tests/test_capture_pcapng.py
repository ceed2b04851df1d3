"""pcapng: every block type, byte order and resolution; cuts, mutations, damage."""

from __future__ import annotations

import struct
import time
from fractions import Fraction

import pytest
from captures import (
    EPB,
    Frame,
    block,
    codes,
    custom,
    dsb,
    epb,
    idb,
    isb,
    nrb,
    option,
    pb,
    pcapng,
    read,
    shb,
    spb,
    wire_length,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import pcapng as module
from analyzer.capture.reader import BATCH_FRAMES, FRAMES_A_RESYNC
from analyzer.errors import CaptureError
from analyzer.model import Lost

orders = st.sampled_from("<>")
windows = st.sampled_from([1, 7, 64, 1000, 1 << 22])
frames_strategy = st.lists(
    st.builds(
        lambda ticks, data, more: (ticks, data, len(data) + more),
        st.integers(0, 2**63 - 1),
        st.binary(max_size=60),
        st.integers(0, 1500),
    ),
    max_size=8,
)


@given(frames_strategy, orders, windows)
def test_frames_come_back(frames: list[Frame], order: str, window: int) -> None:
    rows, capture = read(pcapng(frames, order=order), window)
    assert [(row.time, row.data, row.wire) for row in rows] == [
        (frame[0], frame[1], wire_length(frame)) for frame in frames
    ]
    assert (capture.format, capture.link_types, capture.problems) == ("pcapng", ("EN10MB",), ())
    assert capture.first == min((row.time for row in rows), default=None)


@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 255),
    st.integers(-(2**34), 2**34) | st.integers(-(2**63), 2**63 - 1),
)
def test_times_are_exact_whatever_the_resolution(ticks: int, tsresol: int, tsoffset: int) -> None:
    rows, capture = read(pcapng([(ticks, b"x")], tsresol=tsresol, tsoffset=tsoffset))
    parts = 2 ** (tsresol & 0x7F) if tsresol & 0x80 else 10**tsresol
    exact = Fraction(ticks * 10**9, parts).__floor__() + tsoffset * 10**9
    inside = -(2**63) <= exact < 2**63
    assert rows[0].time == (exact if inside else 2**63 - 1 if exact > 0 else -(2**63))
    assert codes(capture) == ([] if inside else [("bad-timestamp", 1)])


def test_times_by_hand() -> None:
    # 2020-01-01T00:00:00Z is 1577836800.
    assert read(pcapng([(1577836800_000006, b"x")], tsresol=None))[0][0].time == 1577836800_000006000
    assert read(pcapng([(1577836800_250, b"x")], tsresol=3))[0][0].time == 1577836800_250000000
    assert read(pcapng([(1577836800 * 1024 + 512, b"x")], tsresol=0x8A))[0][0].time == 1577836800_500000000
    assert read(pcapng([(1, b"x")], tsresol=6, tsoffset=-1))[0][0].time == -999_999_000
    assert read(pcapng([(1_000_001_123_456_789_999, b"x")], tsresol=12))[0][0].time == 1_000_001_123_456_789


def test_a_time_beyond_64_bits_names_its_frame() -> None:
    rows, capture = read(pcapng([(1, b"a"), (2**64 - 1, b"b"), (2, b"c")]))
    assert [row.time for row in rows] == [1, 2**63 - 1, 2]
    assert codes(capture) == [("bad-timestamp", 2)]


def test_every_block_type() -> None:
    data = b"".join(
        (
            shb(length=4000, options=option(4, b"a tool")),
            idb(1, tsresol=9),
            idb(113, tsresol=6, snaplen=4),
            nrb(),
            custom(),
            epb((5, b"first", 60), options=option(1, b"comment") + option(0, b"")),
            isb(),
            block(0x7777_0001, b"unknown"),
            pb((7, b"old!"), 1),
            spb(b"simple"),
            dsb(),
            custom(copy=False),
            epb((9, b"last"), 1),
        )
    )
    rows, capture = read(data)
    assert [tuple(row) for row in rows] == [
        (5, b"first", 60, 1, 0),
        (7000, b"old!", 4, 113, 1),
        (7000, b"simple", 6, 1, 0),
        (9000, b"last", 4, 113, 1),
    ]
    assert capture.link_types == ("EN10MB", "LINUX_SLL")
    assert [(one.code, one.frame, one.count, one.damage) for one in capture.problems] == [
        ("unknown-block", 2, 1, False),
        ("no-timestamp", 3, 1, False),
    ]
    assert (capture.first, capture.last) == (5, 9000)


def test_simple_packets_are_cut_to_the_snapshot_length_of_interface_0() -> None:
    rows, capture = read(shb() + idb(1, snaplen=4) + spb(b"abcd", 100) + spb(b"xyz"))
    assert [(row.data, row.wire, row.time) for row in rows] == [(b"abcd", 100, 0), (b"xyz", 3, 0)]
    assert (capture.first, capture.last, capture.first_time) == (None, None, None)
    assert capture.problems[0].count == 2


def test_sections_have_their_own_byte_order_and_interfaces() -> None:
    data = (
        shb("<") + idb(1) + idb(101) + epb((1, b"a"), 1)
        + shb(">") + idb(113, order=">", tsresol=6) + epb((2, b"b"), order=">")
        + shb("<", length=0) + idb(1) + epb((3, b"c"))
    )  # fmt: skip
    rows, capture = read(data)
    assert [tuple(row) for row in rows] == [
        (1, b"a", 1, 101, 1),
        (2000, b"b", 1, 113, 2),
        (3, b"c", 1, 1, 3),
    ]
    assert capture.link_types == ("EN10MB", "RAW", "LINUX_SLL")
    assert capture.problems == ()


def test_packets_of_unknown_interfaces_are_left_out() -> None:
    data = shb() + spb(b"s") + idb() + epb((1, b"a")) + epb((2, b"b"), 1) + pb((3, b"c"), 7) + epb((4, b"d"))
    rows, capture = read(data)
    assert [row.data for row in rows] == [b"a", b"d"]
    [problem] = capture.problems
    assert (problem.code, problem.frame, problem.count) == ("unknown-interface", 1, 3)


def test_an_interface_described_after_its_packet_comes_too_late() -> None:
    rows, capture = read(shb() + epb((1, b"a")) + idb() + epb((2, b"b")))
    assert [row.data for row in rows] == [b"b"]
    assert codes(capture) == [("unknown-interface", 1)]


def test_more_captured_bytes_than_the_block_holds() -> None:
    bad = block(EPB, struct.pack("<IIIII", 0, 0, 5, 9, 9) + b"four")
    rows, capture = read(shb() + idb() + epb((1, b"a")) + bad + epb((2, b"b")))
    assert [row.data for row in rows] == [b"a", b"b"]
    assert codes(capture) == [("damaged-block", 2)]


@settings(max_examples=40)
@given(frames_strategy, orders, windows, st.data())
def test_a_cut_anywhere_gives_the_whole_frames_before_it(
    frames: list[Frame], order: str, window: int, data: st.DataObject
) -> None:
    whole = pcapng(frames, order=order)
    cut = data.draw(st.integers(0, len(whole)))
    if cut < 28:
        with pytest.raises(CaptureError):
            read(whole[:cut], window)
        return
    rows, capture = read(whole[:cut], window)
    head = len(pcapng([], order=order))
    ends = [head]
    for frame in frames:
        ends.append(ends[-1] + len(epb(frame)))
    complete = sum(end <= cut for end in ends[1:])
    assert rows == read(whole)[0][:complete]
    assert codes(capture) == ([] if cut in (28, *ends) else [("truncated-file", complete + 1)])


@settings(max_examples=60)
@given(
    frames_strategy,
    orders,
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    windows,
)
def test_mutations_never_raise_and_windows_do_not_matter(
    frames: list[Frame], order: str, changes: list[tuple[int, int]], window: int
) -> None:
    damaged = bytearray(pcapng(frames, order=order))
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


@pytest.mark.parametrize("length", [0, 4, 11, 33, 0x7FFFFFFC, 0xFFFFFFFF, 40])
def test_a_bad_block_length_is_stepped_over(length: int) -> None:
    blocks = [epb((k, b"%03d!" % k)) for k in range(9)]
    hurt = bytearray(blocks[4])
    struct.pack_into("<I", hurt, 4, length)
    rows, capture = read(shb() + idb() + b"".join(blocks[:4]) + bytes(hurt) + b"".join(blocks[5:]))
    assert [row.time for row in rows] == [0, 1, 2, 3, 5, 6, 7, 8]
    [problem] = capture.problems
    assert (problem.code, problem.frame, problem.damage) == ("bad-block-length", 5, True)
    assert "went on 36 bytes later" in problem.detail


@pytest.mark.parametrize("lost", [1, 2, 7, 36, 100])
def test_lost_bytes_cost_only_the_frames_they_touch(lost: int) -> None:
    whole = pcapng([(k, b"%03d!" % k) for k in range(50)])
    at = len(pcapng([])) + 10 * 36 + 5
    rows, _ = read(whole[:at] + whole[at + lost :])
    assert rows[:10] == read(whole)[0][:10]
    assert rows[-30:] == read(whole)[0][-30:]


def test_garbage_at_the_end() -> None:
    rows, capture = read(pcapng([(1, b"a")]) + b"\xee" * 1000)
    assert len(rows) == 1
    assert codes(capture) == [("bad-block-length", 2)]


@pytest.mark.parametrize(("major", "minor"), [(0, 1), (1, 1), (2, 0)])
def test_other_versions_are_refused(major: int, minor: int) -> None:
    with pytest.raises(
        CaptureError, match=rf"^made\.pcap: pcapng version {major}\.{minor} is not supported$"
    ):
        read(shb(major=major, minor=minor))
    rows, capture = read(pcapng([(1, b"a")]) + shb(major=major, minor=minor) + idb() + epb((2, b"b")))
    assert len(rows) == 1
    assert codes(capture) == [("unsupported-section", 2)]


def test_minor_version_2_is_1_0() -> None:
    assert len(read(shb(minor=2) + idb() + epb((1, b"a")))[0]) == 1


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (shb()[:8] + b"\0\0\0\0" + shb()[12:], "byte-order mark"),
        (shb()[:20], "cut inside"),
        (shb(options=option(1, b"x" * 50))[:60], "cut inside"),
        (shb()[:-4] + b"\0\0\0\0", "does not end where"),
    ],
)
def test_a_bad_file_header_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(CaptureError, match=why):
        read(data)


def test_a_header_without_packets_is_empty() -> None:
    rows, capture = read(shb())
    assert (rows, capture.link_types, capture.problems) == ([], (), ())


def test_batches_are_bounded_with_every_kind_of_packet() -> None:
    count = BATCH_FRAMES + 10
    rows, _ = read(shb() + idb() + (spb(b"x") * 2 + epb((1, b"x")) + pb((1, b"x"))) * (count // 4 + 1))
    assert len(rows) == (count // 4 + 1) * 4


def test_a_file_full_of_damage_ends_in_good_time() -> None:
    began = time.monotonic()
    _, capture = read(shb() + idb() + (epb((1, b"a")) * 2 + b"\xff" * 40) * 20_000)
    assert time.monotonic() - began < 5
    # 1000 places, and one more for each 64 of the about 2000 frames between them.
    assert [problem.code for problem in capture.problems] == ["bad-block-length", "too-much-damage"]
    assert capture.problems[0].count == 1000 + 2 * 1032 // FRAMES_A_RESYNC


def test_many_sections_stay_quick() -> None:
    began = time.monotonic()
    rows, _ = read((shb() + idb() + epb((1, b"a"))) * 10_000)
    assert (len(rows), rows[-1].interface) == (10_000, 9_999)
    assert time.monotonic() - began < 5


def test_interfaces_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_INTERFACES", 2)
    rows, capture = read(shb() + idb() * 5 + epb((1, b"a"), 1) + epb((1, b"b"), 2))
    assert [row.data for row in rows] == [b"a"]
    assert [code for code, _ in codes(capture)] == ["too-many-interfaces", "unknown-interface"]


def test_an_interface_is_looked_at_once_however_many_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, plain = [], module.plain
    monkeypatch.setattr(module, "plain", lambda some: looked.append(len(some)) or plain(some))
    rows, _ = read(shb() + (idb(tsresol=6) + epb((1, b"a"), 0)) * 40 + epb((5, b"b"), 39))
    assert [row.data for row in rows] == [b"a"] * 40 + [b"b"]
    assert sum(looked) == 2 * 40, "once to find the first frame, once to read"


def test_capture_filters_are_those_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = (b"\0udp port 69\0", b"\1\6\0\0\0", b"\0host \xff", b"\0udp port 69")
    blocks = shb() + b"".join(idb(expression=one) for one in said) + epb((1, b"a"))
    assert read(blocks)[1].filters == ("udp port 69", "host \ufffd")
    monkeypatch.setattr(module, "MAX_FILTERS", 1)
    assert read(blocks)[1].filters == ("udp port 69",)


def test_interface_options_that_run_over_the_block_are_left_unread() -> None:
    body = struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 9, 200) + b"\x06"
    assert module.read_interface(body, "<") == module.Interface(1, 0)
    assert module.read_interface(
        struct.pack(">HHI", 1, 0, 7) + option(9, b"\x03", ">"), ">"
    ) == module.Interface(1, 7, 10**6, resolution=3)


@pytest.mark.parametrize("kind", [0, 12, 0x100, 0x220, 0x7FFFFFFF])
def test_blocks_of_types_that_no_list_has_are_counted(kind: int) -> None:
    rows, capture = read(shb() + idb() + block(kind, b"what") + epb((1, b"a")) + block(kind, b"what"))
    assert len(rows) == 1
    (problem,) = capture.problems
    assert (problem.code, problem.count, problem.damage) == ("unknown-block", 2, False)
    assert f"type {kind}," in problem.detail


@pytest.mark.parametrize("kind", [7, 9, 11, 0x101, 0x201, 0x21F, 0xBAD, 0x80000000, 0x80000001, 0xFFFFFFFF])
def test_blocks_of_other_programs_are_no_problem(kind: int) -> None:
    assert read(shb() + idb() + block(kind, b"what") + epb((1, b"a")))[1].problems == ()


@pytest.mark.parametrize("order", [("<", ">"), (">", "<")])
def test_a_section_of_the_other_byte_order_is_found_behind_damage(order: tuple[str, str]) -> None:
    first, second = (pcapng([(k, b"%03d" % k) for k in range(5)], order=one) for one in order)
    rows, capture = read(first + b"\xff" * 40 + second)
    assert len(rows) == 10
    assert capture.problems[0].lost == Lost(40, None, 4, 0)
