"""EAPOL: IEEE 802.1X: a device proves itself to the switch port."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="eapol",
    title="EAPOL",
    transports=frozenset({"eapol"}),
)
