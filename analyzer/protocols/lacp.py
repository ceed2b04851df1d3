"""LACP and slow protocols: IEEE 802.3 clause 57A: link aggregation, marker and OAM between switches."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="lacp",
    title="LACP and slow protocols",
    transports=frozenset({"lacp"}),
)
