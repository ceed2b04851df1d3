"""PIM: RFC 7761: the routers' own traffic."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="pim",
    title="PIM",
    transports=frozenset({"pim"}),
    groups=frozenset({"224.0.0.13", "ff02::d"}),
)
