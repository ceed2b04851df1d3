"""Who repeated what before both fell silent."""

from __future__ import annotations

import pytest
from test_transfers_tftp_endings_ending import state
from tftpwire import Wire, ack, data, oack, rrq, wrq

from analyzer.model import Cause, TransferOutcome
from analyzer.transfers.tftp.endings.silence import silent


def read_of(*blocks: int) -> Wire:
    wire = Wire().c(0, rrq(), 69)
    for block in blocks:
        wire.s(block, data(block)).c(block + 0.1, ack(block))
    return wire


SILENT = {
    "the server's first block, never acknowledged": (
        Wire().c(0, rrq(), 69).s(1, data(1)).s(2, data(1)).s(4, data(1)),
        *(Cause.DATA_PATH_BLOCKED, "the server sent block 1 3 times"),
    ),
    "its options, never acknowledged": (
        Wire().c(0, rrq(blksize=1428), 69).s(1, oack(blksize=1428)),
        *(Cause.DATA_PATH_BLOCKED, "the server sent the accepted options once"),
    ),
    "options acknowledged in vain": (
        Wire().c(0, rrq(blksize=1428), 69).s(1, oack(blksize=1428)).c(2, ack(0)).c(3, ack(0)),
        *(Cause.ACK_PATH_BLOCKED, "never goes on to block 1"),
    ),
    "the server from another address": (
        Wire().c(0, rrq(), 69).s(1, data(1), server="10.20.0.11"),
        *(Cause.REPLY_FROM_OTHER_ADDRESS, "10.20.0.11 answered"),
    ),
    "a write that is answered in vain": (
        Wire().c(0, wrq(), 69).s(1, ack(0)).s(2, ack(0)),
        *(Cause.ACK_PATH_BLOCKED, "with its acknowledgement 2 times"),
    ),
    "a write's first block": (
        Wire().c(0, wrq(), 69).s(1, ack(0)).c(2, data(1)).c(3, data(1)),
        *(Cause.DATA_PATH_BLOCKED, "the client sent block 1 2 times"),
    ),
    "both repeat": (
        read_of(1, 2, 3).s(5, data(4)).s(6, data(4)).c(7, ack(3)),
        *(Cause.STALLED, "block 3 was the last one acknowledged"),
    ),
    "the client is gone": (
        read_of(1, 2, 3).s(5, data(4)).s(6, data(4)),
        *(Cause.CLIENT_GAVE_UP, "the client fell silent"),
    ),
}


def missing(wire: Wire, *lost: int) -> Wire:
    wire.frames = [frame for number, frame in enumerate(wire.frames) if number not in lost]
    return wire


def test_a_capture_that_lacks_blocks_may_lack_the_end() -> None:
    """Of ten frames the fourth, block 2, and all after the eighth."""
    ending = silent(*state(missing(read_of(1, 2, 3, 4, 5), 3)), None)
    assert (ending.outcome, ending.cause) == (TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED)
    assert "1 of its blocks are missing in this capture" in ending.said[0]


def test_what_was_repeated_was_not_heard_whatever_the_capture_lacks() -> None:
    wire = missing(read_of(1, 2, 3, 4, 5), 3).s(7, data(6)).s(8, data(6))
    assert silent(*state(wire), None).cause is Cause.CLIENT_GAVE_UP


def test_in_a_window_blocks_are_lost_on_the_way_as_well() -> None:
    wire = Wire().c(0, rrq(windowsize=4), 69).s(0.1, oack(windowsize=4)).c(0.2, ack(0))
    for number in (1, 3, 4):
        wire.s(number, data(number))
    assert silent(*state(wire.c(5, ack(1))), None).outcome is TransferOutcome.FAILED


@pytest.mark.parametrize("name", SILENT)
def test_the_cause_is_told_by_who_repeated(name: str) -> None:
    wire, cause, words = SILENT[name]
    ending = silent(*state(wire), None)
    assert ending.cause is cause
    assert any(words in said for said in ending.said), ending.said


def test_full_blocks_that_are_all_that_was_announced_lack_the_end() -> None:
    ending = silent(*state(read_of(1, 2, 3)), 3 * 512)
    assert ending.cause is Cause.MISSING_FINAL_BLOCK
    assert "3 full blocks were acknowledged, all 1536 bytes" in ending.said[0]
