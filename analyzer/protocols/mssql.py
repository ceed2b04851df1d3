"""Microsoft SQL Server: TDS on TCP 1433 (MS-TDS section 2.2.3), its browser on UDP 1434 (MC-SQLR)."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import short
from analyzer.protocols._tls import inside

_PACKETS: Final = {
    0x01: ("SQL batch", Says.REQUEST),
    0x02: ("login", Says.REQUEST),
    0x03: ("RPC", Says.REQUEST),
    0x04: ("response", Says.RESPONSE),
    0x06: ("attention", Says.REQUEST),
    0x07: ("bulk load", Says.REQUEST),
    0x0E: ("transaction", Says.REQUEST),
    0x10: ("LOGIN7", Says.REQUEST),
    0x11: ("SSPI", Says.REQUEST),
    0x12: ("PRELOGIN", Says.REQUEST),
}


def _browser(payload: Payload) -> Reading:
    kind = payload.data[0]
    if kind in (2, 3):
        return Reading(Fit.YES, Says.REQUEST, False, "browser search")
    if kind in (4, 15):
        return Reading(
            Fit.YES, Says.REQUEST, None, f"browser {short(payload.data[1:].rstrip(bytes(1)))}".rstrip()
        )
    return Reading(Fit.YES, Says.RESPONSE, False, "browser answer") if kind == 5 else NO


def recognise(payload: Payload) -> Reading:
    """A TDS packet or a TLS record over TCP; a browser message over UDP."""
    data = payload.data
    if not data:
        return UNSURE
    if payload.transport == "udp":
        return _browser(payload)
    if len(data) < 8:
        return UNSURE
    length = int.from_bytes(data[2:4], "big")
    if data[0] not in _PACKETS or data[1] > 0x1F or not 8 <= length <= 32768 or data[7]:
        return inside(payload) or UNSURE
    name, says = _PACKETS[data[0]]
    if data[0] == 0x12 and payload.src_port == 1433:
        says = Says.NOTHING  # during the TLS handshake the server's records travel in PRELOGIN packets too
    return Reading(Fit.YES, says, says is Says.REQUEST or None, f"TDS {name}")


PROTOCOL = Protocol(
    name="mssql",
    title="Microsoft SQL Server",
    ports=ports("tcp", 1433) | ports("udp", 1434),
    recognise=recognise,
)
