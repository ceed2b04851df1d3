"""Each outcome and cause of the contract, from packets written by hand."""

from __future__ import annotations

import pytest
from tftpwire import (
    CLIENT,
    CPORT,
    SERVER,
    TID,
    Wire,
    ack,
    data,
    error,
    finish_read,
    oack,
    rrq,
    wrq,
)

from analyzer.model import Cause, Transfer, TransferOutcome
from analyzer.transfers.tftp.advice import TEXTS

FAILED, COMPLETE = TransferOutcome.FAILED, TransferOutcome.COMPLETE


def reading(blocks: int = 4, **pairs: object) -> Wire:
    """A read up to ``blocks`` full blocks, all acknowledged."""
    wire = Wire().c(0, rrq(**pairs), 69)
    if pairs:
        wire.s(0.05, oack(**{**pairs, "tsize": pairs.get("tsize") or blocks * 512})).c(0.06, ack(0))
    return finish_read(wire, 0.1, blocks, 512)


def writing(blocks: int = 4, last: int = 512, **pairs: object) -> Wire:
    wire = Wire().c(0, wrq(**pairs), 69).s(0.05, oack(**pairs) if pairs else ack(0))
    for block in range(1, blocks + 1):
        wire.c(block / 10, data(block, 512 if block < blocks else last)).s(block / 10 + 0.01, ack(block))
    return wire


def end(transfer: Transfer) -> tuple[TransferOutcome, Cause | None]:
    return transfer.outcome, transfer.cause


