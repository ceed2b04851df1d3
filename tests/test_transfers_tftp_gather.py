"""Which packets reach which session: ports, repetitions, copies, strangers, bounds."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import CLIENT, SERVER, Wire, ack, data, error, finish_read, make_batch, oack, play, rrq, wrq

from analyzer.decode import decode
from analyzer.model import Cause, Transfer, TransferOutcome
from analyzer.transfers import Collector, draw
from analyzer.transfers.tftp import gather

COMPLETE, FAILED = TransferOutcome.COMPLETE, TransferOutcome.FAILED


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    reads=st.booleans(),
    blocks=st.integers(2, 9),
    last=st.sampled_from([0, 1, 100, 511]),
    size=st.sampled_from([512, 1428]),
    window=st.sampled_from([1, 1, 4]),
    with_options=st.booleans(),
    loss=st.sampled_from([0, 0.1, 0.3]),
    jitter=st.sampled_from([0, 0.0015]),
    at_sender=st.booleans(),
    batch=st.sampled_from([1, 7, 1000]),
)
def test_a_completed_transfer_is_never_called_failed(
    seed: int, batch: int, blocks: int, last: int, size: int, with_options: bool, **path: object
) -> None:
    wire, done = play(
        seed,
        blocks=blocks,
        last=last,
        size=size,
        with_options=with_options,
        **path,  # type: ignore[arg-type]
    )
    transfers = wire.idle(400).transfers(batch)
    assert len(transfers) == 1
    if done:
        assert transfers[0].outcome is COMPLETE, transfers[0]
        assert transfers[0].bytes == (blocks - 1) * (size if with_options else 512) + last


@pytest.mark.parametrize("seed", range(20))
def test_a_path_without_loss_has_no_retransmission(seed: int) -> None:
    wire, done = play(seed, loss=0, double=0, reads=seed % 2 == 0, window=1 + seed % 3, blocks=2 + seed % 5)
    assert done
    assert wire.only().retransmissions == 0


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.binary(max_size=40), st.booleans(), st.sampled_from([69, 2000, 50123])), max_size=30
    )
)
def test_any_bytes_are_taken(payloads: list[tuple[bytes, bool, int]]) -> None:
    wire = Wire().c(0, rrq(), 69)
    for number, (payload, from_client, port) in enumerate(payloads, 1):
        if from_client:
            wire.c(number, payload, port)
        else:
            wire.s(number, payload, port)
    wire.transfers()


def test_retries_from_new_ports_are_one_transfer() -> None:
    wire = Wire()
    for number in range(4):
        wire.c(number * 5, rrq(), 69, port=3000 + number)
    transfer = wire.idle(60).only()
    assert (transfer.outcome, transfer.cause) == (FAILED, Cause.NO_RESPONSE)
    assert (transfer.attempts, transfer.retransmissions, transfer.frames) == (4, 3, (1, 4))


def test_a_retry_that_works_is_no_failure() -> None:
    wire = Wire().c(0, rrq(), 69, port=3000).c(5, rrq(), 69, port=3001)
    transfer = finish_read(wire.c(10, rrq(), 69), 10.1, 3).idle(60).only()
    assert (transfer.outcome, transfer.attempts) == (COMPLETE, 3)
    assert "asked 3 times" in transfer.detail


def test_other_files_are_other_transfers() -> None:
    wire = Wire().c(0, rrq("a"), 69, port=3000).c(5, rrq("b"), 69, port=3001).idle(60)
    assert [transfer.file for transfer in wire.transfers()] == ["a", "b"]


def test_two_at_once_between_the_same_hosts() -> None:
    wire = Wire().c(0, rrq("a"), 69, port=3000).c(0.001, rrq("a"), 69, port=3001)
    for block in (1, 2, 3):
        for number in (0, 1):
            at = block + number / 10
            wire.s(at, data(block, 512 if block < 3 else number), 50000 + number, port=3000 + number)
            wire.c(at + 0.01, ack(block), 50000 + number, port=3000 + number)
    first, second = wire.transfers()
    assert (first.outcome, first.bytes) == (COMPLETE, 1024)
    assert (second.outcome, second.bytes) == (COMPLETE, 1025)


def test_a_server_that_opens_a_port_for_each_repetition() -> None:
    wire = Wire().c(0, rrq(), 69).s(0.9, data(1), 50001).c(1, rrq(), 69).s(1.1, data(1), 50002)
    wire.c(1.2, ack(1), 50001).c(1.3, error(5, "unknown transfer ID"), 50002)
    wire.s(1.4, data(2, 9), 50001).c(1.5, ack(2), 50001)
    transfer = wire.idle(60).only()
    assert (transfer.outcome, transfer.bytes) == (COMPLETE, 521)


def test_a_repetition_that_comes_late_is_the_same_transfer() -> None:
    wire = Wire().c(0, rrq(), 69)
    finish_read(wire, 0.1, 2, 512).c(0.115, rrq(), 69).s(0.12, data(1), 50999)
    wire.s(0.2, data(3, 1)).c(0.21, ack(3))
    transfer = wire.idle(60).only()
    assert (transfer.outcome, transfer.bytes, transfer.attempts) == (COMPLETE, 1025, 2)


def test_a_port_used_again_is_another_transfer() -> None:
    wire = finish_read(Wire().c(0, rrq(), 69), 0.1, 3)
    finish_read(wire.c(10, rrq(), 69), 10.1, 2)
    assert [(t.outcome, t.blocks) for t in wire.transfers()] == [(COMPLETE, 3), (COMPLETE, 2)]


def test_a_server_on_one_port_serves_the_file_again() -> None:
    wire = Wire()
    for begin in (0.0, 10.0):
        wire.c(begin, rrq(), 69)
        for block in (1, 2, 3):
            at = begin + block / 10
            wire.s(at, data(block, 512 if block < 3 else 3), 69).c(at + 0.01, ack(block), 69)
    assert [(t.outcome, t.bytes, t.retransmissions) for t in wire.transfers()] == [(COMPLETE, 1027, 0)] * 2


def test_a_stall_and_a_new_try_from_the_same_port_are_two() -> None:
    wire = finish_read(Wire().c(0, rrq(), 69), 0.1, 2, 512)
    wire.c(5, ack(2)).c(10, ack(2))
    wire.c(60, rrq(), 69)
    for block in (1, 2, 3):
        wire.s(60 + block / 10, data(block, 512 if block < 3 else 3), 50999).c(
            60.01 + block / 10, ack(block), 50999
        )
    assert [t.outcome for t in wire.idle(100).transfers()] == [FAILED, COMPLETE]


def test_a_broadcast_request_answered_by_two() -> None:
    wire = Wire().udp(0, CLIENT, 2000, "10.20.255.255", 69, rrq())
    wire.s(0.1, data(1), 50001).s(0.2, data(1), 50002, server="10.20.0.11")
    wire.c(0.3, ack(1), 50001).c(0.4, error(5), 50002, server="10.20.0.11")
    wire.s(0.5, data(2, 1), 50001).c(0.6, ack(2), 50001)
    transfer = wire.only()
    assert (transfer.outcome, transfer.server, transfer.bytes) == (COMPLETE, SERVER, 513)


def test_a_subnet_s_broadcast_address_is_known_by_the_link_layer() -> None:
    """The last address of a /25: nothing in it says so, the broadcast MAC does."""
    wire = Wire("10.20.1.127").udp(0, CLIENT, 2000, "10.20.1.127", 69, rrq())
    transfer = finish_read(wire, 0.1, 3).only()
    assert (transfer.outcome, transfer.server) == (COMPLETE, SERVER)
    asked_one = Wire().udp(0, CLIENT, 2000, "10.20.1.127", 69, rrq())
    asked_one.s(0.1, data(1)).c(0.2, error(5)).c(1, rrq(), 69, server="10.20.1.127")
    assert asked_one.idle(60).transfers()[0].cause is Cause.REPLY_FROM_OTHER_ADDRESS


def test_a_probe_that_is_dropped_belongs_to_what_follows() -> None:
    wire = Wire().c(0, rrq(tsize=0), 69, port=3000).s(0.1, b"\0\6tsize\x001124\0", 50001, port=3000)
    wire.s(1.1, b"\0\6tsize\x001124\0", 50001, port=3000)
    transfer = finish_read(wire.c(2, rrq(), 69), 2.1, 3).idle(60).only()
    assert transfer.outcome is COMPLETE


@pytest.mark.parametrize(
    ("wire", "size", "frames"),
    [
        (Wire().s(0, data(1, 100)).c(0.005, rrq(), 69).c(0.01, ack(1)), 100, (1, 3)),
        (Wire().s(0, data(1, 100)).c(0.003, ack(1)).c(0.005, rrq(), 69), 100, (1, 3)),
        (Wire().s(0, ack(0)).c(0.005, wrq(), 69).c(0.01, data(1, 100)).s(0.02, ack(1)), 100, (1, 4)),
        (
            Wire().s(0, data(1)).s(0.001, data(2, 9)).c(0.005, rrq(), 69).c(0.01, ack(1)).c(0.011, ack(2)),
            521,
            (1, 5),
        ),
    ],
)
def test_answers_just_before_their_request(wire: Wire, size: int, frames: tuple[int, int]) -> None:
    transfer = wire.idle(60).only()
    assert (transfer.outcome, transfer.bytes, transfer.frames) == (COMPLETE, size, frames)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([0.004, 0.02, 0.04]), st.booleans())
def test_a_read_that_the_capture_put_in_another_order_is_complete(
    seed: int, moved: float, with_options: bool
) -> None:
    """Packets lie 10 ms apart on the wire; in the capture each stands up to ``moved`` s aside."""
    wire = Wire().c(0, rrq(blksize=512) if with_options else rrq(), 69)
    if with_options:
        wire.s(0.01, oack(blksize=512)).c(0.02, ack(0))
    for block in range(1, 7):
        wire.s(block / 50 + 0.01, data(block, 512 if block < 6 else 3)).c(block / 50 + 0.02, ack(block))
    chance = random.Random(seed)
    wire.frames = [(at + chance.uniform(-moved, moved), frame) for at, frame in wire.frames]
    transfer = wire.idle(60).only()
    assert (transfer.outcome, transfer.bytes, transfer.file) == (COMPLETE, 5 * 512 + 3, "node.bin")
    assert transfer.accepted == ({"blksize": "512"} if with_options else {})


@pytest.mark.parametrize("late", [0.015, 0.035, 0.095])
def test_acknowledgements_before_their_blocks_are_no_repetitions(late: float) -> None:
    """The server's packets by a clock that is late: blocks 10 ms apart, each acknowledged 1 ms later."""

    def told(late: float) -> Transfer:
        wire = Wire().c(0, rrq(), 69)
        for block in range(1, 11):
            wire.s(block / 100 + late, data(block)).c(block / 100 + 0.001, ack(block))
        return wire.c(5, ack(10)).c(10, ack(10)).c(20, ack(10)).idle(100).only()

    as_it_was, transfer = told(0), told(late)
    assert (transfer.retransmissions, transfer.bytes) == (3, 10 * 512)
    assert (transfer.cause, transfer.detail) == (as_it_was.cause, as_it_was.detail)


