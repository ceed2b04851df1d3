"""What is picked of a batch for transfers says the same as the batch."""

from __future__ import annotations

import pickle

import pytest
from test_transfers_tftp_endings import CASES
from tftpwire import Wire, make_batch, oack, rrq
from traffic import Traffic

from analyzer.decode import decode
from analyzer.picking import pick
from analyzer.tables import PACKETS, QUOTES, Packets
from analyzer.transfers import Collector, draw
from analyzer.transfers.tftp.pick import wants


def packets_of(traffic: Traffic) -> Packets:
    return decode(make_batch(sorted(traffic.frames, key=lambda item: item[0])), 1)


def told(packets: Packets) -> object:
    collector = Collector()
    collector.add(packets)
    return collector.begin, collector.end, [d.transfer for d in draw(collector, lambda *_: ())]


def with_noise(wire: Wire) -> Wire:
    wire.frames = list(wire.frames)
    for number in range(20):
        wire.coap(number / 3, "10.20.1.77", "10.20.0.10", mid=number)
    return wire


@pytest.mark.parametrize("name", CASES)
def test_a_picked_batch_says_the_same(name: str) -> None:
    wire = Wire()
    wire.frames = list(CASES[name][0].frames)
    packets = packets_of(with_noise(wire))
    picked = pickle.loads(pickle.dumps(pick(packets, (wants,))))
    PACKETS.check(picked.columns)
    QUOTES.check(picked.quotes)
    assert told(picked) == told(packets)
    assert len(picked.buffer) < len(packets.buffer)


def test_fragments_are_kept() -> None:
    wire = Wire().c(0, rrq(blksize=4096), 69).s(0.1, oack(blksize=4096)).c(0.2, b"\0\4\0\0")
    wire.s(0.3, b"\0\3\0\1" + b"x" * 4096, fragments=(0, 1, 2)).idle(60)
    packets = packets_of(wire)
    assert told(pick(packets, (wants,))) == told(packets)