CASES: dict[str, tuple[Wire, TransferOutcome, Cause | None, int, int]] = {
    "read": (finish_read(Wire().c(0, rrq(), 69), 0.1, 3), COMPLETE, None, 1124, 3),
    "read, empty last block": (finish_read(Wire().c(0, rrq(), 69), 0.1, 3, 0), COMPLETE, None, 1024, 3),
    "read of an empty file": (finish_read(Wire().c(0, rrq(), 69), 0.1, 1, 0), COMPLETE, None, 0, 1),
    "write": (writing(3, 100), COMPLETE, None, 1124, 3),
    "write with tsize": (writing(3, 100, tsize=1124), COMPLETE, None, 1124, 3),
    "options ignored": (
        finish_read(Wire().c(0, rrq(blksize=1428, tsize=0), 69), 0.1, 3),
        *(COMPLETE, None, 1124, 3),
    ),
    "blksize lowered": (
        finish_read(
            Wire().c(0, rrq(blksize=8192), 69).s(0.1, oack(blksize=1024)).c(0.2, ack(0)), 0.3, 3, 9, 1024
        ),
        *(COMPLETE, None, 2057, 3),
    ),
    "small blocks, OACK not captured": (
        finish_read(Wire().c(0, rrq(blksize=100), 69).c(0.2, ack(0)), 0.3, 3, 9, 100),
        *(COMPLETE, None, 209, 3),
    ),
    "last ACK not captured": (
        reading(3).s(0.5, data(4, 7)),
        *(COMPLETE, None, 1543, 3),
    ),
    "last ACK lost, sender repeats": (
        reading(3).s(0.5, data(4, 7)).s(1.5, data(4, 7)).s(3.5, data(4, 7)).idle(60),
        *(COMPLETE, None, 1543, 3),
    ),
    "size probe": (
        Wire().c(0, rrq(tsize=0), 69).s(0.1, oack(tsize=9999)).c(0.2, error(8, "probe")).idle(60),
        *(COMPLETE, None, 0, 0),
    ),
    "size probe with code 0": (
        Wire().c(0, rrq(tsize=0, blksize=1428), 69).s(0.1, oack(tsize=9999)).c(0.2, error(0)).idle(60),
        *(COMPLETE, None, 0, 0),
    ),
    "no answer": (
        Wire().c(0, rrq(), 69).c(5, rrq(), 69).c(10, rrq(), 69).idle(30),
        *(FAILED, Cause.NO_RESPONSE, 0, 0),
    ),
    "not found": (
        Wire().c(0, rrq(), 69).s(0.1, error(1, "File not found")),
        FAILED,
        Cause.ERROR_NOT_FOUND,
        0,
        0,
    ),
    "not found, and the client acknowledges that": (
        Wire().c(0, rrq(), 69).s(0.1, error(1, "File not found")).c(0.2, ack(1)),
        *(FAILED, Cause.ERROR_NOT_FOUND, 0, 0),
    ),
    "access": (
        Wire().c(0, wrq(), 69).s(0.1, error(2, "Permission denied")),
        FAILED,
        Cause.ERROR_ACCESS,
        0,
        0,
    ),
    "access, told in words": (
        Wire().c(0, rrq(), 69).s(0.1, error(0, "Permission denied")),
        *(FAILED, Cause.ERROR_ACCESS, 0, 0),
    ),
    "disk full at the server": (
        writing(2).c(0.5, data(3)).s(0.6, error(3, "No space left")),
        *(FAILED, Cause.ERROR_DISK_FULL, 1024, 2),
    ),
    "disk full at the client": (
        reading(2).s(0.5, data(3)).c(0.6, error(3, "flash full")),
        *(FAILED, Cause.ERROR_DISK_FULL, 1024, 2),
    ),
    "option refused by the server": (
        Wire().c(0, rrq(blksize=9), 69).s(0.1, error(8, "no")),
        *(FAILED, Cause.ERROR_OPTION, 0, 0),
    ),
    "option refused by the client": (
        Wire().c(0, rrq(blksize=512), 69).s(0.1, oack(blksize=1024)).c(0.2, error(8, "too large")),
        *(FAILED, Cause.ERROR_OPTION, 0, 0),
    ),
    "unrequested option with tsize, refused": (
        Wire().c(0, rrq(tsize=0), 69).s(0.1, oack(tsize=5, windowsize=4)).c(0.2, error(8)),
        *(FAILED, Cause.ERROR_OPTION, 0, 0),
    ),
    "options ignored, the client wants them": (
        Wire().c(0, rrq(blksize=1428), 69).s(0.1, data(1)).c(0.2, error(0, "needs blksize")),
        *(FAILED, Cause.ERROR_OPTION, 0, 0),
    ),
    "other error": (Wire().c(0, rrq(), 69).s(0.1, error(0, "internal")), FAILED, Cause.ERROR_OTHER, 0, 0),
    "client ends it": (
        reading(3).s(0.5, data(4)).c(0.6, error(0, "checksum")),
        *(FAILED, Cause.CLIENT_GAVE_UP, 1536, 3),
    ),
    "data blocked": (
        Wire().c(0, rrq(), 69).s(0.1, data(1)).s(1, data(1)).c(5, rrq(), 69).s(5.1, data(1), 50999).idle(30),
        *(FAILED, Cause.DATA_PATH_BLOCKED, 0, 0),
    ),
    "OACK blocked": (
        Wire().c(0, rrq(tsize=0), 69).s(0.1, oack(tsize=5)).s(1, oack(tsize=5)).s(3, oack(tsize=5)).idle(30),
        *(FAILED, Cause.DATA_PATH_BLOCKED, 0, 0),
    ),
    "data meets ICMP": (
        Wire()
        .c(0, rrq(), 69)
        .s(0.1, data(1))
        .unreachable(0.11, CLIENT, SERVER, TID, CLIENT, CPORT, 13)
        .idle(30),
        *(FAILED, Cause.DATA_PATH_BLOCKED, 0, 0),
    ),
    "ACK of the options blocked": (
        Wire()
        .c(0, rrq(tsize=0), 69)
        .s(0.1, oack(tsize=5))
        .c(0.2, ack(0))
        .s(1.1, oack(tsize=5))
        .c(1.2, ack(0))
        .s(3.1, oack(tsize=5))
        .c(3.2, ack(0))
        .idle(30),
        *(FAILED, Cause.ACK_PATH_BLOCKED, 0, 0),
    ),
    "ACK of block 1 blocked": (
        Wire()
        .c(0, rrq(), 69)
        .s(0.1, data(1))
        .c(0.2, ack(1))
        .s(1.1, data(1))
        .c(1.2, ack(1))
        .s(3.1, data(1))
        .c(3.2, ack(1))
        .idle(30),
        *(FAILED, Cause.ACK_PATH_BLOCKED, 512, 1),
    ),
    "ACK of a write request blocked": (
        Wire().c(0, wrq(), 69).s(0.1, ack(0)).c(5, wrq(), 69).s(5.1, ack(0), 50999).c(10, wrq(), 69).idle(30),
        *(FAILED, Cause.ACK_PATH_BLOCKED, 0, 0),
    ),
    "OACK of a write request blocked": (
        Wire().c(0, wrq(tsize=5), 69).s(0.1, oack(tsize=5)).c(5, wrq(tsize=5), 69).idle(30),
        *(FAILED, Cause.DATA_PATH_BLOCKED, 0, 0),
    ),
    "data of a write blocked": (
        Wire().c(0, wrq(), 69).s(0.1, ack(0)).c(0.2, data(1)).c(1.2, data(1)).c(3.2, data(1)).idle(30),
        *(FAILED, Cause.DATA_PATH_BLOCKED, 0, 0),
    ),
    "client acknowledges to 69": (
        Wire().c(0, rrq(), 69).s(0.1, data(1)).c(0.2, ack(1), 69).s(1, data(1)).c(1.1, ack(1), 69).idle(30),
        *(FAILED, Cause.ACK_PATH_BLOCKED, 0, 0),
    ),
    "refused": (
        Wire().c(0, rrq(), 69).unreachable(0.1, SERVER, CLIENT, CPORT, SERVER, 69, 3).idle(30),
        *(FAILED, Cause.REFUSED, 0, 0),
    ),
    "blocked": (
        Wire().c(0, rrq(), 69).unreachable(0.1, "10.20.0.1", CLIENT, CPORT, SERVER, 69, 13).idle(30),
        *(FAILED, Cause.BLOCKED, 0, 0),
    ),
    "other address": (
        Wire()
        .c(0, rrq(), 69)
        .s(0.1, data(1), server="10.20.0.11")
        .s(1.1, data(1), server="10.20.0.11")
        .c(5, rrq(), 69)
        .idle(30),
        *(FAILED, Cause.REPLY_FROM_OTHER_ADDRESS, 0, 0),
    ),
    "other address, refused": (
        Wire()
        .c(0, rrq(), 69)
        .s(0.1, data(1), server="10.20.0.11")
        .c(0.2, error(5, "Unknown transfer ID"), server="10.20.0.11")
        .c(5, rrq(), 69)
        .s(5.1, data(1), server="10.20.0.11")
        .c(5.2, error(5, "Unknown transfer ID"), server="10.20.0.11")
        .idle(60),
        *(FAILED, Cause.REPLY_FROM_OTHER_ADDRESS, 0, 0),
    ),
    "other address, taken": (
        Wire()
        .c(0, rrq(), 69)
        .s(0.1, data(1, 9), server="10.20.0.11")
        .c(0.2, ack(1), server="10.20.0.11")
        .idle(30),
        *(COMPLETE, None, 9, 1),
    ),
    "stalled": (
        reading(4).s(0.5, data(5)).s(1.5, data(5)).c(2, ack(4)).s(2.5, data(5)).c(4, ack(4)).idle(60),
        *(FAILED, Cause.STALLED, 2048, 4),
    ),
    "server silent": (reading(4).c(5, ack(4)).c(10, ack(4)).idle(60), FAILED, Cause.STALLED, 2048, 4),
    "write, server silent": (
        writing(4).c(0.5, data(5)).c(1.5, data(5)).c(3.5, data(5)).idle(60),
        *(FAILED, Cause.STALLED, 2048, 4),
    ),
    "client silent": (
        reading(4).s(0.5, data(5)).s(1.5, data(5)).s(2.5, data(5)).idle(60),
        *(FAILED, Cause.CLIENT_GAVE_UP, 2048, 4),
    ),
    "client closed its port": (
        reading(4).s(0.5, data(5)).unreachable(0.51, CLIENT, SERVER, TID, CLIENT, CPORT, 3).idle(60),
        *(FAILED, Cause.CLIENT_GAVE_UP, 2048, 4),
    ),
    "write, client silent": (
        writing(4).s(1, ack(4)).s(2, ack(4)).idle(60),
        *(FAILED, Cause.CLIENT_GAVE_UP, 2048, 4),
    ),
    "no final block, by tsize": (
        reading(4, tsize=2048).c(5, ack(4)).c(10, ack(4)).idle(60),
        *(FAILED, Cause.MISSING_FINAL_BLOCK, 2048, 4),
    ),
    "no final block, by the closed port": (
        reading(4).c(5, ack(4)).unreachable(5.1, SERVER, CLIENT, CPORT, SERVER, TID, 3).idle(60),
        *(FAILED, Cause.MISSING_FINAL_BLOCK, 2048, 4),
    ),
    "no final block of a write": (
        writing(4, tsize=2048).s(1, ack(4)).s(2, ack(4)).idle(60),
        *(FAILED, Cause.MISSING_FINAL_BLOCK, 2048, 4),
    ),
    "short of its size": (
        finish_read(Wire().c(0, rrq(tsize=0), 69).s(0.1, oack(tsize=5000)).c(0.2, ack(0)), 0.3, 3),
        *(FAILED, Cause.SIZE_MISMATCH, 1124, 3),
    ),
    "netascii": (
        finish_read(Wire().c(0, rrq(mode="netascii"), 69), 0.1, 3),
        *(FAILED, Cause.WRONG_MODE, 1124, 3),
    ),
    "netascii of a text": (
        finish_read(Wire().c(0, rrq("notes.txt", mode="NetASCII"), 69), 0.1, 3),
        *(COMPLETE, None, 1124, 3),
    ),
    "capture ended": (
        reading(4).s(0.5, data(5)),
        *(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, 2048, 4),
    ),
    "capture ended at once": (
        Wire().idle(0).c(1, rrq(), 69).c(1.2, rrq(), 69),
        *(TransferOutcome.IN_PROGRESS, Cause.CAPTURE_ENDED, 0, 0),
    ),
    "only the server's half": (
        Wire().c(0, rrq(), 69).s(0.1, data(1)).s(0.2, data(2)).s(0.3, data(3)).s(0.4, data(4, 9)).idle(60),
        *(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, 0, 0),
    ),
    "only the client's half": (
        Wire().c(0, rrq(), 69).c(0.1, ack(1)).c(0.2, ack(2)).c(0.3, ack(3)).idle(60),
        *(TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED, 1536, 3),
    ),
}