def test_options_just_before_their_request_are_in_force() -> None:
    wire = Wire().s(0, oack(blksize=1428)).s(0.001, oack(blksize=8)).c(0.005, rrq(blksize=1428), 69)
    transfer = finish_read(wire.c(0.01, ack(0)), 0.1, 2, 100, 1428).only()
    assert (transfer.accepted, transfer.block_size, transfer.bytes) == ({"blksize": "1428"}, 1428, 1528)
    assert "ignored" not in transfer.detail


def test_an_error_just_before_its_request_ends_it() -> None:
    transfer = Wire().s(0, error(1, "no such file")).c(0.005, rrq(), 69).idle(60).only()
    assert transfer.cause is Cause.ERROR_NOT_FOUND


@pytest.mark.parametrize(
    "wire",
    [
        Wire().s(0, data(1, 100)).c(0.2, rrq(), 69),  # too long before
        Wire().s(0, data(7, 100)).c(0.005, rrq(), 69),  # does not begin a file
        Wire().s(0, ack(0)).c(0.005, rrq(), 69),  # answers no read
        Wire().s(0, data(1, 100), server="10.20.0.11").c(0.005, rrq(), 69),  # nobody asked it
    ],
)
def test_what_stands_before_a_request_and_does_not_answer_it(wire: Wire) -> None:
    assert wire.idle(60).only().outcome is TransferOutcome.FAILED


