"""What hosts are called, read from one message: DHCP, DNS and its relatives, BACnet's I-Am.

Bytes in, facts out. A message that is cut or malformed gives the facts before that place; nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from analyzer.addresses import Address
from analyzer.errors import DissectError
from analyzer.protocol import Cursor
from analyzer.protocols import bacnet

DHCP_COOKIE: Final = b"\x63\x82\x53\x63"
DHCP_OPTIONS: Final = 236
A, PTR, AAAA, NB = 1, 12, 28, 32
RECORDS: Final = 64
"""Resource records read of a message: one that answers with more is no directory of ours."""
JUMPS: Final = 16
"""Compression pointers followed in a name: a real one has one or two."""
_OCTET: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
TEXT: Final = 255
"""Longest name (RFC 1035 section 2.3.4)."""


class Fact(NamedTuple):
    """Something said of a host, known by its address or, where DHCP has none yet, by its MAC.

    ``kind`` is ``dhcp``, ``dns``, ``mdns``, ``llmnr``, ``nbns``, ``bacnet``; ``text`` is a stranger's.
    """

    kind: str
    text: str
    address: Address | None
    mac: int | None = None


def dhcp(data: bytes) -> Iterator[Fact]:
    """Names of a DHCP message: options 12, 81 (RFC 2132 section 3.14, RFC 4702) and 60, of client ``chaddr``.

    The address is the one that the client has or is given; a server's answer ties it to the MAC.
    """
    if len(data) < DHCP_OPTIONS + 4 or data[DHCP_OPTIONS : DHCP_OPTIONS + 4] != DHCP_COOKIE or data[2] != 6:
        return
    mac = int.from_bytes(data[28:34], "big")
    options = _options(data)
    if data[0] == 2:
        if options.get(53) == b"\5":  # only an acknowledgement says what the client has
            yield Fact("dhcp", "", _ipv4(data[16:20]), mac)
        return
    asked = options.get(50, b"")
    address = _ipv4(data[12:16]) or (_ipv4(asked) if len(asked) == 4 else None)
    if options.get(12):
        yield Fact("dhcp", _text(options[12]), address, mac)
    full = options.get(81, b"")
    if len(full) > 3:
        yield Fact("dhcp", _wire_name(full[3:]) if full[0] & 4 else _text(full[3:]), address, mac)
    if options.get(60):
        yield Fact("dhcp-class", _text(options[60]), address, mac)


def _options(data: bytes) -> dict[int, bytes]:
    """DHCP's options up to the end, or to where they break off."""
    options: dict[int, bytes] = {}
    cursor = Cursor(data, "DHCP", DHCP_OPTIONS + 4)
    try:
        while (code := cursor.u8()) != 255:
            if code:
                options.setdefault(code, cursor.take(cursor.u8()))
    except DissectError:
        pass
    return options


def _ipv4(data: bytes) -> Address | None:
    number = int.from_bytes(data, "big")
    return (4, 0, number) if number else None


def dns(data: bytes, kind: str) -> Iterator[Fact]:
    """Names that answers give to addresses: A, AAAA and PTR records (RFC 1035, RFC 3596)."""
    cursor = Cursor(data, "DNS")
    try:
        cursor.u16()
        flags = cursor.u16()
        counts = [cursor.u16() for _ in range(4)]
        if not flags & 0x8000:
            return
        for _ in range(min(counts[0], RECORDS)):
            _name(cursor)
            cursor.take(4)
        for _ in range(min(sum(counts[1:]), RECORDS)):
            name = _name(cursor)
            number = cursor.u16()
            cursor.take(6)
            length = cursor.u16()
            begin = cursor.offset
            body = cursor.take(length)
            if number == A and length == 4:
                yield Fact(kind, name, (4, 0, int.from_bytes(body, "big")))
            elif number == AAAA and length == 16:
                yield Fact(kind, name, (6, int.from_bytes(body[:8], "big"), int.from_bytes(body[8:], "big")))
            elif number == PTR and (address := _reverse(name)) is not None:
                yield Fact(kind, _name(Cursor(data, "DNS", begin, begin + length)), address)
    except DissectError:
        return


