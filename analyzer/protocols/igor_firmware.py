"""Igor firmware updating: a format that is not public, so no payload proves or contradicts it.

The image itself travels by TFTP.
"""

from __future__ import annotations

from analyzer.protocol import Protocol, ports

PROTOCOL = Protocol(
    name="igor-firmware",
    title="Igor firmware updating",
    ports=ports("udp", 1050, range(50195, 50200)),
)
