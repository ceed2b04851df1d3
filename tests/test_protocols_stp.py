from __future__ import annotations

from analyzer import transports
from analyzer.protocols import for_transport
from analyzer.protocols.stp import PROTOCOL


def test_owns_its_transport_whole() -> None:
    assert for_transport(transports.name(0x20042)) is PROTOCOL
    assert PROTOCOL.transports == {"stp"}
    assert PROTOCOL.ports == frozenset()
    assert PROTOCOL.recognise is None


def test_per_vlan_spanning_tree_too() -> None:
    assert for_transport(transports.name(0x3010B)) is PROTOCOL