def test_begun_before_the_capture() -> None:
    wire = finish_read(Wire(), 0, 9, 5, 512, first=4)
    transfer = wire.only()
    assert (transfer.outcome, transfer.file, transfer.client) == (COMPLETE, None, CLIENT)
    assert transfer.blocks == 9
    assert transfer.attempts == 0


def test_a_write_to_port_69_begun_before_the_capture() -> None:
    wire = Wire()
    for block in range(7, 12):
        wire.c(block, data(block, 512 if block < 11 else 1), 69).s(block + 0.1, ack(block), 69)
    transfer = wire.only()
    assert (transfer.outcome, transfer.operation, transfer.client) == (COMPLETE, "write", CLIENT)


def test_copies_of_a_mirror_are_no_retransmissions() -> None:
    wire = finish_read(Wire().c(0, rrq(), 69), 0.1, 5)
    once = wire.only()
    wire.frames += [(at + 0.0005, frame) for at, frame in wire.frames]
    twice = wire.only()
    assert (twice.retransmissions, twice.outcome) == (0, COMPLETE)
    assert (twice.bytes, twice.blocks) == (once.bytes, once.blocks)


def test_strangers_are_no_transfers() -> None:
    wire = Wire()
    for number in range(50):  # STUN binding requests, and datagrams that begin like ACK and DATA
        wire.c(number, b"\0\1\0\x08\x21\x12\xa4\x42" + bytes(12), 3478)
        wire.c(number + 0.1, struct.pack("!HH", 4, number), 9999).s(number + 0.2, ack(number), 9999)
    assert wire.transfers() == []


