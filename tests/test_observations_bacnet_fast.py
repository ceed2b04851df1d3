"""The compiled part finds the same messages as the reference, whatever the bytes."""

from __future__ import annotations

import random

import numpy as np
import pytest
from bacnetwire import (
    abort,
    answer,
    broadcast,
    bvlc,
    error,
    i_am,
    reject,
    request,
    request_segment,
    segment,
    segment_ack,
    unicast,
    who_is,
)
from everywhere import captures
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.observations.bacnet import pick
from analyzer.protocols import bacnet
from analyzer.tables import PACKETS, QUOTES, UDP, Kind, Packets

fast = pytest.importorskip(
    "analyzer.observations.bacnet.fast", reason="the compiled part was not built (no C compiler)"
)
PLACES = st.integers(0, 3)


def same(packets: Packets) -> int:
    """Compares a batch; how many messages of it are worth a look."""
    one, other = (pick.sift(packets, compiled=compiled) for compiled in (True, False))
    for name, column in one._asdict().items():
        assert column.dtype == getattr(other, name).dtype, name
        assert column.tolist() == getattr(other, name).tolist(), name
    return len(one.rows)


def batch(sent: list[tuple[bytes, int, int, int]]) -> Packets:
    """Messages, each with its source, its target, and the bytes that were not captured."""
    columns = PACKETS.empty(len(sent))
    columns["frame"][:] = np.arange(1, len(sent) + 1)
    columns["kind"][:], columns["version"][:], columns["transport"][:] = Kind.TRANSPORT, 4, UDP
    columns["src_port"][:] = columns["dst_port"][:] = 47808
    at = 0
    for row, (data, source, target, missing) in enumerate(sent):
        columns["src_lo"][row], columns["dst_lo"][row] = source, target
        columns["payload"][row], columns["payload_wire"][row] = at, len(data)
        columns["payload_captured"][row] = max(0, len(data) - missing)
        at += len(data)
    return Packets(columns, QUOTES.empty(), b"".join(one[0] for one in sent) or b"\0")


def message(number: int, invoke: int) -> bytes:
    """One of all that the rules tell apart."""
    return (
        unicast(request(invoke)),
        unicast(request(invoke), target=(5, b"\x0b")),
        unicast(answer(invoke)),
        unicast(b"\x20%c\x0f" % invoke),
        unicast(error(invoke, 1, 31)),
        unicast(reject(invoke, 9)),
        unicast(abort(invoke, 4)),
        unicast(abort(invoke, 4, server=False)),
        unicast(request_segment(invoke, 0)),
        unicast(segment(invoke, 0)),
        unicast(segment_ack(invoke, 0)),
        unicast(request(invoke), source=(7, b"\1\2\3\4\5\6\7")),
        broadcast(who_is(5)),
        broadcast(i_am(invoke)),
        bvlc(0, b"\0\x30"),
        bvlc(10, b"\x01\x80\x03\x01\0\7"),
        bvlc(11, b"\x01\x80\x01\x00\x07"),
        bvlc(2, b"\0\0\1\x01\0" + request(invoke), 0x82),
        b"\x83" + unicast(request(invoke))[1:],
        b"\x41\x01\0\1\x07",
    )[number]


SENT = st.tuples(
    st.builds(message, st.integers(0, 19), st.integers(0, 2))
    | st.builds(bvlc, st.integers(0, 13), st.binary(max_size=16), st.sampled_from([0x81, 0x82])),
    PLACES, PLACES, st.sampled_from([0, 0, 0, 1, 3, 9]),
)  # fmt: skip


def test_numbers_are_those_of_the_reference() -> None:
    known = {**vars(bacnet), **vars(pick)}
    assert {name: known[name] for name in fast.NUMBERS} == fast.NUMBERS


@settings(max_examples=200, deadline=None)
@given(st.lists(SENT, max_size=20), st.sampled_from([1, 2, 512]))
def test_any_messages(sent: list[tuple[bytes, int, int, int]], latest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pick, "OPEN_REQUESTS", latest)
        same(batch(sent))


def test_thousands_of_messages() -> None:
    draw = random.Random(5)
    sent = [
        (message(draw.randrange(20), draw.randrange(256)), draw.randrange(9), draw.randrange(9), 0)
        for _ in range(6000)
    ]
    assert same(batch(sent)) > 2000


def test_samples_and_public_captures() -> None:
    assert sum(same(packets) for _, batches in captures("BACNET MESSAGES") for packets in batches) > 500
