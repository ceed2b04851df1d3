"""The DNS message format (RFC 1035 section 4), shared by DNS, mDNS, LLMNR and NetBIOS name service."""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Payload, Reading
from analyzer.protocols._judge import judge
from analyzer.protocols._text import short

_TYPES: Final = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 32: "NB", 33: "SRV",
    35: "NAPTR", 41: "OPT", 47: "NSEC", 64: "SVCB", 65: "HTTPS", 255: "ANY",
}  # fmt: skip


class Header(NamedTuple):
    """The fixed header and the first question or record's name.

    ``name`` is None where the message has none or it was cut; ``type`` likewise.
    """

    id: int
    response: bool
    opcode: int
    flags: int
    counts: tuple[int, int, int, int]
    name: str | None = None
    type: int | None = None

    @property
    def detail(self) -> str:
        """One line: ``query example.org AAAA``."""
        word = "response" if self.response else "query"
        kind = "" if self.type is None else _TYPES.get(self.type, f"type {self.type}")
        return " ".join(part for part in (word, self.name or "", kind) if part)


def _name(cursor: Cursor) -> str:
    """A domain name; a compression pointer ends it unread (its target was read before)."""
    labels: list[str] = []
    while True:
        length = cursor.u8()
        if length >= 0xC0:
            cursor.u8()
            break
        if length > 63:
            raise DissectError("DNS label", cursor.offset - 1)
        if not length:
            break
        labels.append(short(cursor.take(length), 63))
        if len(labels) > 127:
            raise DissectError("DNS name", cursor.offset)
    return short((".".join(labels) or ".").encode(), 120)


def parse(data: bytes, wire: int, opcodes: frozenset[int]) -> Header:
    """The header and first name of a message of ``wire`` bytes, of which ``data`` are in sight.

    Raises :class:`analyzer.errors.DissectError`: opcode not in ``opcodes``, more questions and records
    than the message can hold, a malformed name, or bytes that run out in a complete message.
    """
    cursor = Cursor(data, "DNS")
    ident, flags = cursor.u16(), cursor.u16()
    opcode = flags >> 11 & 15
    if opcode not in opcodes:
        raise DissectError("DNS opcode", 2)
    counts = (cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16())
    # A question takes at least 5 bytes and a record 11.
    if 12 + 5 * counts[0] + 11 * sum(counts[1:]) > wire:
        raise DissectError("DNS counts", 4)
    header = Header(ident, bool(flags & 0x8000), opcode, flags, counts)
    if not any(counts):
        return header
    try:
        return header._replace(name=_name(cursor), type=cursor.u16())
    except DissectError as error:
        if wire > len(data) and error.need > error.have:
            return header
        raise


def read(payload: Payload, opcodes: frozenset[int]) -> Header | Reading:
    """What :func:`parse` makes of a payload; over TCP its length comes first (RFC 1035 section 4.2.2).

    Where that is no message, the reading that says so.
    """
    data, wire = payload.data, payload.wire
    if not data:
        return UNSURE
    if payload.transport == "tcp":
        wire = int.from_bytes(data[:2], "big")
        data = data[2 : 2 + wire]
    try:
        return parse(data, wire, opcodes)
    except DissectError as error:
        return judge(error, payload)
