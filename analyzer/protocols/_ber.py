"""BER headers (ITU-T X.690 section 8.1) for SNMP, Kerberos and LDAP: one-byte tags, definite lengths."""

from __future__ import annotations

from analyzer.errors import DissectError
from analyzer.protocol import Cursor

SEQUENCE, INTEGER, OCTETS = 0x30, 0x02, 0x04


def header(cursor: Cursor, *tags: int) -> tuple[int, int]:
    """The next tag and its content's length. Raises ``DissectError`` unless the tag is one of ``tags``."""
    at = cursor.offset
    tag = cursor.u8()
    if tags and tag not in tags:
        raise DissectError("BER tag", at)
    length = cursor.u8()
    if length > 0x84 or length == 0x80:
        raise DissectError("BER length", at + 1)
    if length > 0x80:
        length = int.from_bytes(cursor.take(length & 0x7F), "big")
    return tag, length


def integer(cursor: Cursor) -> int:
    """The next INTEGER (X.690 section 8.3). Raises ``DissectError`` for another tag or more than 8 bytes."""
    _, length = header(cursor, INTEGER)
    if not 1 <= length <= 8:
        raise DissectError("BER integer", cursor.offset)
    return int.from_bytes(cursor.take(length), "big", signed=True)