def nbns(data: bytes) -> Iterator[Fact]:
    """NetBIOS names: who registers one, and positive answers to queries (RFC 1002 sections 4.2.2, 4.2.13)."""
    cursor = Cursor(data, "NBNS")
    try:
        cursor.u16()
        flags = cursor.u16()
        counts = [cursor.u16() for _ in range(4)]
        opcode, response = flags >> 11 & 15, bool(flags & 0x8000)
        if opcode not in (0, 5, 8, 15) or (opcode == 0 and not response):
            return
        for _ in range(min(counts[0], RECORDS)):
            _name(cursor)
            cursor.take(4)
        for _ in range(min(sum(counts[1:]), RECORDS)):
            name = _netbios(_name(cursor))
            number = cursor.u16()
            cursor.take(6)
            body = cursor.take(cursor.u16())
            if number == NB and len(body) >= 6 and name and not body[0] & 0x80:  # a group's name is nobody's
                yield Fact("nbns", name, (4, 0, int.from_bytes(body[2:6], "big")))
    except DissectError:
        return


def i_am(data: bytes, wire: int, sender: Address) -> Iterator[Fact]:
    """The device that announces itself (ANSI/ASHRAE 135 clause 16.10): its instance and vendor identifier.

    Forwarded by a BBMD it is the origin's; from behind a BACnet router it is not at the sender's address.
    """
    try:
        message = bacnet.parse(data, wire)
    except DissectError:
        return
    npdu = message.npdu
    apdu = npdu.apdu if npdu is not None else None
    if npdu is None or apdu is None or (apdu.type, apdu.service) != (1, 0) or apdu.data[:1] != b"\xc4":
        return
    cursor = Cursor(apdu.data, "I-Am", 1)
    try:
        instance = cursor.u32() & 0x3FFFFF
        values = [int.from_bytes(cursor.take(cursor.u8() & 7), "big") for _ in range(3)]
    except DissectError:
        return
    where: Address | None = sender
    if message.origin is not None and message.kind == bacnet.IP and len(message.origin) >= 4:
        where = (4, 0, int.from_bytes(message.origin[:4], "big"))
    routed = f" behind a BACnet router, network {npdu.source}" if npdu.source is not None else ""
    yield Fact("bacnet", f"device {instance}, vendor {values[2]}{routed}", where)


# ---------------------------------------------------------------- names


def _text(data: bytes) -> str:
    return data[:TEXT].rstrip(b"\0").decode("utf-8", "backslashreplace")


def _name(cursor: Cursor) -> str:
    """A domain name with its compression pointers (RFC 1035 section 4.1.4); they lead backwards only."""
    labels: list[str] = []
    length, jumps, here = 0, 0, cursor
    while True:
        at = here.offset
        size = here.u8()
        if not size:
            break
        if size >= 0xC0:
            target = (size & 0x3F) << 8 | here.u8()
            jumps += 1
            if target >= at or jumps > JUMPS:
                raise DissectError("DNS pointer", at)
            here = Cursor(here.data, "DNS", target, at)
            continue
        if size > 63:
            raise DissectError("DNS label", at)
        length += size + 1
        if length > TEXT:
            raise DissectError("DNS name", at)
        labels.append(here.take(size).decode("utf-8", "backslashreplace"))
    return ".".join(labels)


def _wire_name(data: bytes) -> str:
    try:
        return _name(Cursor(data + b"\0", "DHCP"))
    except DissectError:
        return ""


def _reverse(name: str) -> Address | None:
    """The IPv4 address of a name under in-addr.arpa."""
    parts = name.lower().split(".")
    if len(parts) != 6 or parts[4:] != ["in-addr", "arpa"]:
        return None
    if not all(_OCTET.fullmatch(part) and int(part) < 256 for part in parts[:4]):
        return None
    return 4, 0, int.from_bytes(bytes(int(part) for part in reversed(parts[:4])), "big")


def _netbios(encoded: str) -> str:
    """A NetBIOS name from its first-level encoding (RFC 1001 section 14.1), without its suffix byte."""
    text = encoded.partition(".")[0]
    if len(text) != 32 or not all("A" <= letter <= "P" for letter in text):
        return ""
    raw = bytes((ord(text[at]) - 65) << 4 | ord(text[at + 1]) - 65 for at in range(0, 32, 2))
    return raw[:15].rstrip(b"\0 ").decode("cp437")
