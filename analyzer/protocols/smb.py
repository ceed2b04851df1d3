"""SMB on TCP 445 and, inside the NetBIOS session service, 139.

MS-SMB2 section 2.1 and 2.2.1, RFC 1002 section 4.3.
"""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports

CLAIMS = ports("tcp", 139, 445)
_SESSION: Final = {
    0x81: ("session request", Says.REQUEST),
    0x82: ("positive session response", Says.RESPONSE),
    0x83: ("negative session response", Says.RESPONSE),
    0x84: ("retarget session response", Says.RESPONSE),
    0x85: ("session keep-alive", Says.NOTHING),
}
_SMB1, _SMB2 = b"\xffSMB", b"\xfeSMB"
_OTHERS: Final = {b"\xfdSMB": "SMB encrypted", b"\xfcSMB": "SMB compressed"}


def recognise(payload: Payload) -> Reading:
    """A segment that begins with a message; its header tells a response from a request."""
    data = payload.data
    if payload.transport != "tcp" or len(data) < 4:
        return UNSURE
    if data[0] in _SESSION:
        at_home = not CLAIMS.isdisjoint({("tcp", payload.src_port), ("tcp", payload.dst_port)})
        if not at_home or data[1] > 1 or 4 + int.from_bytes(data[2:4], "big") != payload.wire:
            return UNSURE
        name, says = _SESSION[data[0]]
        return Reading(Fit.YES, says, says is Says.REQUEST or None, name)
    if data[0]:
        return UNSURE
    magic = data[4:8]
    if magic in _OTHERS:
        return Reading(Fit.YES, detail=_OTHERS[magic])
    if magic == _SMB1 and len(data) >= 14:
        answer, name = bool(data[13] & 0x80), "SMB1"
    elif magic == _SMB2 and len(data) >= 24:
        answer, name = bool(data[20] & 1), "SMB2"
    elif magic in (_SMB1, _SMB2):
        return Reading(Fit.YES)
    else:
        return UNSURE
    return Reading(
        Fit.YES,
        Says.RESPONSE if answer else Says.REQUEST,
        None,
        f"{name} {'response' if answer else 'request'}",
    )


PROTOCOL = Protocol(
    name="smb",
    title="SMB",
    ports=CLAIMS,
    recognise=recognise,
    distinctive=True,
    openings={"tcp": frozenset({0})},
)
