"""BioStar 1 device: a format that is not public, in the clear or inside TLS.

A device listens here in direct mode, on 1470 or 1471 by its family.
"""

from __future__ import annotations

from analyzer.protocol import UNSURE, Payload, Protocol, Reading, ports
from analyzer.protocols._tls import inside


def recognise(payload: Payload) -> Reading:
    """TLS is named in the detail; all other bytes are opaque."""
    return inside(payload) or UNSURE


PROTOCOL = Protocol(
    name="biostar-device",
    title="BioStar 1 device",
    ports=ports("tcp", 1470, 1471),
    recognise=recognise,
)
