"""Every outcome and cause of a CoAP transfer, and what may not be called one."""

from __future__ import annotations

import random

import pytest
from coapwire import (
    ACK,
    BLOCK1,
    BLOCK2,
    CON,
    CONTENT,
    GET,
    INCOMPLETE,
    NON,
    NOT_FOUND,
    OBSERVE,
    PUT,
    RST,
    TOO_LARGE,
    Coap,
    block,
    fetch,
    message,
    path,
    play,
    push,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import CLIENT, SERVER

from analyzer.model import Cause, TransferOutcome

COMPLETE, FAILED = TransferOutcome.COMPLETE, TransferOutcome.FAILED
RUNNING, UNKNOWN = TransferOutcome.IN_PROGRESS, TransferOutcome.UNKNOWN
TIMERS = (0, 2.5, 7.5, 17.5, 37.5)


def many(wire: Coap, at: float, *, number: int = 0, mid: int = 900, reads: bool = False) -> Coap:
    """A request and its four retransmissions (RFC 7252 section 4.2)."""
    for delay in TIMERS:
        if reads:
            wire.get(at + delay, mid, number)
        else:
            wire.put(at + delay, mid, number, True)
    return wire


def error(wire: Coap, at: float, mid: int, code: int) -> Coap:
    return wire.s(at, message(ACK, code, mid, mid.to_bytes(2, "big")))


def unreachable(wire: Coap, at: float, code: int) -> Coap:
    wire.unreachable(at, SERVER if code == 3 else "10.20.9.9", CLIENT, 40000, SERVER, 5683, code)
    return wire


def responses_only(wire: Coap) -> Coap:
    wire.frames = wire.frames[1::2]
    return wire


def requests_only(wire: Coap) -> Coap:
    wire.frames = wire.frames[::2]
    return wire


def answered_in_vain(reads: bool) -> Coap:
    wire = Coap()
    for delay in TIMERS:
        if reads:
            wire.get(delay, 1).content(delay + 0.1, 1, 0, True)
        else:
            wire.put(delay, 1, 0, True).took(delay + 0.1, 1, 0)
    return wire


CASES: dict[str, tuple[Coap, TransferOutcome, Cause | None, int]] = {
    "read": (fetch(Coap(), 0, 1000).idle(60), COMPLETE, None, 1000),
    "write": (push(Coap(), 0, 1000).idle(60), COMPLETE, None, 1000),
    "read of whole blocks": (fetch(Coap(), 0, 1024), COMPLETE, None, 1024),
    "read begun before": (fetch(Coap(), 0, 1000, first=5).idle(60), COMPLETE, None, 680),
    "write begun before": (push(Coap(), 0, 1000, first=5).idle(60), COMPLETE, None, 680),
    "read stops": (fetch(Coap(), 0, 1000, upto=5).idle(60), FAILED, Cause.STALLED, 256),
    "write stops": (push(Coap(), 0, 1000, upto=5).idle(60), FAILED, Cause.STALLED, 320),
    "the beginning of what is no image": (
        Coap()
        .get(0, 1, 0, name="/log")
        .content(0.1, 1, 0, True)
        .get(1, 2, 1, name="/log")
        .content(1.1, 2, 1, True)
        .idle(600),
        UNKNOWN,
        None,
        64,
    ),
    "read is not answered any more": (
        many(fetch(Coap(), 0, 1000, upto=5), 1, number=5, reads=True).idle(60),
        FAILED,
        Cause.STALLED,
        320,
    ),
    "write is not answered any more": (
        many(push(Coap(), 0, 1000, upto=5), 1, number=5).idle(60),
        FAILED,
        Cause.STALLED,
        320,
    ),
    "write is not answered yet": (
        push(Coap(), 0, 1000, upto=5).put(1, 900, 5, True).idle(3),
        RUNNING,
        Cause.CAPTURE_ENDED,
        320,
    ),
    "read pauses": (fetch(Coap(), 0, 1000, upto=5).idle(15), RUNNING, Cause.CAPTURE_ENDED, 256),
    "no answer at all": (many(Coap(), 0).idle(60), FAILED, Cause.NO_RESPONSE, 0),
    "no answer yet": (Coap().put(0, 1, 0, True).idle(2), RUNNING, Cause.CAPTURE_ENDED, 0),
    "no answer to the name": (many(Coap(), 0, reads=True).idle(60), FAILED, Cause.NO_RESPONSE, 0),
    "promised and not kept": (
        Coap().put(0, 1, 0, True).s(0.1, message(ACK, 0, 1)).idle(60),
        FAILED,
        Cause.NO_RESPONSE,
        0,
    ),
    "refused": (unreachable(Coap().put(0, 1, 0, True), 0.1, 3).idle(60), FAILED, Cause.REFUSED, 0),
    "blocked": (unreachable(Coap().put(0, 1, 0, True), 0.1, 13).idle(60), FAILED, Cause.BLOCKED, 0),
    "reset": (Coap().put(0, 1, 0, True).s(0.1, message(RST, 0, 1)).idle(60), FAILED, Cause.REFUSED, 0),
    "not found": (error(Coap().put(0, 1, 0, True), 0.1, 1, NOT_FOUND), FAILED, Cause.ERROR_NOT_FOUND, 0),
    "image not found": (error(Coap().get(0, 1), 0.1, 1, NOT_FOUND), FAILED, Cause.ERROR_NOT_FOUND, 0),
    "forbidden": (error(Coap().put(0, 1, 0, True), 0.1, 1, 0x83), FAILED, Cause.ERROR_ACCESS, 0),
    "no room": (error(push(Coap(), 0, 1000, upto=3), 1, 102, TOO_LARGE), COMPLETE, None, 0),
    "unavailable": (error(Coap().put(0, 1, 0, True), 0.1, 1, 0xA3), FAILED, Cause.ERROR_OTHER, 0),
    "blocks were lost": (
        error(push(Coap(), 0, 1000, upto=3).put(1, 103, 3, True), 1.1, 103, INCOMPLETE).idle(60),
        FAILED,
        Cause.ERROR_OTHER,
        192,
    ),
    "blocks were lost, and sent again": (
        push(
            error(push(Coap(), 0, 1000, upto=3).put(1, 103, 3, True), 1.1, 103, INCOMPLETE), 2, 1000, mid=200
        ).idle(60),
        COMPLETE,
        None,
        1000,
    ),
    "too large, then smaller blocks": (
        push(error(Coap().put(0, 1, 0, True, 1024), 0.1, 1, TOO_LARGE), 1, 1000, mid=200),
        COMPLETE,
        None,
        1000,
    ),
    "begun again": (push(push(Coap(), 0, 1000, upto=5), 3, 1000, mid=300).idle(60), COMPLETE, None, 1000),
    "answers do not arrive": (answered_in_vain(False).idle(60), FAILED, Cause.ACK_PATH_BLOCKED, 64),
    "blocks do not arrive": (answered_in_vain(True).idle(60), FAILED, Cause.DATA_PATH_BLOCKED, 0),
    "answers only": (responses_only(fetch(Coap(), 0, 1000)).idle(60), UNKNOWN, Cause.CAPTURE_ONE_SIDED, 0),
    "requests only": (requests_only(push(Coap(), 0, 1000)).idle(60), UNKNOWN, Cause.CAPTURE_ONE_SIDED, 0),
    "Q-Block": (
        Coap()
        .c(0, message(NON, PUT, 1, b"t", *path(), (19, block(0, True, 64)), payload=b"x" * 64))
        .c(0.1, message(NON, PUT, 2, b"u", *path(), (19, block(1, False, 64)), payload=b"x" * 64))
        .idle(60),
        UNKNOWN,
        None,
        0,
    ),
    "a late separate answer": (
        push(
            Coap()
            .put(0, 100, 0, True)
            .s(0.1, message(ACK, 0, 100))
            .s(15, message(CON, 0x5F, 1, b"\0\x64", (BLOCK1, block(0, True, 64))))
            .c(15.1, message(ACK, 0, 1)),
            16,
            500,
            first=1,
        ),
        COMPLETE,
        None,
        500,
    ),
}
CASES["no room"] = (
    error(push(Coap(), 0, 1000, upto=3).put(1, 103, 3, True), 1.1, 103, TOO_LARGE).idle(60),
    FAILED,
    Cause.ERROR_DISK_FULL,
    192,
)


@pytest.mark.parametrize("name", CASES)
def test_outcome_and_cause(name: str) -> None:
    wire, outcome, cause, count = CASES[name]
    transfer = wire.only()
    assert (transfer.outcome, transfer.cause) == (outcome, cause), transfer.detail
    if outcome is not UNKNOWN:
        assert transfer.bytes == count
    assert transfer.evidence
    assert set(transfer.evidence) <= set(range(1, len(wire.frames) + 1))
    assert (transfer.advice == "") is (cause is None)


HEALTHY = {
    "one block": Coap()
    .get(0, 1, 0, name="/light")
    .s(0.1, message(ACK, CONTENT, 1, b"\0\1", (BLOCK2, block(0, False, 64)), payload=b"1")),
    "only the first block wanted": Coap().get(0, 1, 0, name="/big").content(0.1, 1, 0, True).idle(600),
    "a list of resources": fetch(Coap(), 0, 10).idle(1),
    "one small write": push(Coap(), 0, 20).idle(60),
    "an error to a plain question": error(Coap().get(0, 1, name="/light"), 0.1, 1, NOT_FOUND).idle(60),
    "an observed resource": Coap()
    .c(0, message(CON, GET, 1, b"\0\1", (OBSERVE, b""), *path("/big")))
    .s(
        0.1,
        message(ACK, CONTENT, 1, b"\0\1", (OBSERVE, b"\1"), (BLOCK2, block(0, True, 64)), payload=b"x" * 64),
    )
    .get(0.2, 2, 1, name="/big")
    .content(0.3, 2, 1, False)
    .idle(60),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_no_transfer(name: str) -> None:
    assert HEALTHY[name].transfers() == []


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 10**6),
    reads=st.booleans(),
    length=st.sampled_from([300, 640, 1000]),
    size=st.sampled_from([16, 64, 256]),
    offered=st.sampled_from([16, 64, 1024]),
    loss=st.sampled_from([0, 0.1, 0.3]),
    separate=st.sampled_from([0, 0.3]),
    at_server=st.booleans(),
    batch=st.sampled_from([1, 10, 1000]),
)
def test_a_completed_transfer_is_never_called_failed(
    seed: int, length: int, batch: int, **route: object
) -> None:
    wire, done = play(seed, length=length, **route)  # type: ignore[arg-type]
    transfers = wire.idle(1000).transfers(batch)
    assert transfers == wire.transfers()
    if done:
        (transfer,) = transfers
        assert (transfer.outcome, transfer.bytes) == (COMPLETE, length), transfer
        assert wire.faults() == []


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    reads=st.booleans(),
    length=st.sampled_from([100, 448, 700, 769]),
    offered=st.sampled_from([32, 64]),
    moved=st.sampled_from([0.005, 0.012, 0.03]),
    batch=st.sampled_from([7, 1000]),
)
def test_messages_that_the_capture_put_in_another_order_change_nothing(
    seed: int, length: int, moved: float, batch: int, **route: object
) -> None:
    """Two messages lie 10 ms apart on the wire; in the capture each stands up to ``moved`` s aside."""
    wire, _ = play(seed, length=length, size=64, loss=0, double=0, **route)  # type: ignore[arg-type]
    chance = random.Random(seed)
    wire.frames = [(at + chance.uniform(-moved, moved), frame) for at, frame in wire.frames]
    (transfer,) = wire.idle(1000).transfers(batch)
    assert (transfer.outcome, transfer.bytes) == (COMPLETE, length), transfer


