from __future__ import annotations

from analyzer import transports
from analyzer.protocols import for_transport
from analyzer.protocols.lacp import PROTOCOL


def test_owns_its_transport_whole() -> None:
    assert for_transport(transports.name(0x18809)) is PROTOCOL
    assert PROTOCOL.transports == {"lacp"}
    assert PROTOCOL.ports == frozenset()
    assert PROTOCOL.recognise is None
