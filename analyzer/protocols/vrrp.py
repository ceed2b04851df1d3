"""VRRP: RFC 5798: routers that stand in for each other."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="vrrp",
    title="VRRP",
    transports=frozenset({"vrrp"}),
    groups=frozenset({"224.0.0.18", "ff02::12"}),
)
