"""ARP: RFC 826. The operation tells who asks; the flow table keeps it."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="arp",
    title="ARP",
    transports=frozenset({"arp"}),
)
