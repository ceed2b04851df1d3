"""Cisco VLAN Trunking Protocol: the switches' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="vtp",
    title="VTP",
    transports=frozenset({"vtp"}),
)
