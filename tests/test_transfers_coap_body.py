"""One file in blocks: what was placed, taken, repeated."""

from __future__ import annotations

import pytest
from coapwire import BLOCK1, block
from hypothesis import given
from hypothesis import strategies as st

from analyzer.transfers.coap.body import CONTINUE, SPANS, Body, place, shown

A, B = (4, 0, 1, 40000), (4, 0, 2, 5683)
CHANGED = 0x44


def body(writes: bool = False, path: str = "/fw/node.bin") -> Body:
    return Body(A, B, 3 if writes else 1, path, writes)


@given(st.integers(0, 1 << 19), st.booleans(), st.sampled_from([16, 32, 64, 128, 256, 512, 1024]))
def test_a_block_option(number: int, more: bool, size: int) -> None:
    assert place(int.from_bytes(block(number, more, size), "big")) == (number * size, more, size)
    assert BLOCK1 == 27


def test_the_reserved_size_is_no_larger_than_the_largest() -> None:
    assert place(0x17) == (1024, False, 1024)


def test_blocks_of_another_size_lie_at_their_bytes() -> None:
    """RFC 7959 figure 9: 128 bytes are taken whole, and the next are block 4 of 32 bytes."""
    one = body(writes=True)
    one.ask(0, 128, 128, True, 1, 1)
    one.block1(CONTINUE, 32, 2, 2)
    one.ask(4 * 32, 32, 20, False, 3, 3)
    one.block1(CHANGED, 32, 4, 4)
    assert (one.done, one.bytes, one.blocks, list(one.sizes)) == (True, 148, 2, [128, 32])


def test_a_read_is_acknowledged_by_the_next_question() -> None:
    one = body()
    one.ask(0, 64, 0, False, 1, 1)
    one.block2(0, 64, 64, True, 2, 2)
    assert (one.bytes, one.blocks, one.done) == (0, 1, False)
    one.ask(64, 64, 0, False, 3, 3)
    assert one.bytes == 64
    one.block2(64, 64, 10, False, 4, 4)
    assert (one.bytes, one.blocks, one.done) == (74, 2, True)


def test_an_empty_last_block() -> None:
    one = body(writes=True)
    for first, length, more in ((0, 64, True), (64, 0, False)):
        one.ask(first, 64, length, more, 1, 1)
        one.block1(CONTINUE if more else CHANGED, 64, 1, 1)
    assert (one.done, one.bytes) == (True, 64)


def test_what_this_capture_lost_was_asked_for_in_order() -> None:
    one = body()
    for first in (0, 64, 192):  # the third block is not in the capture, nor is the question for it
        one.ask(first, 64, 0, False, 1, 1)
        one.block2(first, 64, 64, first < 192, 1, 1)
    assert (one.done, one.bytes) == (True, 256)


def test_in_no_order_every_block_has_to_be_there() -> None:
    one = body()
    for first in (128, 0, 192, 64):
        one.ask(first, 64, 0, False, 1, 1)
        one.block2(first, 64, 64, first < 192, 1, 1)
        assert one.done is (first == 64)
    assert (one.bytes, one.spans) == (256, [[0, 256]])


def test_repetitions() -> None:
    one = body(writes=True)
    one.ask(0, 64, 64, True, 1, 1)
    one.ask(0, 64, 64, True, 2, 2)
    assert (one.retransmissions, one.repeated) == (1, [0, 1])
    one.block1(CONTINUE, 64, 3, 3)
    assert one.repeated == [0, 0]
    one.block1(CONTINUE, 64, 4, 4)
    assert (one.retransmissions, one.blocks) == (2, 1)


def test_one_block_is_no_transfer() -> None:
    one = body(path="/light")
    one.ask(0, 64, 0, False, 1, 1)
    one.block2(0, 64, 20, False, 2, 2)
    assert not shown(one)


@pytest.mark.parametrize(("path", "is_shown"), [("/light", False), ("/node.bin", True)])
def test_an_image_that_was_refused_is_one(path: str, is_shown: bool) -> None:
    one = body(path=path)
    one.ask(0, 0, 0, False, 1, 1)
    one.fail(0x84, 2)
    assert shown(one) is is_shown


@pytest.mark.parametrize(("path", "observed"), [("/.well-known/core?rt=x", False), ("/a", True)])
def test_lists_and_what_is_observed_are_none(path: str, observed: bool) -> None:
    one = body(path=path)
    for first in (0, 64):
        one.ask(first, 64, 0, False, 1, 1)
        one.block2(first, 64, 64, first == 0, 2, 2)
    one.observed = observed
    assert not shown(one)


@given(st.permutations(range(12)), st.integers(1, 64))
def test_pieces_in_any_order_cover_the_whole(order: list[int], last: int) -> None:
    one = body()
    for number in order:
        one.ask(number * 64, 64, 0, False, 1, 1)
        one.block2(number * 64, 64, 64 if number < 11 else last, number < 11, 1, 1)
    assert one.spans == [[0, 11 * 64 + last]]


def test_memory_is_bounded() -> None:
    one = body()
    for number in range(0, 5 * SPANS, 2):
        one.block2(number * 64, 64, 64, True, 1, 1)
    assert len(one.spans) <= SPANS
