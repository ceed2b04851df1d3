"""LLDP: IEEE 802.1AB. Lighting nodes negotiate their power over Ethernet by it (IEEE 802.3at, 802.3bt)."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="lldp",
    title="LLDP",
    transports=frozenset({"lldp"}),
)
