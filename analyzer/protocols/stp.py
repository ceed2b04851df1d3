"""Spanning tree: IEEE 802.1D, 802.1w and Cisco's per-VLAN form: the switches' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="stp",
    title="Spanning tree",
    transports=frozenset({"stp"}),
)