def test_a_request_on_another_port_is_believed_by_its_mode() -> None:
    wire = finish_read(Wire().c(0, rrq(), 6969), 0.1, 2)
    assert wire.only().outcome is COMPLETE
    assert Wire().c(0, b"\0\1abc\0nonsense\0", 6969).transfers() == []


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "SESSIONS", 10)
    monkeypatch.setattr(gather, "STRAYS", 5)
    wire = Wire()
    chance = random.Random(1)
    for number in range(40):
        wire.c(number, rrq(f"{number}"), 69, port=10_000 + number)
        wire.udp(number, "10.20.7.7", 20_000 + number, "10.20.8.8", 30_000, data(chance.randrange(9)))
    found = wire.collect().gatherers["tftp"].found
    assert (len(found.sessions), found.dropped) == (10, 30)
    assert len(found._strays) <= 5
    assert len(found._loose) <= 10


def test_a_long_write_is_one_session() -> None:
    wire = Wire().c(0, wrq(), 69).s(0.01, ack(0))
    for block in range(1, 1200):
        wire.c(block / 100, data(block, 8 if block == 1199 else 512)).s(block / 100 + 0.001, ack(block))
    collector = Collector()
    frames = sorted(wire.frames, key=lambda item: item[0])
    collector.add(decode(make_batch(frames), 1))
    (session,) = collector.gatherers["tftp"].found.sessions
    assert len(session.legs) == 1
    ((draft),) = draw(collector, lambda *_: (7,))
    assert draft.rows == (7,)
    assert draft.transfer.flows == ("f8",)
    assert draft.transfer.bytes == 1198 * 512 + 8


def test_what_ended_long_ago_is_given_up_unless_it_is_kept() -> None:
    wire = Wire()
    for number in range(3):
        wire.read_file(1000 * number, CLIENT, SERVER, sport=3000 + number, tid=50300 + number)
    collector = wire.collect()
    first, second, third = (draft.transfer for draft in draw(collector, lambda *_: ()))
    assert [transfer.counts for transfer in (first, second, third)] == [1, 1, 1]
    collector.forget(frozenset(first.parts), {first.parts[0]: 5}, third.first)
    told = [draft.transfer for draft in draw(collector, lambda *_: ())]
    assert [(one.frames, one.counts) for one in told] == [(first.frames, 6), (third.frames, 1)]
    found = collector.gatherers["tftp"].found
    assert len(found._clients) == 2
