from __future__ import annotations

from analyzer import transports
from analyzer.protocols import for_transport
from analyzer.protocols.pim import PROTOCOL


def test_owns_its_transport_whole() -> None:
    assert for_transport(transports.name(103)) is PROTOCOL
    assert PROTOCOL.transports == {"pim"}
    assert PROTOCOL.ports == frozenset()
    assert PROTOCOL.recognise is None


def test_groups() -> None:
    assert "224.0.0.13" in PROTOCOL.groups
