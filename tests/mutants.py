"""Frames of every layout, nested, cut and with bytes changed: what both decoders have to agree on.

Everything is drawn from a ``random.Random``, so a seed gives the same frames again.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analyzer.capture.find import find
from analyzer.errors import CaptureError
from analyzer.tables import FRAMES, Batch
from tests.frames import MAC_A, MAC_B, eth, gre, icmp, ip4, ip6, tcp, udp


class Frame(NamedTuple):
    """Captured bytes, length on the wire, LINKTYPE_ number."""

    data: bytes
    wire: int
    link_type: int


INTERESTING = bytes(
    [0, 1, 2, 3, 4, 5, 6, 8, 17, 20, 41, 43, 44, 47, 50, 51, 58, 59, 60, 0x40, 0x45, 0x60, 0x81, 0xFF]
)
"""Values that mean something to some header."""
LINK_TYPES = (1, 1, 1, 1, 113, 276, 101, 12, 14, 228, 229, 0, 9, 104, 105, 127, 147)
EVERYONE = b"\xff" * 6
TUNNEL_PORTS = (1701, 2152, 4789, 6081)


def transport(draw: random.Random, depth: int) -> tuple[bytes, int]:
    """Something that IP carries, and its protocol number."""
    body = draw.randbytes(draw.choice((0, 0, 1, 4, 20, 100)))
    match draw.randrange(13):
        case 0 | 1 | 2:
            length = draw.choice((None, None, None, 0, 7, 8, 9, 65535))
            port = draw.choice((5683, 69, 53, *TUNNEL_PORTS)) if draw.random() < 0.6 else draw.getrandbits(16)
            if port in TUNNEL_PORTS and draw.random() < 0.7:
                head = {4789: b"\x08" + bytes(7), 6081: b"\0\0\x65\x58" + bytes(4)}.get(
                    port, b"\x30\xff" + bytes(6)
                )
                body = head + (
                    link(draw, depth + 1)[0] if port in (4789, 6081) else network(draw, depth + 1)[0]
                )
            return udp(body, dport=port, length=length), 17
        case 3 | 4 | 5:
            words = draw.choice((None, None, None, None, 0, 4, 5, 6, 15))
            return tcp(body, flags=draw.getrandbits(8), options=bytes(4 * draw.randrange(3)), words=words), 6
        case 6 | 7:
            kind = draw.choice((0, 3, 3, 3, 4, 5, 8, 11, 12, draw.getrandbits(8)))
            inner = network(draw, depth + 1)[0] if depth < 3 and draw.random() < 0.8 else body
            return icmp(kind, draw.randrange(16), inner[: draw.choice((28, 36, 200))]), draw.choice(
                (1, 1, 1, 58)
            )
        case 8:
            kind = draw.choice((1, 1, 2, 3, 4, 128, 129, 135, draw.getrandbits(8)))
            inner = network(draw, depth + 1)[0] if depth < 3 and draw.random() < 0.8 else body
            return icmp(kind, draw.randrange(8), inner), draw.choice((58, 58, 58, 1))
        case 9 if depth < 4:
            inner, version = network(draw, depth + 1)
            return inner, 4 if version == 4 else 41
        case 10 if depth < 4:
            flags = draw.choice((0, 0, 0x2000, 0x1000, 0xB000, 0x4000))
            optional = bytes(4 * bin(flags & 0xB000).count("1"))
            if draw.random() < 0.5:
                inner, version = network(draw, depth + 1)
                return gre(inner, 0x0800 if version == 4 else 0x86DD, flags, optional), 47
            return gre(link(draw, depth + 1)[0], draw.choice((0x6558, 0x88BE)), flags, optional), 47
        case 11:
            return body, draw.choice((2, 50, 51, 59, 89, 97, 103, 112, 132, 137, 255))
    return body, draw.getrandbits(8)


def network(draw: random.Random, depth: int = 0) -> tuple[bytes, int]:
    """An IP packet and its version."""
    inner, protocol = transport(draw, depth)
    if draw.random() < 0.6:
        fragment = draw.choice((0,) * 8 + (0x4000, 0x2000, 0x2000, 0x0001, 0x2010, 0x8000))
        total = draw.choice((None,) * 8 + (0, 10, 20, 24, 65535))
        options = bytes(4 * draw.choice((0,) * 6 + (1, 3, 10)))
        if draw.random() < 0.05:
            inner, protocol = struct.pack(">BBHII", protocol, 1, 0, 0, 0) + inner, 51
        return ip4(
            inner, protocol, fragment=fragment, total=total, options=options, ident=draw.getrandbits(16)
        ), 4
    while draw.random() < 0.25:
        header = draw.choice((0, 43, 44, 51, 60))
        if header == 44:
            fragment = draw.choice((0, 1, 8, 9, 0x10))
            inner = struct.pack(">BBHI", protocol, 0, fragment, draw.getrandbits(32)) + inner
        elif header == 51:
            inner = struct.pack(">BBHII", protocol, 1, 0, 0, 0) + inner
        else:
            words = draw.choice((0, 0, 0, 1, 2))
            inner = bytes([protocol, words]) + bytes(6 + 8 * words) + inner
        protocol = header
    length = draw.choice((None,) * 8 + (0, 1, 7, 8, 65535))
    return ip6(inner, draw.choice((protocol,) * 12 + (59,)), length=length), 6


def link(draw: random.Random, depth: int = 0) -> tuple[bytes, int]:
    """An Ethernet frame, and its Ethernet type behind the tags."""
    packet, version = network(draw, depth)
    kind = 0x0800 if version == 4 else 0x86DD
    match draw.randrange(14):
        case 0:
            arp = struct.pack(">HHBBH", 1, 0x0800, 6, 4, draw.choice((1, 2, 9, 300)))
            packet, kind = arp + draw.randbytes(20), 0x0806
        case 1:
            head = draw.choice(
                (b"\x42\x42\x03", b"\xaa\xaa\x03\0\0\x0c\x20\0", b"\xaa\xaa\x03\0\0\0\x08\0", b"\x06\x06\x03")
            )
            packet = head + packet
            kind = draw.choice((len(packet), 3, 8, 38, 1500))
        case 2:
            kind = draw.choice(
                (0x88CC, 0x8863, 0x9000, 0x88E1, 0x0600, 0x05DD, 0x6558, 0x88E5, 0x88E7, 0x894F, 0x0806)
            )
        case 3:
            packet, kind = b"\0\0\x11\x40" + packet, 0x8847
        case 4:
            packet, kind = b"\x11\0\0\x07" + struct.pack(">H", len(packet) + 2) + b"\x00\x21" + packet, 0x8864
    frame = packet
    while draw.random() < 0.3:
        tag = draw.choice((0x8100, 0x88A8, 0x9100, 0x9200, 0x8926, 0x893F))
        frame = bytes({0x8926: 4, 0x893F: 6}.get(tag, 2)) + struct.pack(">H", kind) + frame
        kind = tag
    return (EVERYONE if draw.random() < 0.2 else MAC_B) + eth(frame, kind)[6:], kind


def made(draw: random.Random) -> Frame:
    """A frame whose headers fit each other, for the most part."""
    link_type = draw.choice(LINK_TYPES)
    packet, version = network(draw)
    kind = 0x0800 if version == 4 else 0x86DD
    if link_type == 1:
        data = link(draw)[0]
        if draw.random() < 0.3:
            data = data.ljust(60, b"\0")
    elif link_type in (113, 276):
        ethernet = link(draw)[0]
        kind, packet = int.from_bytes(ethernet[12:14]), ethernet[14:]
        kind = draw.choice((kind,) * 9 + (1, 4, 12))
        size, hardware = draw.choice((6, 6, 0, 8)), draw.choice((1, 1, 1, 772, 824, 801, 803))
        address = (MAC_A + MAC_B)[:8]
        sent = draw.choice((0, 0, 1, 2, 3, 4))
        if link_type == 113:
            data = struct.pack(">HHH8sH", sent, hardware, size, address, kind) + packet
        else:
            index = draw.choice((1, 7, 0xFFFFFFFF))
            data = struct.pack(">HHIHBB8s", kind, 0, index, hardware, sent, size, address) + packet
    else:
        data = packet
    return Frame(data, len(data), link_type)


def mutated(draw: random.Random, frame: Frame) -> Frame:
    """A frame cut somewhere, longer on the wire, with some bytes changed, or all of it."""
    data, wire = frame.data, frame.wire
    if data and draw.random() < 0.8:
        changed = bytearray(data)
        reach = min(len(changed), draw.choice((20, 40, 60, 120, 1 << 20)))
        for _ in range(draw.choice((1, 1, 2, 3, 8))):
            value = draw.choice(INTERESTING) if draw.random() < 0.6 else draw.getrandbits(8)
            changed[draw.randrange(reach)] = value
        data = bytes(changed)
    if draw.random() < 0.3:
        data = data[: draw.randrange(min(len(data), 120) + 1)]
        if draw.random() < 0.4:
            wire = len(data)
    if draw.random() < 0.1:
        wire += draw.choice((1, 4, 100, 70000))
    return Frame(data, wire, frame.link_type)


def batch(frames: Sequence[Frame], before: bytes = b"\xff" * 7) -> Batch:
    """The frames as the containers would give them."""
    table = FRAMES.empty(len(frames))
    sizes = np.array([len(frame.data) for frame in frames], "i8")
    table["offset"][:] = len(before) + np.cumsum(sizes) - sizes
    table["captured"][:] = sizes
    table["wire"][:] = [max(frame.wire, len(frame.data)) for frame in frames]
    table["time"][:] = 10**18 + np.arange(len(frames))
    table["link_type"][:] = [frame.link_type for frame in frames]
    table["interface"][:] = 3
    return Batch(before + b"".join(frame.data for frame in frames), table)


def of_capture(path: str, most: int = 200) -> list[Frame]:
    """The first ``most`` frames of a capture; none where it cannot be read."""
    frames: list[Frame] = []
    try:
        for capture in find([path], hash=False):
            for one in capture.batches():
                names = ("offset", "captured", "wire", "link_type")
                rows = zip(
                    *(one.frames[column][: most - len(frames)].tolist() for column in names), strict=True
                )
                frames += [
                    Frame(bytes(one.buffer[at : at + size]), wire, kind) for at, size, wire, kind in rows
                ]
                if len(frames) >= most:
                    return frames
    except CaptureError:
        return frames
    return frames
