"""WS-Discovery on UDP 3702, device metadata over HTTP on TCP 5357 and over TLS on 5358.

OASIS WS-Discovery 1.1, DPWS 1.1.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import http
from analyzer.protocols._tls import inside

_ENVELOPE: Final = rb"<(?:[A-Za-z_][\w.-]*:)?Envelope[\s>]|soap-envelope|schemas\.xmlsoap\.org"
_ACTION: Final = rb"discovery/(Hello|Bye|Probe|Resolve|ProbeMatches|ResolveMatches)\s*<"
_SAYS: Final = {
    b"Hello": Says.ANNOUNCE,
    b"Bye": Says.ANNOUNCE,
    b"Probe": Says.REQUEST,
    b"Resolve": Says.REQUEST,
    b"ProbeMatches": Says.RESPONSE,
    b"ResolveMatches": Says.RESPONSE,
}


def recognise(payload: Payload) -> Reading:
    """A SOAP envelope (UDP) or an HTTP start line (TCP). Nobody is obliged to match a probe."""
    if payload.transport == "tcp":
        return http(payload) or inside(payload) or UNSURE
    text = payload.data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text or b"\xef\xbb\xbf".startswith(text):
        return UNSURE
    if not text.startswith(b"<"):
        return NO
    if not re.search(_ENVELOPE, text):
        return UNSURE
    action = re.search(_ACTION, text)
    if action is None:
        return Reading(Fit.YES, detail="SOAP")
    return Reading(Fit.YES, _SAYS[action[1]], False, action[1].decode())


PROTOCOL = Protocol(
    name="ws-discovery",
    title="WS-Discovery",
    ports=ports("udp", 3702) | ports("tcp", 5357, 5358),
    recognise=recognise,
    groups=frozenset({"239.255.255.250", "ff02::c"}),
)
