"""Windows Delivery Optimization on TCP 7680: updates shared between PCs, in a format that is not public."""

from __future__ import annotations

from analyzer.protocol import Protocol, ports

PROTOCOL = Protocol(
    name="delivery-optimization",
    title="Windows Delivery Optimization",
    ports=ports("tcp", 7680),
)
