"""A gatherer of TFTP is made by a datagram that begins like TFTP, not by what only may matter after one."""

from __future__ import annotations

from tftpwire import Wire, make_batch, rrq

from analyzer.decode import decode
from analyzer.tables import Packets
from analyzer.transfers import Collector
from analyzer.transfers.tftp import CARRIER
from analyzer.transfers.tftp.draw import Gatherer


def batches() -> tuple[Packets, Packets]:
    coap, request = Wire(), Wire()
    coap.coap(0, "10.20.1.77", "10.20.0.10", mid=1)
    request.udp(1, "10.20.1.31", 49152, "10.20.0.10", 69, rrq())
    return decode(make_batch(coap.frames), 1), decode(make_batch(request.frames), 1)


def test_what_begins_a_transfer() -> None:
    coap, request = batches()
    assert (CARRIER.due(coap), CARRIER.due(request)) == (False, True)
    assert isinstance(CARRIER.make(), Gatherer)


def test_the_collector_makes_it_then() -> None:
    coap, request = batches()
    collector = Collector()
    collector.add(coap)
    assert "tftp" not in collector.gatherers
    collector.add(request)
    assert list(collector.gatherers) == ["tftp"]
