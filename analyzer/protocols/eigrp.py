"""EIGRP: RFC 7868: the routers' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="eigrp",
    title="EIGRP",
    transports=frozenset({"eigrp"}),
    groups=frozenset({"224.0.0.10", "ff02::a"}),
)
