"""Answers whose requests the capture lost: which file they are of, and what they prove."""

from __future__ import annotations

import pytest
from coapwire import (
    ACK,
    BLOCK1,
    BLOCK2,
    CHANGED,
    CONTENT,
    NOT_FOUND,
    Coap,
    block,
    fetch,
    message,
    push,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import TransferOutcome

COMPLETE, FAILED = TransferOutcome.COMPLETE, TransferOutcome.FAILED
UNKNOWN = TransferOutcome.UNKNOWN
LATE = 300


def spoilt(wire: Coap, *lost: int) -> Coap:
    """``wire`` without some of its frames, and a capture that goes on."""
    wire.frames = [frame for number, frame in enumerate(wire.frames) if number not in lost]
    return wire.idle(LATE)


# 640 bytes in blocks of 64 are ten requests, the even frames, and ten answers, the odd ones.
LAST_REQUEST, LAST_ANSWER = 18, 19


@pytest.mark.parametrize("play", [fetch, push])
@pytest.mark.parametrize("lost", [(LAST_REQUEST,), (2, LAST_REQUEST), (5, LAST_REQUEST), (15, 16, 17, 18)])
def test_a_last_answer_without_its_request_completes_the_file(play, lost: tuple[int, ...]) -> None:
    transfer = spoilt(play(Coap(), 0, 640), *lost).only()
    assert (transfer.outcome, transfer.cause) == (COMPLETE, None)


def test_of_a_fetched_file_all_bytes_are_counted() -> None:
    assert spoilt(fetch(Coap(), 0, 640), LAST_REQUEST).only().bytes == 640


@pytest.mark.parametrize("lost", [(0, 2), (2, 4), (4, 8, 12)])
def test_answers_in_the_middle_are_no_other_transfer(lost: tuple[int, ...]) -> None:
    transfer = spoilt(fetch(Coap(), 0, 640), *lost).only()
    assert (transfer.outcome, transfer.bytes) == (COMPLETE, 640)


@pytest.mark.parametrize("play", [fetch, push])
def test_a_file_that_stops_is_stalled_where_nothing_else_is_missing(play) -> None:
    transfer = spoilt(play(Coap(), 0, 640), LAST_REQUEST, LAST_ANSWER).only()
    assert transfer.outcome is FAILED


@pytest.mark.parametrize("play", [fetch, push])
@pytest.mark.parametrize("gap", [2, 7])
def test_a_file_of_which_the_capture_lacks_packets_may_lack_its_end(play, gap: int) -> None:
    transfer = spoilt(play(Coap(), 0, 640), gap, LAST_REQUEST, LAST_ANSWER).only()
    assert transfer.outcome is UNKNOWN
    assert "missing in this capture" in transfer.detail


def test_packets_that_the_network_lost_are_repeated_and_are_no_gap() -> None:
    wire = fetch(Coap(), 0, 640, upto=4)
    wire.get(1, 104, 4).get(3.5, 104, 4).content(3.51, 104, 4, True)
    transfer = fetch(wire, 5, 640, first=5, upto=8).idle(LATE).only()
    assert transfer.outcome is FAILED


def test_of_two_files_under_way_nobody_can_say() -> None:
    wire = fetch(Coap(), 0, 640, upto=9)
    for number in range(9):
        wire.get(0.02 + number / 20, 500 + number, number or None, name="/fw/other.bin")
        wire.content(0.03 + number / 20, 500 + number, number, True)
    wire.content(0.5, 109, 9, False)
    outcomes = {transfer.file: transfer.outcome for transfer in wire.idle(LATE).transfers()}
    assert outcomes["/fw/node.bin"] is FAILED
    assert outcomes["/fw/other.bin"] is FAILED


def test_an_error_or_another_size_is_not_of_the_file() -> None:
    for code, size, more in ((NOT_FOUND, 64, False), (CONTENT, 128, False)):
        wire = fetch(Coap(), 0, 640, upto=9)
        wire.s(0.5, message(ACK, code, 109, b"zz", (BLOCK2, block(9, more, size)), payload=b"x" * 9))
        assert wire.idle(LATE).only().outcome is not COMPLETE


def test_an_answer_to_a_block_on_its_own_ends_nothing() -> None:
    """RFC 7959 section 2.3: a server that takes each block by itself answers 2.04 to all of them."""
    wire = Coap()
    for number in range(4):
        wire.put(number, 100 + number, number, True).took(number + 0.1, 100 + number, number, code=CHANGED)
    wire.s(5, message(ACK, CHANGED, 104, b"zz", (BLOCK1, block(4, False, 64))))
    assert wire.idle(LATE).only().outcome is not COMPLETE


@settings(max_examples=60)
@given(st.sampled_from([fetch, push]), st.sets(st.integers(0, LAST_ANSWER), max_size=6), st.integers(1, 21))
def test_no_loss_makes_more_than_was_sent(play, lost: set[int], batch: int) -> None:
    whole = spoilt(play(Coap(), 0, 640), *lost)
    for transfer in whole.transfers(batch=batch):
        assert transfer.bytes <= 640
        if transfer.outcome is FAILED:
            # Only a capture without its end, and without any sign of a loss, looks like a file that stops.
            assert {LAST_REQUEST, LAST_ANSWER} <= lost
    assert [one.outcome for one in whole.transfers(batch=batch)] == [one.outcome for one in whole.transfers()]
