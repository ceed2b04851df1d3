"""Files of days are told together, but for the latest and those that a finding needs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import CaptureInfo, Problem
from analyzer.pipeline.spans import spans


def infos(count: int, damaged: dict[int, str] | None = None) -> list[CaptureInfo]:
    """Files of 10 frames, one a second."""
    made = []
    for number in range(count):
        first = number * 10 + 1
        problems = tuple(
            Problem(code, f"in {number}", first) for at, code in (damaged or {}).items() if at == number
        )
        times = number * 10**9, number * 10**9 + 9
        made.append(CaptureInfo(f"r{number}", "ab", "pcap", ("EN10MB",), 10, 1000, *times, first, problems))
    return made


def test_neighbours_become_one() -> None:
    one, *latest = spans(infos(10), (), 3)
    assert (one.path, one.files, one.sha256) == ("r0 … r6 (7 files)", 7, "")
    assert (one.packets, one.bytes, one.first_frame) == (70, 7000, 1)
    assert (one.first, one.last) == (0, 6 * 10**9 + 9)
    assert latest == infos(10)[7:]


def test_again_and_again() -> None:
    whole = infos(20)
    step = spans(whole[:10], (), 3)
    step = spans([*step, *whole[10:]], (), 3)
    assert step == spans(whole, (), 3)
    assert step[0].path == "r0 … r16 (17 files)"


def test_a_file_that_a_finding_names_stays() -> None:
    told = spans(infos(10), (35, 99), 2)
    assert [info.path for info in told] == ["r0 … r2 (3 files)", "r3", "r4 … r7 (4 files)", "r8", "r9"]


def test_damage_is_counted_and_kinds_of_it_are_kept_apart() -> None:
    damaged = {2: "lost-packets", 3: "lost-packets", 5: "truncated-file", 6: "truncated-file"}
    told = spans(infos(9, damaged), (), 1)
    assert [info.path for info in told] == ["r0 … r4 (5 files)", "r5 … r7 (3 files)", "r8"]
    (lost,) = told[0].problems
    assert (lost.code, lost.detail, lost.frame, lost.count) == ("lost-packets", "in 2", 21, 2)


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["", "a", "b"]), max_size=30),
    st.sets(st.integers(1, 300), max_size=4),
    st.integers(0, 5),
)
def test_nothing_is_lost(codes: list[str], cited: set[int], latest: int) -> None:
    whole = infos(len(codes), {at: code for at, code in enumerate(codes) if code})
    told = spans(whole, cited, latest)
    assert sum(info.files for info in told) == len(whole)
    assert sum(info.packets for info in told) == 10 * len(whole)
    assert [info.first_frame for info in told] == sorted(info.first_frame for info in told)
    for code in "ab":
        met = [problem for info in told for problem in info.problems if problem.code == code]
        assert sum(problem.count for problem in met) == codes.count(code)
    for frame in cited & set(range(1, 10 * len(whole) + 1)):
        (home,) = [info for info in told if info.first_frame <= frame < info.first_frame + info.packets]
        assert home.files == 1
    assert all(len({problem.code for problem in info.problems}) <= 1 for info in told)
