"""ICMP: RFC 792. Errors set the outcome of the flow they quote and are no flow of their own."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="icmp",
    title="ICMP",
    transports=frozenset({"icmp"}),
)
