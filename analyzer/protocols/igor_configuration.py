"""Igor configuration: a format that is not public, so no payload proves or contradicts it.

Kerberos uses the same port: its messages are told apart by Kerberos' own recogniser.
"""

from __future__ import annotations

from analyzer.protocol import Protocol, ports

PROTOCOL = Protocol(
    name="igor-configuration",
    title="Igor configuration",
    ports=ports("tcp", 88) | ports("udp", 88),
)