@pytest.mark.parametrize(("code", "advice"), [(1, f"is {SERVER} switched on"), (13, "allow it from")])
def test_a_server_that_nobody_finds_is_no_filter_s_fault(code: int, advice: str) -> None:
    wire = Wire().c(0, rrq(), 69)
    wire.unreachable(0.1, "10.20.1.1", CLIENT, CPORT, SERVER, 69, code)
    transfer = wire.idle(60).only()
    assert (transfer.cause, advice in transfer.advice) == (Cause.BLOCKED, True)


def test_directions_with_clocks_far_apart_are_told() -> None:
    """The client's packets by a clock that is 0.3 s late: no answer can be tied to the request for sure."""
    wire = Wire().c(0.3, rrq(blksize=512), 69).s(0.001, oack(blksize=512)).c(0.302, ack(0))
    for block in (1, 2, 3):
        wire.s(0.01 * block, data(block, 512 if block < 3 else 9)).c(0.301 + 0.01 * block, ack(block))
    transfer = wire.idle(60).only()
    assert (transfer.outcome, transfer.cause) == (TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED)
    assert transfer.detail.startswith("the server's packets stand 0.3 s before the client's")
    assert "ignored the options" not in transfer.detail


@pytest.mark.parametrize("name", CASES)
def test_outcome_and_cause(name: str) -> None:
    wire, outcome, cause, size, blocks = CASES[name]
    transfer = wire.only()
    assert (*end(transfer), transfer.bytes, transfer.blocks) == (outcome, cause, size, blocks), (
        transfer.detail
    )
    assert bool(transfer.cause) is bool(transfer.advice)
    assert transfer.frames[0] in (1, 3)
    assert transfer.evidence
    assert "{" not in transfer.advice


