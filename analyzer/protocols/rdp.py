"""Remote Desktop on TCP and UDP 3389: MS-RDPBCGR section 2.2.1 over TPKT (RFC 1006) and X.224."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import short
from analyzer.protocols._tls import inside

CLAIMS = ports("tcp", 3389) | ports("udp", 3389)
_CONNECT, _CONFIRM, _DATA = 0xE0, 0xD0, 0xF0
_COOKIE: Final = b"Cookie: mstshash="


def recognise(payload: Payload) -> Reading:
    """A connection request or confirm; on its own port also TPKT data and TLS.

    X.224 carries other protocols too, so away from 3389 only RDP's own cookie or negotiation counts.
    """
    data = payload.data
    if payload.transport != "tcp" or len(data) < 7:
        return UNSURE
    at_home = not CLAIMS.isdisjoint({("tcp", payload.src_port), ("tcp", payload.dst_port)})
    if data[:2] != b"\3\0":
        return (inside(payload) if at_home else None) or UNSURE
    length, code = int.from_bytes(data[2:4], "big"), data[5]
    if length < 7 or data[4] + 5 > length:
        return UNSURE
    own = data[11:].startswith(_COOKIE) or data[11:15] in (b"\1\0\x08\0", b"\2\x1f\x08\0", b"\2\0\x08\0")
    if not (own or at_home):
        return UNSURE
    if code == _CONNECT:
        cookie = data[11:].partition(b"\r\n")[0] if data[11:].startswith(_COOKIE) else b""
        return Reading(Fit.YES, Says.REQUEST, True, f"connection request {short(cookie)}".rstrip())
    if code == _CONFIRM:
        return Reading(Fit.YES, Says.RESPONSE, False, "connection confirm")
    return Reading(Fit.YES, detail="data") if at_home and code == _DATA and data[4] == 2 else UNSURE


PROTOCOL = Protocol(
    name="rdp",
    title="Remote Desktop",
    ports=CLAIMS,
    recognise=recognise,
    distinctive=True,
    openings={"tcp": frozenset({3})},
)
