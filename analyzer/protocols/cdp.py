"""Cisco Discovery Protocol: the switches' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="cdp",
    title="CDP",
    transports=frozenset({"cdp"}),
)
