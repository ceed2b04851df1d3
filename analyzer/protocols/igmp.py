"""IGMP: RFC 2236, RFC 3376: which multicast groups a host listens to."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="igmp",
    title="IGMP",
    transports=frozenset({"igmp"}),
    groups=frozenset({"224.0.0.1", "224.0.0.2", "224.0.0.22"}),
)