def test_every_cause_is_tried() -> None:
    tried = {case[2] for case in CASES.values()} | {Cause.FRAGMENTS_LOST, Cause.BLOCK_WRAP}
    assert tried - {None} == set(Cause) == set(TEXTS)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", CASES)
def test_batches_do_not_matter(name: str, batch: int) -> None:
    wire = CASES[name][0]
    assert wire.transfers(batch) == wire.transfers()


def test_one_sided_by_the_rest_of_the_capture() -> None:
    wire = Wire().c(0, rrq(), 69).c(5, rrq(), 69).idle(60)
    (transfer,) = wire.transfers(one_sided=True)
    assert end(transfer) == (TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED)


def test_the_request_alone_proves_silence_only_where_no_filter_of_ports_was() -> None:
    wire = Wire().c(0, rrq(), 69)
    assert end(wire.only()) == (FAILED, Cause.NO_RESPONSE)
    (transfer,) = wire.transfers(filtered=True)
    assert end(transfer) == (TransferOutcome.UNKNOWN, Cause.CAPTURE_ONE_SIDED)


def test_icmp_of_a_data_packet_is_in_the_detail() -> None:
    transfer = CASES["data meets ICMP"][0].only()
    assert "communication administratively prohibited" in transfer.detail
    assert CLIENT in transfer.detail


