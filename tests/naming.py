"""Messages that name hosts, written by hand from the RFCs."""

from __future__ import annotations

import ipaddress
import struct


def wire_name(name: str) -> bytes:
    """A domain name as labels (RFC 1035 section 3.1)."""
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(name: bytes, kind: int, body: bytes) -> bytes:
    """A resource record of class IN with a time to live of 120 s."""
    return name + struct.pack(">HHIH", kind, 1, 120, len(body)) + body


def answer(*records: bytes, question: bytes = b"", flags: int = 0x8400, more: int = 0) -> bytes:
    """A DNS message with ``records``; ``more`` claims as many that are not there."""
    return (
        struct.pack(">HHHHHH", 1, flags, bool(question), len(records) + more, 0, 0)
        + question
        + b"".join(records)
    )


def question(flags: int, name: bytes, kind: int, answers: int = 0, rest: bytes = b"") -> bytes:
    """A DNS message (RFC 1035 section 4.1) with one question of class IN; ``rest`` follows it."""
    header = struct.pack(">HHHHHH", 0x1234, flags, 1, answers, 0, 0)
    return header + name + struct.pack(">HH", kind, 1) + rest


EXAMPLE = b"\7example\3org\0"
EXAMPLE_ANSWER = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x14\0\x0a"
"""An A record of the name in question: a pointer to it, 60 s, 10.20.0.10."""


def address(text: str) -> bytes:
    """An IP address as bytes."""
    return ipaddress.ip_address(text).packed


def dhcp(
    op: int,
    kind: int,
    *options: tuple[int, bytes],
    mac: bytes = b"\2\0\0\0\0\7",
    has: str = "0.0.0.0",
    given: str = "0.0.0.0",
) -> bytes:
    """A DHCP message (RFC 2131 section 2) of message type ``kind``."""
    head = struct.pack(">BBBBIHH", op, 1, 6, 0, 0x1234, 0, 0) + address(has) + address(given) + bytes(8)
    head += mac + bytes(10) + bytes(64) + bytes(128) + b"\x63\x82\x53\x63"
    listed = ((53, bytes([kind])), *options)
    return head + b"".join(bytes([code, len(value)]) + value for code, value in listed) + b"\xff"


def netbios(name: str, suffix: int = 0) -> bytes:
    """A NetBIOS name, first-level encoded (RFC 1001 section 14.1)."""
    raw = name.upper().encode().ljust(15) + bytes([suffix])
    return b"\x20" + bytes(65 + half for octet in raw for half in (octet >> 4, octet & 15)) + b"\0"


I_AM = bytes.fromhex("810b0019 0120ffff00ff 1000 c402000064 220400 9100 2203e7".replace(" ", ""))
"""I-Am of device 100, vendor 999, to everyone on all networks (ANSI/ASHRAE 135 clause 16.10)."""
