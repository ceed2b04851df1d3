from __future__ import annotations

from analyzer import transports
from analyzer.protocols import for_transport
from analyzer.protocols.eigrp import PROTOCOL


def test_owns_its_transport_whole() -> None:
    assert for_transport(transports.name(88)) is PROTOCOL
    assert PROTOCOL.transports == {"eigrp"}
    assert PROTOCOL.ports == frozenset()
    assert PROTOCOL.recognise is None


def test_groups() -> None:
    assert "224.0.0.10" in PROTOCOL.groups
