"""Frames built by hand with ``struct``, and one frame decoded: what the decoder is tested against.

Nothing here uses dpkt or the product's own constants for layouts. ``decoded`` puts the frame behind some
other bytes, so that a position counted from the frame instead of the buffer shows.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

from analyzer.decode import engine
from analyzer.tables import FRAMES, PACKETS, QUOTES, Batch, Columns, Kind, Packets

BEFORE = b"\xff" * 7
MAC_A, MAC_B = bytes.fromhex("020000000a0a"), bytes.fromhex("020000000b0b")
MACS = {"src_lo": 0x020000000A0A, "dst_lo": 0x020000000B0B}
A4, B4 = "10.1.2.3", "10.4.5.6"
A6, B6 = "2001:db8::a", "fd00::b:1"


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def ends(a: str = A4, b: str = B4) -> dict[str, int]:
    """The address columns of a packet from ``a`` to ``b``, those that are not zero."""
    names = {}
    for side, address in (("src", a), ("dst", b)):
        number = int(ipaddress.ip_address(address))
        names[f"{side}_hi"], names[f"{side}_lo"] = divmod(number, 2**64)
    return {"version": ipaddress.ip_address(a).version} | {n: v for n, v in names.items() if v}


def eth(payload: bytes, kind: int = 0x0800) -> bytes:
    return MAC_B + MAC_A + struct.pack(">H", kind) + payload


def ip4(
    payload: bytes,
    proto: int = 17,
    *,
    a: str = A4,
    b: str = B4,
    ident: int = 0x1234,
    fragment: int = 0,
    total: int | None = None,
    options: bytes = b"",
    first: int | None = None,
) -> bytes:
    """``fragment`` is the 16-bit field: 0x2000 more fragments, then the offset in words of 8."""
    length = 20 + len(options)
    total = length + len(payload) if total is None else total
    first = 0x40 | length // 4 if first is None else first
    fields = (first, 0, total, ident, fragment, 64, proto, 0)
    return struct.pack(">BBHHHBBH", *fields) + packed(a) + packed(b) + options + payload


def ip6(
    payload: bytes,
    following: int = 17,
    *,
    a: str = A6,
    b: str = B6,
    length: int | None = None,
    first: int = 0x60,
) -> bytes:
    length = len(payload) if length is None else length
    return struct.pack(">BBHHBB", first, 0, 0, length, following, 64) + packed(a) + packed(b) + payload


def udp(payload: bytes = b"abcd", sport: int = 49152, dport: int = 5683, length: int | None = None) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def tcp(payload: bytes = b"", *, flags: int = 0x18, options: bytes = b"", words: int | None = None) -> bytes:
    words = 5 + len(options) // 4 if words is None else words
    fields = (50000, 443, 0x01020304, 0xA0B0C0D0, words << 4, flags, 1024, 0, 0)
    return struct.pack(">HHIIBBHHH", *fields) + options + payload


def icmp(kind: int, code: int, body: bytes = b"", rest: bytes = bytes(4)) -> bytes:
    return struct.pack(">BBH", kind, code, 0) + rest + body


def gre(payload: bytes, proto: int, flags: int = 0, optional: bytes = b"") -> bytes:
    return struct.pack(">HH", flags, proto) + optional + payload


UDP4 = {
    "kind": Kind.TRANSPORT,
    "transport": 17,
    **ends(),
    "src_port": 49152,
    "dst_port": 5683,
    "ip_id": 0x1234,
}
"""The columns of ``ip4(udp())``, without the payload's."""
UDP6 = {"kind": Kind.TRANSPORT, "transport": 17, **ends(A6, B6), "src_port": 49152, "dst_port": 5683}
"""The columns of ``ip6(udp())``, without the payload's."""
TCP4 = {"kind": Kind.TRANSPORT, "transport": 6, **ends(), "src_port": 50000, "dst_port": 443, "ip_id": 0x1234}
TCP4 |= {"flags": 0x18, "seq": 0x01020304, "ack": 0xA0B0C0D0}
"""The columns of ``ip4(tcp(), 6)``, without the payload's."""


def payload(at: int, wire: int = 4, captured: int | None = None) -> dict[str, int]:
    """The payload columns: ``at`` counts from the frame's first byte."""
    columns = {
        "payload": at,
        "payload_wire": wire,
        "payload_captured": wire if captured is None else captured,
    }
    return {name: value for name, value in columns.items() if value}


def batch(*frames: bytes, link_type: int = 1, wire: int | None = None) -> Batch:
    table = FRAMES.empty(len(frames))
    position = len(BEFORE)
    for index, data in enumerate(frames):
        table["offset"][index] = position
        table["captured"][index] = len(data)
        table["wire"][index] = len(data) if wire is None else wire
        table["time"][index] = 10**18 + index
        table["link_type"][index] = link_type
        position += len(data)
    return Batch(BEFORE + b"".join(frames), table)


def decode(batch: Batch, first_frame: int) -> Packets:
    """What the reference decoder gives; the compiled one, where it was built, has to give the same."""
    expected = engine.decode(batch, first_frame, "dpkt")
    if engine.COMPILED is not None:
        got = engine.decode(batch, first_frame, "fast")
        for one, other in ((expected.columns, got.columns), (expected.quotes, got.quotes)):
            assert {name: array.tolist() for name, array in one.items()} == {
                name: array.tolist() for name, array in other.items()
            }
    return expected


def checked(packets: Packets, rows: int) -> Packets:
    PACKETS.check(packets.columns)
    QUOTES.check(packets.quotes)
    assert len(packets.columns["frame"]) == rows
    return packets


def nonzero(columns: Columns, index: int = 0) -> dict[str, Any]:
    return {name: int(array[index]) for name, array in columns.items() if array[index]}


def decoded(data: bytes, link_type: int = 1, wire: int | None = None) -> dict[str, Any]:
    """The row of one frame: columns that are not zero, the payload's position within the frame.

    Left out: ``frame``, ``time``, ``wire`` and ``digest``.
    """
    packets = checked(decode(batch(data, link_type=link_type, wire=wire), 1), 1)
    row = nonzero(packets.columns)
    if "payload" in row:
        row["payload"] -= len(BEFORE)
    return {name: value for name, value in row.items() if name not in ("frame", "time", "wire", "digest")}


def quoted(data: bytes, link_type: int = 1) -> list[dict[str, Any]]:
    """The QUOTES rows of one frame, columns that are not zero."""
    packets = checked(decode(batch(data, link_type=link_type), 1), 1)
    return [nonzero(packets.quotes, index) for index in range(len(packets.quotes["row"]))]
