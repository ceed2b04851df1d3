"""Cisco Dynamic Trunking Protocol: the switches' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="dtp",
    title="DTP",
    transports=frozenset({"dtp"}),
)
