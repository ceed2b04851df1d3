"""The CoAP message format over UDP: RFC 7252 section 3, with the codes and options of later RFCs.

Shared by ``coap`` and ``coap_emergency``. Dissection takes any bytes and any cut.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Reading, Says
from analyzer.protocols._judge import judge
from analyzer.protocols._text import LIMIT, short

CON, NON, ACK, RST = range(4)
TYPES: Final = ("CON", "NON", "ACK", "RST")

OBSERVE, URI_PATH, URI_QUERY, BLOCK2, BLOCK1, SIZE2, SIZE1 = 6, 11, 15, 23, 27, 28, 60

CODES: Final = {
    0x01: "GET", 0x02: "POST", 0x03: "PUT", 0x04: "DELETE", 0x05: "FETCH", 0x06: "PATCH", 0x07: "iPATCH",
    0x41: "Created", 0x42: "Deleted", 0x43: "Valid", 0x44: "Changed", 0x45: "Content", 0x5F: "Continue",
    0x80: "Bad Request", 0x81: "Unauthorized", 0x82: "Bad Option", 0x83: "Forbidden", 0x84: "Not Found",
    0x85: "Method Not Allowed", 0x86: "Not Acceptable", 0x88: "Request Entity Incomplete", 0x89: "Conflict",
    0x8C: "Precondition Failed", 0x8D: "Request Entity Too Large", 0x8F: "Unsupported Content-Format",
    0x96: "Unprocessable Entity", 0x9D: "Too Many Requests", 0xA0: "Internal Server Error",
    0xA1: "Not Implemented", 0xA2: "Bad Gateway", 0xA3: "Service Unavailable", 0xA4: "Gateway Timeout",
    0xA5: "Proxying Not Supported", 0xA8: "Hop Limit Reached",
}  # fmt: skip
"""Registered codes (IANA CoRE parameters): class in the upper three bits, detail in the lower five."""


class Message(NamedTuple):
    """A CoAP message.

    ``code`` is the byte as sent, ``options`` are ``(number, value)`` in order. ``complete`` is False
    where a cut ended the dissection: what was read before it is there.
    """

    version: int
    type: int
    code: int
    mid: int
    token: bytes = b""
    options: tuple[tuple[int, bytes], ...] = ()
    payload: bytes = b""
    complete: bool = True

    def values(self, number: int) -> tuple[bytes, ...]:
        """The values of every occurrence of an option."""
        return tuple(value for option, value in self.options if option == number)

    @property
    def path(self) -> str:
        """The Uri-Path and Uri-Query options as written in a URI: ``/lights/1?on``."""
        path = b"/" + b"/".join(self.values(URI_PATH))
        query = b"&".join(self.values(URI_QUERY))
        return (path + b"?" + query if query else path).decode("utf-8", "replace")

    @property
    def dotted(self) -> str:
        """The code as RFC 7252 writes it: ``2.05``."""
        return f"{self.code >> 5}.{self.code & 31:02}"


def _extended(cursor: Cursor, nibble: int) -> int:
    """An option delta or length (RFC 7252 section 3.1)."""
    if nibble == 13:
        return cursor.u8() + 13
    if nibble == 14:
        return cursor.u16() + 269
    if nibble == 15:
        raise DissectError("CoAP option with reserved length or delta", cursor.offset)
    return nibble


def _options(cursor: Cursor) -> tuple[list[tuple[int, bytes]], bytes, DissectError | None]:
    """Options and payload as far as they go, and the error that stopped them."""
    options: list[tuple[int, bytes]] = []
    number = 0
    try:
        while cursor.left:
            first = cursor.u8()
            if first == 0xFF:
                # RFC 7252 section 3: "The presence of a marker followed by a zero-length payload MUST be
                # processed as a message format error."
                if not cursor.left:
                    raise DissectError("CoAP payload", cursor.offset, 1, 0)
                return options, cursor.take(cursor.left), None
            number += _extended(cursor, first >> 4)
            length = _extended(cursor, first & 15)
            if number > 0xFFFF:
                raise DissectError("CoAP option number", cursor.offset)
            options.append((number, cursor.take(length)))
    except DissectError as error:
        return options, b"", error
    return options, b"", None


def parse(data: bytes, cut: bool = False) -> Message:
    """Dissect one CoAP message.

    ``cut`` says that bytes are missing at the end: then running out of bytes after the fixed header
    ends the dissection with ``complete`` False instead of an error. Raises
    :class:`analyzer.errors.DissectError` on anything that RFC 7252 calls a message format error.
    """
    cursor = Cursor(data, "CoAP header")
    first = cursor.u8()
    version, kind, token_length = first >> 6, first >> 4 & 3, first & 15
    if version != 1:
        raise DissectError("CoAP version", 0)
    if token_length > 8:
        raise DissectError("CoAP token length", 0)
    code = cursor.u8()
    _check_code(kind, code, token_length)
    mid = cursor.u16()
    if code == 0:
        if cursor.left:
            raise DissectError("bytes after an empty CoAP message", cursor.offset)
        return Message(version, kind, code, mid)
    if cut and token_length > cursor.left:
        return Message(version, kind, code, mid, complete=False)
    token = cursor.take(token_length)
    options, payload, error = _options(cursor)
    if error is not None and not (cut and error.need > error.have):
        raise error
    return Message(version, kind, code, mid, token, tuple(options), payload, error is None and not cut)


def _check_code(kind: int, code: int, token_length: int) -> None:
    """RFC 7252 sections 4.1 to 4.3, table 1: what a code may not be combined with."""
    if code >> 5 not in (0, 2, 4, 5):
        raise DissectError("CoAP code class", 1)
    if code == 0 and token_length:
        raise DissectError("token of an empty CoAP message", 0)
    if code == 0 and kind == NON:
        raise DissectError("empty NON", 1)
    if code != 0 and kind == RST:
        raise DissectError("RST with a code", 1)
    if 0 < code < 32 and kind == ACK:
        raise DissectError("ACK with a request code", 1)


def _empty_with_token(payload: Payload) -> bool:
    """An empty ACK or RST with a token: a format error (RFC 7252 section 4.1) that real stacks send."""
    data = payload.data
    return (
        len(data) >= 2
        and data[0] >> 4 in (0b0110, 0b0111)
        and data[1] == 0
        and 1 <= data[0] & 15 <= 8
        and payload.wire == 4 + (data[0] & 15)
    )


def read(payload: Payload) -> Reading:
    """What one datagram says as CoAP."""
    try:
        message = parse(payload.data, payload.cut)
    except DissectError as error:
        return UNSURE if _empty_with_token(payload) else judge(error, payload)
    name = TYPES[message.type]
    if message.code == 0:
        if payload.cut:
            # An empty message is four bytes: more of them on the wire contradict it.
            return judge(DissectError("bytes after an empty CoAP message", 4), payload)
        if message.type == CON:
            return Reading(Fit.YES, Says.REQUEST, True, "CON ping")
        return Reading(Fit.YES, Says.RESPONSE, False, f"{name} empty")
    if message.code not in CODES:
        return UNSURE
    due = {CON: True, NON: False}.get(message.type)
    if message.code < 32:
        path = short(message.path.encode(), LIMIT)
        return Reading(Fit.YES, Says.REQUEST, due, f"{name} {CODES[message.code]} {path}")
    detail = f"{name} {message.dotted} {CODES[message.code]}"
    if message.values(OBSERVE):
        detail += " (notification)"
    return Reading(Fit.YES, Says.RESPONSE, due, detail)
