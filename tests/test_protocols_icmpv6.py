from __future__ import annotations

from analyzer import transports
from analyzer.protocols import for_transport
from analyzer.protocols.icmpv6 import PROTOCOL


def test_owns_its_transport_whole() -> None:
    assert for_transport(transports.name(58)) is PROTOCOL
    assert PROTOCOL.transports == {"icmpv6"}
    assert PROTOCOL.ports == frozenset()
    assert PROTOCOL.recognise is None


def test_groups() -> None:
    assert "ff02::16" in PROTOCOL.groups
