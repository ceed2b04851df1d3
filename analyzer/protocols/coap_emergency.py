"""Igor emergency lighting on UDP 50201: the sheet calls it CoAP Emergency, its format is not public.

What reads as CoAP is taken as CoAP; what does not contradicts nothing.
"""

from __future__ import annotations

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, ports
from analyzer.protocols._coap import read


def recognise(payload: Payload) -> Reading:
    """A CoAP message, or could not judge."""
    reading = read(payload) if payload.transport == "udp" and payload.data else UNSURE
    return UNSURE if reading.fit is Fit.NO else reading


PROTOCOL = Protocol(
    name="coap-emergency",
    title="CoAP emergency",
    ports=ports("udp", 50201),
    recognise=recognise,
    plain="coap",
)
