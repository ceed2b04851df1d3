"""CoAP over UDP 5683: RFC 7252, 7641 (observe), 7959 (blockwise).

Not here: CoAP over TCP (RFC 8323); DTLS is ``coaps``.
"""

from __future__ import annotations

from analyzer.protocol import UNSURE, Payload, Protocol, Reading, ports
from analyzer.protocols._coap import (
    ACK,
    BLOCK1,
    BLOCK2,
    CODES,
    CON,
    NON,
    OBSERVE,
    RST,
    SIZE1,
    SIZE2,
    TYPES,
    URI_PATH,
    URI_QUERY,
    Message,
    parse,
    read,
)

__all__ = [
    "ACK",
    "BLOCK1",
    "BLOCK2",
    "CODES",
    "CON",
    "NON",
    "OBSERVE",
    "PROTOCOL",
    "RST",
    "SIZE1",
    "SIZE2",
    "TYPES",
    "URI_PATH",
    "URI_QUERY",
    "Message",
    "parse",
    "recognise",
]


def recognise(payload: Payload) -> Reading:
    """A CoAP message. The code tells who asks, the type whether a reply is due.

    A CON is owed an acknowledgement also where it carries a response or a notification.
    """
    return read(payload) if payload.transport == "udp" and payload.data else UNSURE


PROTOCOL = Protocol(
    name="coap",
    title="CoAP",
    ports=ports("udp", 5683),
    recognise=recognise,
    groups=frozenset({"224.0.1.187", "ff02::fd", "ff05::fd", "ff08::fd"}),
    plain="coap",
)
