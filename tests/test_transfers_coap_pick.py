"""What is left out is healthy, and leaving it out changes nothing."""

from __future__ import annotations

import random
from unittest import mock

import numpy as np
import pytest
from coapwire import (
    ACK,
    CHANGED,
    CON,
    CONTENT,
    NON,
    NOT_FOUND,
    OBSERVE,
    POST,
    RST,
    Coap,
    message,
    path,
    play,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.tables import Packets
from analyzer.transfers.coap import gather
from analyzer.transfers.coap.fields import candidates, read
from analyzer.transfers.coap.pick import Sifted, wants


def wanted(wire: Coap) -> list[int]:
    frames = sorted(wire.frames, key=lambda item: item[0])
    return wants(decode(make_batch(frames), 1)).rows.tolist()


LIGHT = path("/light")
CASES = {
    "a request and its answer": (Coap().get(0, 1, name="/light").s(1, message(ACK, CONTENT, 1, b"\0\1")), []),
    "a separate answer": (
        Coap()
        .get(0, 1, name="/l")
        .s(1, message(ACK, 0, 1))
        .s(2, message(CON, CONTENT, 9, b"\0\1"))
        .c(3, message(ACK, 0, 9)),
        [],
    ),
    "a ping": (Coap().c(0, message(CON, 0, 5)).s(1, message(RST, 0, 5)), []),
    "a notification": (Coap().s(0, message(NON, CONTENT, 5, b"t", (OBSERVE, b"\7"))), []),
    "telemetry": (Coap().c(0, message(NON, POST, 5, b"t", *LIGHT)), []),
    "no answer": (Coap().get(0, 1, name="/light"), [0]),
    "an answer from before": (Coap().s(0, message(ACK, CONTENT, 1, b"\0\1")), [0]),
    "an error": (Coap().get(0, 1, name="/light").s(1, message(ACK, NOT_FOUND, 1, b"\0\1")), [0, 1]),
    "blocks": (Coap().put(0, 1, 0, True).took(1, 1, 0), [0, 1]),
    "blocks nobody asked for": (Coap().get(0, 1).content(1, 1, 0, True), [0, 1]),
    "a block and its empty acknowledgement": (
        Coap().put(0, 1, 0, True).s(1, message(ACK, 0, 1)).s(2, message(NON, CHANGED, 2, b"\0\1")),
        [0, 1],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_which_messages_are_looked_at(name: str) -> None:
    wire, rows = CASES[name]
    assert wanted(wire) == rows


def everything(packets: Packets) -> Sifted:
    """All messages, as if none could be left out."""
    rows = candidates(packets)
    return Sifted(rows[read(packets, rows).sound])


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), loss=st.sampled_from([0.0, 0.2]), batch=st.sampled_from([5, 1000]))
def test_everything_looked_at_says_the_same(seed: int, loss: float, batch: int) -> None:
    chance = random.Random(seed)
    wire, _ = play(seed, reads=bool(seed % 2), length=700, size=64, offered=64, loss=loss, separate=0.2)
    for number in range(30):
        port = 40000 + chance.randrange(2)
        at, code = chance.random() * 30, chance.choice([CONTENT, CONTENT, NOT_FOUND])
        wire.get(at, 5000 + number, name="/light", port=port)
        if chance.random() < 0.8:
            token = (5000 + number).to_bytes(2, "big")
            wire.s(at + 0.1, message(ACK, code, 5000 + number, token), port=port)
    wire.idle(500)
    told = wire.transfers(batch), sorted(wire.faults(batch))
    with mock.patch.object(gather, "sift", everything), mock.patch.object(gather, "COMPILED", None):
        assert (wire.transfers(batch), sorted(wire.faults(batch))) == told


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), loss=st.sampled_from([0.0, 0.3]))
def test_what_is_wanted_of_what_was_wanted_is_all_of_it(seed: int, loss: float) -> None:
    wire, _ = play(seed, reads=bool(seed % 2), length=500, size=64, offered=64, loss=loss, separate=0.3)
    for number in range(10):
        wire.get(number, 7000 + number, name="/light")
    frames = sorted(wire.frames, key=lambda item: item[0])
    rows = wants(decode(make_batch(frames), 1)).rows
    again = wants(decode(make_batch([frames[row] for row in rows]), 1)).rows
    assert again.tolist() == np.arange(len(rows)).tolist()
