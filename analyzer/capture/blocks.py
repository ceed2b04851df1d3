"""The blocks of a pcapng section: stepping from one to the next, and finding the next one past damage.

Type codes and layouts are those of draft-ietf-opsawg-pcapng, sections 3 and 4.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from analyzer.capture.reader import MAX_BLOCK, RESYNC_RANGE, Octets
from analyzer.kinds import among

SHB, IDB, PB, SPB, NRB, ISB, EPB, DSB, CUSTOM, CUSTOM_NO_COPY = (
    0x0A0D0D0A,
    1,
    2,
    3,
    4,
    5,
    6,
    10,
    0xBAD,
    0x40000BAD,
)
MAGIC: Final = b"\x0a\x0d\x0d\x0a"
BYTE_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
SHB_MIN: Final = 28
SMALLEST: Final = 12
"""The three words of every block."""
MINIMUM: Final = {SHB: SHB_MIN, IDB: 20, PB: 32, SPB: 16, EPB: 32}
"""The shortest block of each type that we read: its fixed part and the three words of every block."""


OTHERS: Final = {NRB, ISB, DSB, CUSTOM, CUSTOM_NO_COPY, 7, 8, 9, 11, 0x101, 0x102, *range(0x201, 0x220)}
"""The other types that the draft lists (section 11.1): names, statistics, secrets, other programs' own."""
LOCAL: Final = 0x80000000
"""Types from here on are anybody's."""


BLOCK, FULL, SHORT, DAMAGED = "block", "full", "short", "damaged"


def walk(  # noqa: C901 - one loop over all blocks, kept whole for speed
    buffer: Octets, start: int, order: str, rows: int
) -> tuple[list[int], int, str, int]:
    """Step over blocks from ``start`` on, collecting enhanced packet blocks.

    Returns their positions, the position come to, why it stopped there (``FULL``: ``rows`` positions;
    ``BLOCK``: a whole block of a type that the caller must look at; ``SHORT``: the next block is not
    whole; ``DAMAGED``: what stands there is no block), and the bytes that the next block takes where it
    is short.
    """
    two = struct.Struct(order + "II").unpack_from
    one = struct.Struct(order + "I").unpack_from
    end = len(buffer)
    positions: list[int] = []
    step = positions.append
    position = start
    while len(positions) < rows:
        if position + 12 > end:
            return positions, position, SHORT, 12
        kind, length = two(buffer, position)
        if kind == SHB:
            # Its byte order may differ from the section's before it.
            if bytes(buffer[position + 8 : position + 12]) not in BYTE_ORDERS:
                return positions, position, DAMAGED, 0
            length = int.from_bytes(
                buffer[position + 4 : position + 8], "big" if buffer[position + 8] == 0x1A else "little"
            )
        if length % 4 or length < MINIMUM.get(kind, 12) or length > MAX_BLOCK:
            return positions, position, DAMAGED, 0
        following = position + length
        if following > end:
            return positions, position, SHORT, length
        if kind == EPB:
            if one(buffer, following - 4)[0] != length:
                return positions, position, DAMAGED, 0
            step(position)
        elif buffer[following - 4 : following] != buffer[position + 4 : position + 8]:
            return positions, position, DAMAGED, 0
        elif kind in MINIMUM or not (kind in OTHERS or kind >= LOCAL):
            return positions, position, BLOCK, length
        position = following
    return positions, position, FULL, 0


def search(buffer: Octets, start: int, order: str) -> int | None:
    """Where, after ``start``, a whole block of a known type is followed by another or by the buffer's end.

    Looks at most RESYNC_RANGE ahead, in growing pieces. Any alignment: lost bytes need not come in fours.
    """
    begin, piece = start + 1, 1 << 12
    last = min(start + RESYNC_RANGE, len(buffer) - SMALLEST + 1)
    while begin < last:
        stop = min(begin + piece, last)
        for candidate in _candidates(buffer, begin, stop, order):
            following = whole(buffer, candidate, order)
            if following is None:
                continue
            # The blocks behind a section header are in its byte order.
            own = BYTE_ORDERS.get(bytes(buffer[candidate + 8 : candidate + 12]), order)
            inside = own if bytes(buffer[candidate : candidate + 4]) == MAGIC else order
            if following == len(buffer) or whole(buffer, following, inside) is not None:
                return candidate
        begin, piece = stop, min(piece * 8, 1 << 18)
    return None


KNOWN: Final = (IDB, PB, SPB, NRB, ISB, EPB, DSB, CUSTOM, CUSTOM_NO_COPY)


def _candidates(buffer: Octets, begin: int, stop: int, order: str) -> list[int]:
    """Positions from ``begin`` up to ``stop`` with a known block type and a possible length."""
    if not np.frombuffer(buffer, "u1", min(stop + 7, len(buffer)) - begin, begin).any():
        return []  # a hole
    found: list[int] = []
    for shift in range(4):
        count = (min(stop + 7, len(buffer)) - begin - shift) // 4
        if count < 2:
            continue
        words = np.frombuffer(buffer, order + "u4", count, begin + shift)
        kind, length = words[:-1], words[1:]
        good = among(kind, KNOWN) & (length % 4 == 0) & (length >= 12) & (length <= MAX_BLOCK)
        good |= kind == SHB
        found += (np.flatnonzero(good) * 4 + begin + shift).tolist()
    return sorted(position for position in found if position < stop)


def whole(buffer: Octets, position: int, order: str) -> int | None:
    """Where the block at ``position`` ends; None unless it is a whole one of a known type."""
    if position + 12 > len(buffer):
        return None
    if bytes(buffer[position : position + 4]) == MAGIC:
        order = BYTE_ORDERS.get(bytes(buffer[position + 8 : position + 12]), "")
        if not order:
            return None
    kind, length = struct.unpack_from(order + "II", buffer, position)
    following = position + length
    if length % 4 or length < MINIMUM.get(kind, 12) or length > MAX_BLOCK or following > len(buffer):
        return None
    if kind not in KNOWN and kind != SHB:
        return None
    return following if buffer[following - 4 : following] == buffer[position + 4 : position + 8] else None
