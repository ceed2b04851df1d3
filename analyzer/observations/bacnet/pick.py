"""The BACnet messages of a batch that are worth a look one by one, found with numpy: none is parsed here.

Reading and writing that goes well is nearly all that BACnet does, and none of it is needed. What is needed:
BVLC messages without an NPDU, Who-Is and I-Am, refusals (Error, Reject, Abort, Reject-Message-To-Network),
segments and their acknowledgements, and the requests that a refusal answers, for a Reject or an Abort does
not name the service that it refuses.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.kinds import among
from analyzer.picking import Want
from analyzer.protocols.bacnet import CARRIERS, IP, IPV6, REJECT_MESSAGE
from analyzer.tables import UDP, Kind, Packets

HEADER: Final = 4
"""Type, function and length of a BVLC message."""
MOST: Final = 96
"""Bytes read of a message: BVLC 4 + 21, NPDU up to 24, and an APDU's first 40."""
OPEN_REQUESTS: Final = 512
"""Requests without a reply in their batch that are kept for a refusal in the next one, the latest."""

Array = np.ndarray[Any, Any]

_BETWEEN: Final = np.full((2, 256), -1, np.int64)
"""Bytes between BVLC header and NPDU by type and function; -1: no NPDU."""
for (_kind, _function), _bytes in CARRIERS.items():
    _BETWEEN[int(_kind == IPV6), _function] = _bytes


def wants(packets: Packets) -> Want:
    """Rows of the messages that are worth a look, and what is read of each."""
    columns = packets.columns
    rows = np.flatnonzero(
        (columns["transport"] == UDP)
        & (columns["kind"] == Kind.TRANSPORT)
        & (columns["payload_captured"] >= HEADER)
        & (columns["fragmented"] == 0)
    )
    octets = np.frombuffer(packets.buffer, np.uint8)
    begin = columns["payload"][rows]
    stated = octets[begin + 2].astype(np.int64) << 8 | octets[begin + 3]
    kinds = octets[begin]
    bvlc = ((kinds == IP) | (kinds == IPV6)) & (stated == columns["payload_wire"][rows])
    rows, begin = rows[bvlc], begin[bvlc]
    if not len(rows):
        return Want(rows, rows)
    end = begin + columns["payload_captured"][rows]
    kept = rows[_interesting(packets, octets, rows, begin, end)]
    return Want(kept, np.full(len(kept), MOST, np.int64))


def _interesting(packets: Packets, octets: Array, rows: Array, begin: Array, end: Array) -> Array:
    last = len(octets) - 1

    def at(place: Array) -> Array:
        return octets[np.minimum(place, last)].astype(np.int64)

    between = _BETWEEN[(at(begin) == IPV6).astype(np.int64), at(begin + 1)]
    npdu = begin + HEADER + between
    control = at(npdu + 1)
    place = npdu + 2
    place = place + np.where(control & 0x20, 3 + at(place + 2), 0)
    place = place + np.where(control & 0x08, 3 + at(place + 2), 0)
    place = place + np.where(control & 0x20, 1, 0)
    carries = (between >= 0) & (at(npdu) == 1) & (place < end)
    network = carries & (control & 0x80 > 0)
    apdu = carries & ~network
    first = at(place)
    kind, flags = first >> 4, first & 15
    segmented = apdu & ((kind == 0) | (kind == 3)) & (flags & 8 > 0)
    unasked = apdu & (kind == 1) & ((at(place + 1) == 0) | (at(place + 1) == 8))
    refusal = apdu & (kind >= 5) & (kind <= 7)
    invoke = np.where(kind == 0, at(place + 2), at(place + 1))
    # An Abort goes either way (5.4): from the responder, whose bit is set, or from the requester itself.
    own = refusal & (kind == 7) & (flags & 1 == 0)
    replies = apdu & ((kind == 2) | ((kind == 3) & ~segmented)) | (refusal & ~own)
    requests = _requests(packets, rows, apdu & (kind == 0), replies, refusal, own, invoke)
    acks = apdu & (kind == 4)
    rejected = network & (first == REJECT_MESSAGE)
    found: Array = (between < 0) | rejected | unasked | refusal | segmented | acks | requests
    return found


def _requests(
    packets: Packets, rows: Array, asks: Array, replies: Array, refusal: Array, own: Array, invoke: Array
) -> Array:
    """The confirmed requests that a refusal of the batch may answer, and the latest without any reply."""
    found = np.zeros(len(rows), bool)
    if not asks.any():
        return found
    there, back = (_keys(packets, rows, invoke, ends) for ends in (("src", "dst"), ("dst", "src")))
    found[asks] = among(there[asks], np.concatenate((back[refusal & ~own], there[own])))
    waiting = np.flatnonzero(asks & ~found)
    waiting = waiting[~among(there[waiting], back[replies])]
    found[waiting[-OPEN_REQUESTS:]] = True
    return found


def _keys(packets: Packets, rows: Array, invoke: Array, ends: tuple[str, str]) -> Array:
    """A number for each pair of ends and invoke id; two that collide only keep a message too many."""
    key = invoke.astype(np.uint64)
    for end in ends:
        for name in (f"{end}_hi", f"{end}_lo", f"{end}_port"):
            key = (key ^ packets.columns[name][rows].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
    return key
