"""Connections are told apart, copies left out, memory bounded."""

from __future__ import annotations

import pytest
from httpwire import Http, answer, fetch, request

from analyzer.model import TransferOutcome
from analyzer.transfers import draw
from analyzer.transfers.http import gather

COMPLETE = TransferOutcome.COMPLETE


def test_several_at_once() -> None:
    first, second = fetch(5000), Http()
    second.client_port, second.at = 51000, 0.0005
    second.open().c(request("/other.bin")).s(answer(200, 7000)).s(b"x" * 7000)
    first.frames += second.frames
    told = {transfer.file: (transfer.outcome, transfer.bytes) for transfer in first.transfers()}
    assert told == {"/fw/node.bin": (COMPLETE, 5000), "/other.bin": (COMPLETE, 7000)}


def test_several_on_one_connection() -> None:
    wire = Http().open()
    for number in range(4):
        wire.c(request(f"/{number}.bin")).s(answer(200, 1000 + number)).s(b"x" * (1000 + number))
    assert [transfer.bytes for transfer in wire.transfers()] == [1000, 1001, 1002, 1003]


def test_copies_of_a_mirror_are_no_retransmissions() -> None:
    wire = fetch(5000).close()
    once = wire.only()
    wire.frames += [(at + 0.0003, frame) for at, frame in wire.frames]
    twice = wire.only()
    assert (twice.retransmissions, twice.outcome, twice.bytes) == (0, COMPLETE, once.bytes)


def test_retransmissions_are_counted() -> None:
    wire = fetch(5000, upto=3000).again(False, 2).s(b"x" * 2000).late()
    assert (wire.only().retransmissions, wire.only().outcome) == (2, COMPLETE)


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "CONNECTIONS", 5)
    monkeypatch.setattr(gather, "EXCHANGES", 10)
    wire = Http()
    for _ in range(40):
        wire.open().c(request()).s(answer(200, 1000)).s(b"x" * 1000)
    found = wire.collect().gatherers["http"].found
    assert len(found._connections) == len(found._keys) == 5
    assert (len(found.exchanges), found.dropped) == (10, 25)
    assert len(found._watched) <= 6


def test_what_ended_long_ago_is_given_up_unless_it_is_kept() -> None:
    wire = Http().open()
    for number in range(3):
        wire.c(request(f"/{number}.bin")).s(answer(200, 1000)).s(b"x" * 1000)
    wire.close()
    collector = wire.collect()
    _, two, three = (draft.transfer for draft in draw(collector, lambda *_: ()))
    collector.forget(frozenset(two.parts), {two.parts[0]: 2}, three.last)
    told = [draft.transfer for draft in draw(collector, lambda *_: ())]
    assert [(transfer.file, transfer.counts) for transfer in told] == [("/1.bin", 3), ("/2.bin", 1)]
