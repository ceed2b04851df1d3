"""TLS records (RFC 5246, RFC 8446) and SSL 2.0 style hellos: what a segment begins with.

Shared by ``tls`` and by the protocols that may run inside TLS on their own port.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.errors import DissectError
from analyzer.protocol import Cursor, Fit, Payload, Reading, Says
from analyzer.protocols._text import short

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24
MAX_RECORD: Final = (1 << 14) + 2048
"""RFC 5246 section 6.2.3: no TLSCiphertext is longer."""

_VERSIONS: Final = {0: "SSL 3.0", 1: "TLS 1.0", 2: "TLS 1.1", 3: "TLS 1.2", 4: "TLS 1.3"}
_FROM_SERVER: Final = {
    0: "HelloRequest",
    4: "NewSessionTicket",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    14: "ServerHelloDone",
}
_FROM_CLIENT: Final = {15: "CertificateVerify", 16: "ClientKeyExchange"}
_ALERTS: Final = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
    45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
    49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
    109: "missing_extension", 112: "unrecognized_name", 116: "certificate_required",
    120: "no_application_protocol",
}  # fmt: skip


class Hello(NamedTuple):
    """What a segment's first record tells. ``certain`` is True where chance cannot make these bytes."""

    says: Says
    detail: str
    certain: bool


def _server_name(cursor: Cursor) -> str:
    """The SNI of a ClientHello body, empty where it has none or is not in sight (RFC 6066 section 3)."""
    try:
        cursor.take(34)
        cursor.take(cursor.u8())
        cursor.take(cursor.u16())
        cursor.take(cursor.u8())
        cursor.u16()
        while cursor.left:
            kind, length = cursor.u16(), cursor.u16()
            if kind == 0:
                cursor.take(3)
                return short(cursor.take(cursor.u16()))
            cursor.take(length)
    except DissectError:
        pass
    return ""


def _handshake(data: bytes, record: int) -> Hello:
    """A handshake record's content from its header on; ``record`` is the record's length."""
    kind, length = data[5] if len(data) > 5 else -1, int.from_bytes(data[6:9], "big")
    plausible = len(data) >= 9 and length <= 1 << 17
    if kind == 1 and (len(data) < 11 or (plausible and data[9] == 3 and length >= 38)):
        name = _server_name(Cursor(data, "ClientHello", 9))
        return Hello(Says.REQUEST, f"ClientHello SNI={name}" if name else "ClientHello", len(data) >= 11)
    if kind == 2 and (len(data) < 11 or (plausible and data[9] == 3 and length >= 38)):
        version = _VERSIONS.get(data[10], "") if len(data) >= 11 else ""
        return Hello(Says.RESPONSE, f"ServerHello {version}".rstrip(), len(data) >= 11)
    if plausible and length + 4 <= record:
        if kind in _FROM_SERVER:
            return Hello(Says.RESPONSE, _FROM_SERVER[kind], certain=False)
        if kind in _FROM_CLIENT:
            return Hello(Says.REQUEST, _FROM_CLIENT[kind], certain=False)
        if kind == 11:
            return Hello(Says.NOTHING, "Certificate", certain=False)
    return Hello(Says.NOTHING, "handshake", certain=False)


def _ssl2(data: bytes) -> Hello | None:
    """An SSL 2.0 CLIENT-HELLO (RFC 5246 appendix E.2)."""
    if (
        len(data) < 11
        or not data[0] & 0x80
        or data[2] != 1
        or data[3:5] not in (b"\0\2", b"\3\0", b"\3\1", b"\3\2", b"\3\3")
    ):
        return None
    length = int.from_bytes(data[:2], "big") & 0x7FFF
    ciphers, session, challenge = (int.from_bytes(data[at : at + 2], "big") for at in (5, 7, 9))
    if ciphers == 0 or ciphers % 3 or session not in (0, 16) or not 16 <= challenge <= 32:
        return None
    return (
        Hello(Says.REQUEST, "ClientHello (SSL 2.0)", True)
        if length == 9 + ciphers + session + challenge
        else None
    )


def _tiled(payload: Payload) -> bool:
    """Whether the segment is records end to end: what chance does not make of a few bytes."""
    data, at = payload.data, 0
    while at + 5 <= len(data):
        if not CHANGE_CIPHER_SPEC <= data[at] <= HEARTBEAT or data[at + 1] != 3 or data[at + 2] > 4:
            return False
        at += 5 + int.from_bytes(data[at + 3 : at + 5], "big")
    return at == payload.wire


def hello(payload: Payload) -> Hello | None:
    """What the TLS record at the start of ``payload`` tells; None where none starts there."""
    data = payload.data
    if found := _ssl2(data):
        return found
    if len(data) < 5 or not CHANGE_CIPHER_SPEC <= data[0] <= HEARTBEAT or data[1] != 3 or data[2] > 4:
        return None
    length = int.from_bytes(data[3:5], "big")
    if not 0 < length <= MAX_RECORD:
        return None
    if data[0] == HANDSHAKE:
        found = _handshake(data, length)
        return found if found.certain else found._replace(certain=_tiled(payload))
    if data[0] == ALERT:
        if length != 2:
            return Hello(Says.NOTHING, "Alert (encrypted)", _tiled(payload))
        level = {1: "warning", 2: "fatal"}.get(data[5]) if len(data) >= 7 else ""
        if level is None:
            return None
        code = data[6] if level else -1
        detail = f"Alert {level} {code} {_ALERTS.get(code, '')}".rstrip() if level else "Alert"
        return Hello(Says.NOTHING, detail, bool(level))
    if data[0] == CHANGE_CIPHER_SPEC:
        return Hello(Says.NOTHING, "ChangeCipherSpec", _tiled(payload)) if length == 1 else None
    return Hello(Says.NOTHING, "application data", _tiled(payload))


def inside(payload: Payload) -> Reading | None:
    """The reading of a TLS record on a port whose protocol may be wrapped in TLS; None without one."""
    found = hello(payload)
    if found is None or not found.certain:
        return None
    due = True if found.says is Says.REQUEST and found.detail.startswith("ClientHello") else None
    return Reading(Fit.YES, found.says, due, f"TLS {found.detail}")
