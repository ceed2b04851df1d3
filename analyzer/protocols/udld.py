"""Unidirectional Link Detection (RFC 5171): the switches' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="udld",
    title="UDLD",
    transports=frozenset({"udld"}),
)
