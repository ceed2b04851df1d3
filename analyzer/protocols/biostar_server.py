"""BioStar 1 server: a format that is not public, in the clear or inside TLS.

Devices in server mode and clients connect here; a device may speak TLS on the same port.
"""

from __future__ import annotations

from analyzer.protocol import UNSURE, Payload, Protocol, Reading, ports
from analyzer.protocols._tls import inside


def recognise(payload: Payload) -> Reading:
    """TLS is named in the detail; all other bytes are opaque."""
    return inside(payload) or UNSURE


PROTOCOL = Protocol(
    name="biostar-server",
    title="BioStar 1 server",
    ports=ports("tcp", 1480),
    recognise=recognise,
)
