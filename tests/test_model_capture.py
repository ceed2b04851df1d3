"""What is said of a capture."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.capture import Lost, Problem


def test_a_problem_is_damage_of_one_frame_until_more_is_known() -> None:
    problem = Problem("truncated-file", "cut inside a record")
    assert (problem.frame, problem.count, problem.damage) == (0, 1, True)


DAWN = 1_750_000_000 * 10**9  # 2025-06-15 15:06:40 UTC


def test_what_was_lost_is_told_in_one_line() -> None:
    once = Problem("damaged-record", "no record stands here", 3, lost=Lost(1234567, first=DAWN))
    assert once.told == (
        "1 234 567 bytes could not be read, no packet after 2025-06-15 15:06:40 UTC; no record stands here"
    )
    assert once.lost is not None
    went_on = replace(once, lost=once.lost.until(DAWN, DAWN + 250_000_000))
    assert went_on.told == (
        "1 234 567 bytes could not be read, 0.250 s without packets, 2025-06-15 15:06:40 to "
        "2025-06-15 15:06:40 UTC; no record stands here"
    )
    later = Lost(33, first=DAWN + 10**9).until(DAWN + 10**9, DAWN + 3 * 10**9)
    both = went_on.with_more(Problem("damaged-record", "nor here", 9, lost=later))
    assert both.told == (
        "1 234 600 bytes in 2 places could not be read, 2.250 s without packets in all, "
        "2025-06-15 15:06:40 to 2025-06-15 15:06:43 UTC; the first: no record stands here"
    )
    assert (both.count, both.frame) == (2, 3)


def test_a_clock_that_was_set_tells_no_time_without_packets() -> None:
    jumped = Lost(7, first=5 * 10**9).until(5 * 10**9, DAWN)
    assert (jumped.silence, jumped.last) == (None, DAWN)
    assert Lost(7, first=DAWN).until(DAWN, DAWN - 1).silence is None
    told = Problem("damaged-record", "what", lost=jumped).told
    assert told == (
        "7 bytes could not be read, between packets of 1970-01-01 00:00:05 and 2025-06-15 15:06:40 UTC; what"
    )
    assert Problem("damaged-record", "what", lost=Lost(7)).told == "7 bytes could not be read; what"
    assert Problem("truncated-file", "cut").told == "cut"


@given(
    st.lists(
        st.builds(Lost, st.integers(1, 9), st.none() | st.integers(0, 9), st.integers(0, 9)),
        min_size=3,
        max_size=3,
    )
)
def test_losses_add_up_in_any_grouping(lost: list[Lost]) -> None:
    a, b, c = lost
    assert (a + b) + c == a + (b + c)
