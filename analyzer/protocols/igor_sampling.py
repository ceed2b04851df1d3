"""Igor sampling: a format that is not public, so no payload proves or contradicts it.

The sheets list it from node to gateway since node firmware 6.
"""

from __future__ import annotations

from analyzer.protocol import Protocol, ports

PROTOCOL = Protocol(
    name="igor-sampling",
    title="Igor sampling",
    ports=ports("udp", 50202),
)
