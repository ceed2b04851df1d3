"""Every carrier sees every packet, whole or as far as it wants it."""

from __future__ import annotations

import pytest
from coapwire import Coap, fetch, push
from test_transfers_tftp_endings import CASES
from tftpwire import make_batch
from traffic import Traffic

from analyzer.decode import decode
from analyzer.picking import pick, shifted
from analyzer.transfers import Circumstances, Collector, draw
from analyzer.transfers.coap.faults import seen

TRAFFIC = {
    "tftp": CASES["data blocked"][0],
    "coap": push(fetch(Coap(), 0, 700), 3, 500, upto=4).idle(60),
    "retries": Coap().get(0, 1).get(2.5, 1).get(7, 1).get(17, 1).get(37, 1).idle(100),
}


def told(collector: Collector) -> object:
    known = Circumstances(collector.begin, collector.end, lambda *_: (0,))
    faults = [list(seen(one.found)) for name, one in collector.gatherers.items() if name == "coap"]
    return known, draw(collector, lambda *_: ()), faults


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("name", TRAFFIC)
def test_picked_segments_say_the_same_as_one_go(name: str, size: int) -> None:
    traffic: Traffic = TRAFFIC[name]
    frames = sorted(traffic.frames, key=lambda item: item[0])
    whole, segmented = Collector(), Collector()
    whole.add(decode(make_batch(frames), 1))
    for begin in range(0, len(frames), size):
        part = decode(make_batch(frames[begin : begin + size]), 1)
        segmented.add(shifted(pick(part, (Collector.wants,)), begin))
    assert told(segmented)[1:] == told(whole)[1:]
    assert (segmented.begin, segmented.end) == (whole.begin, whole.end)


def test_healthy_exchanges_are_not_handed_over() -> None:
    wire = Coap()
    for number in range(50):
        wire.get(number, number, name="/light").s(
            number + 0.1, bytes.fromhex("6245") + number.to_bytes(2, "big") * 2
        )
    packets = decode(make_batch(sorted(wire.frames, key=lambda item: item[0])), 1)
    assert len(Collector.wants(packets).rows) == 0
