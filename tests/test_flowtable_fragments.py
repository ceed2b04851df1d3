"""Which flow a fragment belongs to, told by hand; merging is the law's (test_flows)."""

from __future__ import annotations

from collections import Counter

import pytest

from analyzer.flowtable.fragments import FRAGMENT_FRAMES, Datagram, Fragments

ONE: Datagram = (4, 0, 1, 0, 2, 17, 100)
OTHER: Datagram = (4, 0, 1, 0, 2, 17, 101)


@pytest.fixture
def given_to() -> Counter[int]:
    return Counter()


@pytest.fixture
def fragments(given_to: Counter[int]) -> Fragments:
    return collecting(given_to)


def collecting(given_to: Counter[int], begin: int = 1) -> Fragments:
    def give(row: int, count: int) -> None:
        given_to[row] += count

    return Fragments(give, begin=begin)


def test_fragments_follow_their_first(fragments: Fragments, given_to: Counter[int]) -> None:
    fragments.first(1, ONE, 7)
    fragments.later(2, ONE)
    fragments.later(3, OTHER)
    fragments.later(4, ONE)
    assert given_to == {7: 2}
    assert fragments.seen == 3


def test_last_fragment_first(fragments: Fragments, given_to: Counter[int]) -> None:
    fragments.later(1, ONE)
    fragments.later(2, ONE)
    fragments.first(3, ONE, 7)
    fragments.first(4, ONE, 8)
    assert given_to == {7: 2}


def test_a_reused_identification_belongs_to_the_latest(fragments: Fragments, given_to: Counter[int]) -> None:
    fragments.first(1, ONE, 7)
    fragments.first(2, ONE, 8)
    fragments.later(3, ONE)
    assert given_to == {8: 1}


@pytest.mark.parametrize(("gap", "expected"), [(FRAGMENT_FRAMES, {7: 1}), (FRAGMENT_FRAMES + 1, {})])
def test_too_far_apart_either_way(gap: int, expected: dict[int, int]) -> None:
    for first, later in ((1, 1 + gap), (1 + gap, 1)):
        given_to: Counter[int] = Counter()
        fragments = collecting(given_to)
        for frame in sorted((first, later)):
            if frame == first:
                fragments.first(frame, ONE, 7)
            else:
                fragments.later(frame, ONE)
        assert given_to == expected


def test_an_earlier_first_fragment_takes_over_in_a_merge(given_to: Counter[int]) -> None:
    ours, theirs = collecting(given_to), collecting(Counter(), begin=3)
    ours.first(1, ONE, 0)
    theirs.later(3, ONE)
    theirs.first(4, ONE, 5)
    given_to[9] = 1  # the table has added the later table's count of its row 5, our row 9
    ours.merge(theirs, [0, 0, 0, 0, 0, 9])
    assert given_to == {0: 1, 9: 0}


def test_a_flood_does_not_stay_in_memory(fragments: Fragments) -> None:
    step = FRAGMENT_FRAMES // 64
    for frame in range(1, 20 * FRAGMENT_FRAMES, step):
        fragments.later(frame, ONE)
        fragments.later(frame, (4, 0, frame, 0, 2, 17, 1))
        fragments.first(frame, (4, 0, frame, 0, 2, 17, 2), 0)
        fragments.sweep(frame)
    assert len(fragments.waiting[ONE]) <= 2 * 64 + 1
    assert max(map(len, (fragments.recent, fragments.waiting, fragments.leading, fragments.early))) < 400
