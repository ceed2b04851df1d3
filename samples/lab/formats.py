"""A recorded pcap as pcapng. Wireshark's own converters would write this machine's name into it."""

from __future__ import annotations

import struct
from pathlib import Path


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def pcapng(source: Path, target: Path) -> None:
    """One section, one interface with nanosecond time stamps, one enhanced packet block a frame."""
    data = source.read_bytes()
    magic, _major, _minor, _zone, _sigfigs, snaplen, link_type = struct.unpack_from("<IHHiIII", data)
    if magic != 0xA1B2C3D4:
        raise ValueError(f"{source.name}: not a little-endian microsecond pcap")
    resolution = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
    blocks = [
        _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
        _block(1, struct.pack("<HHI", link_type, 0, snaplen) + resolution),
    ]
    offset = 24
    while offset < len(data):
        seconds, micros, captured, wire = struct.unpack_from("<IIII", data, offset)
        stamp = (seconds * 1_000_000 + micros) * 1000
        frame = data[offset + 16 : offset + 16 + captured]
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, captured, wire)
        blocks.append(_block(6, head + frame))
        offset += 16 + captured
    target.write_bytes(b"".join(blocks))
