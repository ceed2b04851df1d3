"""BioStar 1 device search: a format that is not public, so no payload proves or contradicts it.

BioStar finds devices by it on the local network.
"""

from __future__ import annotations

from analyzer.protocol import Protocol, ports

PROTOCOL = Protocol(
    name="biostar-search",
    title="BioStar 1 device search",
    ports=ports("udp", 51110),
    broadcasts=True,
)
