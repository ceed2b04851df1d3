from __future__ import annotations

from analyzer import transports
from analyzer.protocols import for_transport
from analyzer.protocols.eapol import PROTOCOL


def test_owns_its_transport_whole() -> None:
    assert for_transport(transports.name(0x1888E)) is PROTOCOL
    assert PROTOCOL.transports == {"eapol"}
    assert PROTOCOL.ports == frozenset()
    assert PROTOCOL.recognise is None
