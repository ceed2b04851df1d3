"""OSPF: RFC 2328, RFC 5340: the routers' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="ospf",
    title="OSPF",
    transports=frozenset({"ospf"}),
    groups=frozenset({"224.0.0.5", "224.0.0.6", "ff02::5", "ff02::6"}),
)