@pytest.mark.parametrize("reads", [True, False])
def test_one_answer_that_a_capture_lacks_is_no_failure(reads: bool) -> None:
    wire, done = play(1, reads=reads, length=300, size=64, offered=64, loss=0, double=0)
    assert done
    frames = sorted(wire.frames, key=lambda item: item[0])
    for place in range(1, len(frames), 2):
        wire.frames = frames[:place] + frames[place + 1 :]
        assert FAILED not in {transfer.outcome for transfer in wire.idle(1000).transfers()}, place


def test_a_push_that_stops_is_no_less_stopped_in_another_order() -> None:
    """Answers stand before their requests, and one behind the next; the last block is sent in vain."""
    wire = Coap().put(0, 1, 0, True).took(0.011, 1, 0).took(0.019, 2, 1).put(0.02, 2, 1, True)
    wire.put(0.03, 3, 2, True).put(0.04, 4, 3, True).took(0.041, 3, 2)
    for delay in (2, 6, 14, 30):
        wire.put(delay, 4, 3, True)
    transfer = wire.idle(200).only()
    assert (transfer.outcome, transfer.cause, transfer.bytes) == (FAILED, Cause.STALLED, 192)
    assert "the block at byte 192 was sent 5 times and never answered" in transfer.detail


@pytest.mark.parametrize(("code", "advice"), [(1, f"is {SERVER} switched on"), (13, "allow it from")])
def test_a_server_that_nobody_finds_is_no_filter_s_fault(code: int, advice: str) -> None:
    transfer = unreachable(Coap().put(0, 1, 0, True), 0.1, code).idle(60).only()
    assert (transfer.cause, advice in transfer.advice) == (Cause.BLOCKED, True)


def test_an_answer_long_before_a_request_is_not_its_answer() -> None:
    wire = Coap().took(0, 2, 1).put(0.2, 2, 1, True)
    assert wire.idle(200).only().bytes == 0


@pytest.mark.parametrize("seed", range(10))
def test_a_path_without_loss_has_no_retransmission(seed: int) -> None:
    wire, done = play(seed, reads=seed % 2 == 0, length=700, size=64, offered=64, loss=0, double=0)
    assert done
    assert wire.only().retransmissions == 0
