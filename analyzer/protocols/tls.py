"""TLS and SSL over TCP: RFC 5246, RFC 8446. Igor gateways serve it on 443 and 8081."""

from __future__ import annotations

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._tls import hello

CLAIMS = ports("tcp", 443, 8081)


def recognise(payload: Payload) -> Reading:
    """A segment that begins with a TLS record or an SSL 2.0 hello.

    Hellos, alerts and segments that are records end to end are believed on any port; a record header
    alone only on a port that TLS claims. Anything else may be the middle of a record.
    """
    found = hello(payload)
    if found is None or payload.transport != "tcp":
        return UNSURE
    at_home = not CLAIMS.isdisjoint({("tcp", payload.src_port), ("tcp", payload.dst_port)})
    if not found.certain and not at_home:
        return UNSURE
    due = True if found.says is Says.REQUEST and found.detail.startswith("ClientHello") else None
    return Reading(Fit.YES, found.says, due, found.detail)


PROTOCOL = Protocol(
    name="tls",
    title="TLS",
    ports=CLAIMS,
    recognise=recognise,
    distinctive=True,
    openings={"tcp": frozenset((*range(20, 25), *range(0x80, 0x100)))},
    plain="tls",
)