def wrap(to: int, last: int) -> Wire:
    """A read around the end of block numbers, begun before the capture so that it is short."""
    wire = Wire()
    at = 0.0
    blocks = [*range(65530, 65536), *range(to, last + 1)]
    for block in blocks:
        wire.s(at, data(block, 512 if block != blocks[-1] else 9)).c(at + 0.001, ack(block))
        at += 0.01
    return wire


@pytest.mark.parametrize("to", [0, 1])
def test_numbers_begin_again_at_zero_or_one(to: int) -> None:
    transfer = wrap(to, 5).idle(30).only()
    assert end(transfer) == (COMPLETE, None)
    assert transfer.blocks == 65535 + 5 + (to == 0)
    assert transfer.retransmissions == 0
    assert "began before the capture" in transfer.detail


@pytest.mark.parametrize("label", [0, 1])
def test_a_client_that_does_not_know_the_next_number(label: int) -> None:
    wire = Wire()
    for block in range(65530, 65536):
        at = (block - 65530) / 100
        wire.s(at, data(block)).c(at + 0.001, ack(block))
    for again in (0, 1, 3):
        wire.s(1 + again, data(label)).c(1.1 + again, ack(65535))
    transfer = wire.idle(60).only()
    assert end(transfer) == (FAILED, Cause.BLOCK_WRAP)
    assert transfer.blocks == 65535


def test_fragments_are_lost() -> None:
    wire = Wire().c(0, rrq(blksize=4096), 69).s(0.1, oack(blksize=4096)).c(0.2, ack(0))
    for at in (0.3, 1.3, 3.3):
        wire.s(at, data(1, 4096), fragments=(0, 1, 2))
    transfer = wire.c(5, ack(0)).idle(60).only()
    assert end(transfer) == (FAILED, Cause.FRAGMENTS_LOST)
    assert "all fragments passed this point" in transfer.detail
    assert "4096" in transfer.advice


def test_fragments_are_lost_before_the_capture() -> None:
    wire = Wire().c(0, rrq(blksize=4096), 69).s(0.1, oack(blksize=4096)).c(0.2, ack(0))
    for at in (0.3, 1.3, 3.3):
        wire.s(at, data(1, 4096), fragments=(0,))
    transfer = wire.idle(60).only()
    assert end(transfer) == (FAILED, Cause.FRAGMENTS_LOST)
    assert "of 6 further fragments that were due only 0 are in this capture" in transfer.detail


def test_large_blocks_that_arrive_are_whole() -> None:
    wire = Wire().c(0, rrq(blksize=4096), 69).s(0.1, oack(blksize=4096)).c(0.2, ack(0))
    wire.s(0.3, data(1, 4096), fragments=(0, 1, 2)).c(0.4, ack(1)).s(0.5, data(2, 5)).c(0.6, ack(2))
    transfer = wire.only()
    assert end(transfer) == (COMPLETE, None)
    assert (transfer.bytes, transfer.blocks, transfer.retransmissions) == (4101, 2, 0)


def test_every_packet_twice_at_once_is_told() -> None:
    wire = Wire().c(0, rrq(), 69)
    for block in range(1, 10):
        at = block / 10
        for late in (0, 0.03):
            wire.s(at + late, data(block, 512 if block < 9 else 4)).c(at + late + 0.01, ack(block))
    transfer = wire.only()
    assert end(transfer) == (COMPLETE, None)
    assert transfer.retransmissions == 18
    assert "Sorcerer's Apprentice" in transfer.detail


def test_numbers() -> None:
    wire = Wire().c(0, rrq(), 69).c(2, rrq(), 69)
    transfer = finish_read(wire, 4, 3).only()
    assert transfer.longest_gap == 2 * 10**9
    assert transfer.retransmissions == 1
    assert transfer.attempts == 2
    assert transfer.rate == pytest.approx(1124 / 4.021, rel=1e-3)
