"""Which messages reach which file; errors and messages that nobody acknowledged."""

from __future__ import annotations

import pytest
from coapwire import (
    ACK,
    CHANGED,
    CON,
    CONTENT,
    GET,
    NON,
    NOT_FOUND,
    OBSERVE,
    POST,
    RST,
    Coap,
    fetch,
    message,
    path,
    push,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import CLIENT, SERVER

from analyzer.model import TransferOutcome
from analyzer.transfers import draw
from analyzer.transfers.coap import gather

COMPLETE = TransferOutcome.COMPLETE


def test_several_at_once() -> None:
    wire = Coap()
    for number, name in enumerate(("/a.bin", "/b.bin", "/c.bin")):
        for piece in range(4 + number):
            mid = number * 100 + piece
            wire.get(piece + number / 10, mid, piece or None, name=name)
            wire.content(piece + number / 10 + 0.05, mid, piece, piece < 3 + number)
    told = {transfer.file: (transfer.outcome, transfer.bytes) for transfer in wire.transfers()}
    assert told == {"/a.bin": (COMPLETE, 256), "/b.bin": (COMPLETE, 320), "/c.bin": (COMPLETE, 384)}


def test_both_ends_may_serve() -> None:
    wire = fetch(Coap(), 0, 300)
    wire.frames += fetch(Coap(), 0.005, 400, mid=100).frames[:0]
    for number in range(3):
        mid, token = 500 + number, bytes([number])
        wire.udp(
            5 + number,
            SERVER,
            5683,
            CLIENT,
            40000,
            message(
                CON,
                POST,
                mid,
                token,
                *path("/log.bin"),
                (27, bytes([number << 4 | 8 * (number < 2) | 2])),
                payload=b"x" * 64,
            ),
        )
        wire.udp(
            5.1 + number,
            CLIENT,
            40000,
            SERVER,
            5683,
            message(ACK, CHANGED if number == 2 else 0x5F, mid, token),
        )
    read, write = wire.transfers()
    assert (read.operation, read.client, read.outcome, read.bytes) == ("read", CLIENT, COMPLETE, 300)
    assert (write.operation, write.client, write.outcome, write.bytes) == ("write", SERVER, COMPLETE, 192)


def test_the_same_file_again_is_another_transfer() -> None:
    wire = fetch(fetch(Coap(), 0, 300), 10, 300, mid=200)
    assert [(t.outcome, t.bytes, t.attempts) for t in wire.transfers()] == [(COMPLETE, 300, 1)] * 2


def test_announced_sizes() -> None:
    wire = Coap()
    for number in range(3):
        wire.c(
            number,
            message(
                CON,
                3,
                number,
                b"t",
                *path(),
                (27, bytes([number << 4 | 8 * (number < 2) | 2])),
                (60, b"\xa0"),
                payload=b"x" * (64 if number < 2 else 32),
            ),
        )
        wire.s(number + 0.1, message(ACK, 0x5F if number < 2 else CHANGED, number, b"t"))
    transfer = wire.only()
    assert (transfer.expected_bytes, transfer.bytes, transfer.outcome, transfer.detail) == (
        160,
        160,
        COMPLETE,
        "",
    )


def test_an_estimate_proves_nothing() -> None:
    wire = fetch(Coap(), 0, 300)
    frames = wire.frames
    wire.frames = []
    wire.get(0, 100).s(
        0.01, message(ACK, CONTENT, 100, b"\0\x64", (23, b"\x0a"), (28, b"\x0f\xff"), payload=b"x" * 64)
    )
    wire.frames += frames[2:]
    transfer = wire.only()
    assert (transfer.outcome, transfer.expected_bytes) == (COMPLETE, 4095)
    assert "4095 bytes were announced, 300 were sent" in transfer.detail


def test_retries_from_new_ports_are_one_transfer() -> None:
    wire = Coap()
    for number in range(3):
        for delay in (0, 2.5, 7.5, 17.5):
            wire.get(number * 30 + delay, 1, port=41000 + number)
    wire.port = 42000
    transfer = fetch(wire, 80, 300).only()
    assert (transfer.outcome, transfer.bytes, transfer.attempts) == (COMPLETE, 300, 13)


def test_copies_of_a_mirror_are_no_retransmissions() -> None:
    wire = push(Coap(), 0, 500)
    once = wire.only()
    wire.frames += [(at + 0.0005, frame) for at, frame in wire.frames]
    twice = wire.only()
    assert (twice.retransmissions, twice.outcome, twice.bytes) == (0, COMPLETE, once.bytes)


def test_a_search_answered_by_unicast() -> None:
    wire = Coap().udp(
        0, CLIENT, 40000, "224.0.1.187", 5683, message(NON, GET, 1, b"s", *path("/fw/node.bin"))
    )
    wire.s(1, message(NON, CONTENT, 9, b"s", (23, b"\x0a"), payload=b"x" * 64))
    transfer = fetch(wire, 2, 300, first=1).transfers()[-1]
    assert (transfer.outcome, transfer.server) == (COMPLETE, SERVER)


# ---------------------------------------------------------------- faults


def test_errors_are_counted_by_resource() -> None:
    wire = Coap()
    for number in range(6):
        name = "/light" if number % 2 else "/old"
        wire.get(number, number, name=name, port=40000 + number).s(
            number + 0.1, message(ACK, NOT_FOUND, number, number.to_bytes(2, "big")), port=40000 + number
        )
    told = [(t.code, t.subject, t.times, t.frames) for t in wire.faults()]
    assert told == [
        ("4.04 Not Found", "GET /old", 3, (2, 6, 10)),
        ("4.04 Not Found", "GET /light", 3, (4, 8, 12)),
    ]


def test_a_question_for_freshness_is_no_error() -> None:
    wire = Coap().get(0, 1, name="/light").s(0.1, message(ACK, 0x81, 1, b"\0\1", (252, b"x")))
    assert wire.faults() == []


def test_a_repeated_error_is_one() -> None:
    wire = Coap().get(0, 1, name="/light")
    for at in (0.1, 0.4):
        wire.s(at, message(ACK, NOT_FOUND, 1, b"\0\1"))
    assert [t.times for t in wire.faults()] == [1]


def test_a_message_nobody_acknowledged() -> None:
    wire = Coap()
    for at in (0, 2.5, 7.5, 17.5, 37.5):
        wire.get(at, 1, name="/light")
    (fault,) = wire.idle(100).faults()
    assert (fault.code, fault.times, fault.frames) == ("", 5, (1, 2, 3, 4, 5))


HEALTHY = {
    "ping": Coap().c(0, message(CON, 0, 5)).s(1, message(RST, 0, 5)),
    "an observer that leaves": Coap()
    .s(0, message(NON, CONTENT, 5, b"t", (OBSERVE, b"\7")))
    .c(0.1, message(RST, 0, 5)),
    "a lost acknowledgement": Coap()
    .get(0, 1, name="/l")
    .get(2.5, 1, name="/l")
    .s(3, message(ACK, CONTENT, 1, b"\0\1")),
    "telemetry without answers": Coap()
    .c(0, message(NON, POST, 5, b"t", *path("/l")))
    .c(1, message(NON, POST, 6, b"u", *path("/l"))),
    "an answer without an acknowledgement": Coap()
    .get(0, 1, name="/l")
    .get(2, 1, name="/l")
    .get(6, 1, name="/l")
    .get(14, 1, name="/l")
    .get(30, 1, name="/l")
    .s(31, message(NON, CONTENT, 1, b"\0\1")),
}


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("batch", [1, 1000])
def test_healthy(name: str, batch: int) -> None:
    wire = Coap()
    wire.frames = list(HEALTHY[name].frames)
    assert wire.idle(300).faults(batch) == []
    assert wire.transfers(batch) == []


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.builds(
                lambda first, rest: bytes([0x40 | first]) + rest, st.integers(0, 63), st.binary(max_size=30)
            ),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_any_bytes_are_taken(payloads: list[tuple[bytes, bool]]) -> None:
    wire = Coap().put(0, 1, 0, True)
    for number, (payload, from_client) in enumerate(payloads, 1):
        (wire.c if from_client else wire.s)(number, payload)
    assert wire.transfers() == wire.transfers(batch=3)
    wire.faults()


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BODIES", "REQUESTS", "ERRORS", "REPORTS"):
        monkeypatch.setattr(gather, name, 10)
    wire = Coap()
    for number in range(40):
        wire.put(number, number, 0, True, port=20000 + number)
        wire.get(number, 900 + number, name=f"/{number}", port=30000 + number)
        wire.s(
            number + 0.1,
            message(ACK, NOT_FOUND, 900 + number, (900 + number).to_bytes(2, "big")),
            port=30000 + number,
        )
        wire.unreachable(number + 0.2, SERVER, CLIENT, 20000 + number, SERVER, 5683, 3)
    found = wire.collect().gatherers["coap"].found
    assert (len(found.bodies), found.dropped) == (10, 30)
    assert len(found.errors) == 10
    assert len(found._requests) <= 10
    assert len(found.reports) <= 10


def test_what_ended_long_ago_is_given_up_unless_it_is_kept() -> None:
    wire = Coap()
    for number in range(4):
        wire.port = 40000 + number
        fetch(wire, 1000 * number, 300)
    wire.port = 41000
    wire.get(10, 900, 0, name="/light").content(10.1, 900, 0, False)  # a single block: no transfer
    collector = wire.collect()
    drafts = [draft.transfer for draft in draw(collector, lambda *_: ())]
    assert len(drafts) == 4
    kept = drafts[1].parts
    collector.forget(frozenset(kept), {kept[0]: 7}, drafts[3].first)
    told = [draft.transfer for draft in draw(collector, lambda *_: ())]
    assert [(one.frames, one.counts) for one in told] == [(drafts[1].frames, 8), (drafts[3].frames, 1)]
    found = collector.gatherers["coap"].found
    assert len(found.bodies) == len(found._current) == 2
    assert all(
        request.body is None or request.body in found.bodies.values() for request in found._requests.values()
    )
