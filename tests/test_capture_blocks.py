"""Stepping over blocks, and finding the next one past damage."""

from __future__ import annotations

import pytest
from captures import dsb, epb, idb, shb, spb
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import blocks as module
from analyzer.capture.reader import RESYNC_RANGE


def test_walk_says_why_it_stopped() -> None:
    data = epb((1, b"abcd")) + epb((2, b"efgh")) + idb(tsresol=None)
    assert module.walk(data, 0, "<", 1) == ([0], 36, module.FULL, 0)
    assert module.walk(data, 0, "<", 9) == ([0, 36], 72, module.BLOCK, 20)
    assert module.walk(data[:80], 0, "<", 9) == ([0, 36], 72, module.SHORT, 12)
    assert module.walk(data[:90], 0, "<", 9) == ([0, 36], 72, module.SHORT, 20)
    assert module.walk(b"\xff" * 40, 0, "<", 9) == ([], 0, module.DAMAGED, 0)


@pytest.mark.parametrize("order", "<>")
def test_a_whole_block(order: str) -> None:
    data = epb((1, b"abcd"), order=order)
    assert module.whole(b"..." + data + b"...", 3, order) == 3 + 36
    assert module.whole(data[:-1], 0, order) is None
    assert module.whole(data, 1, order) is None
    assert module.whole(data, 36, order) is None
    # A section header brings its own byte order.
    assert module.whole(shb(order), 0, "<") == module.whole(shb(order), 0, ">") == 28


@given(st.binary(max_size=40), st.sampled_from("<>"))
def test_search_finds_two_blocks_that_follow_each_other(noise: bytes, order: str) -> None:
    pair = dsb(order=order) + spb(b"data", order=order)
    data = b"\xff" + noise + b"\xff" * 8 + pair
    assert module.search(data + b"\xff" * 4, 0, order) == len(data) - len(pair)


def test_search_takes_a_last_block_that_ends_the_file() -> None:
    assert module.search(b"\xff" * 9 + epb((1, b"x")), 0, "<") == 9
    assert module.search(b"\xff" * 9 + epb((1, b"x")) + b"\xff" * 20, 0, "<") is None


def test_search_is_bounded() -> None:
    near = b"\xff" * (RESYNC_RANGE - 4) + epb((1, b"x"))
    assert module.search(near, 0, "<") == RESYNC_RANGE - 4
    assert module.search(b"\xff" * 8 + near, 0, "<") is None
