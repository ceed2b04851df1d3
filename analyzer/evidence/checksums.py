"""Internet checksums brought up to date with what changed (RFC 1624): right stays right, wrong wrong."""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.evidence.headers import IGMP, Packet
from analyzer.tables import ICMP, ICMPV6, TCP, UDP

CHECKSUMS: Final = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2, IGMP: 2}
"""Transport → where its checksum is."""


def update(before: memoryview, after: bytearray, packet: Packet) -> None:
    """Bring the checksums of one packet up to date with what changed in it, from the inside out: the packets
    inside of it have been."""
    at, end = packet.at, min(packet.end, len(after))
    size = 4 if packet.version == 4 else 16
    begin = at + (12 if packet.version == 4 else 8)
    addresses = begin, min(begin + 2 * size, end)
    field = CHECKSUMS.get(packet.transport)
    if field is not None and packet.inside and packet.inside + field + 2 <= end:
        last = end
        if packet.transport == UDP and (length := after[packet.inside + 4] << 8 | after[packet.inside + 5]):
            last = min(end, packet.inside + length)
        change = _sum(after, packet.inside, last) - _sum(before, packet.inside, last)
        if packet.transport not in (ICMP, IGMP):
            change += _sum(after, *addresses) - _sum(before, *addresses)
        _adjust(after, packet.inside + field, change, packet.transport == UDP)
    if packet.version == 4 and at + 12 <= end:
        change = _sum(after, at, packet.header) - _sum(before, at, packet.header)
        _adjust(after, at + 10, change, False)


def _sum(data: memoryview | bytearray, at: int, end: int) -> int:
    """The sum of 16-bit words, the last byte of an odd number padded."""
    piece = bytes(data[at:end])
    if len(piece) & 1:
        piece += b"\0"
    return int(np.frombuffer(piece, ">u2").sum(dtype=np.uint64))


def _adjust(data: bytearray, at: int, change: int, udp: bool) -> None:
    """RFC 1624, equation 3: HC' = ~(~HC + ~m + m')."""
    old = data[at] << 8 | data[at + 1]
    if change == 0 or (udp and old == 0):
        return
    # In ones' complement a multiple of 0xffff is nothing; Python's remainder is never negative.
    total = ((old ^ 0xFFFF) + change) % 0xFFFF
    new = total ^ 0xFFFF
    if udp and new == 0:
        new = 0xFFFF
    data[at : at + 2] = new.to_bytes(2)
