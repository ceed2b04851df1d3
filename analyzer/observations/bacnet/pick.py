"""The BACnet messages of a batch that are worth a look one by one, found with numpy: none is parsed here.

Reading and writing that goes well is nearly all that BACnet does, and none of it is needed. What is needed:
BVLC messages without an NPDU, Who-Is and I-Am, refusals (Error, Reject, Abort, Reject-Message-To-Network),
segments and their acknowledgements, and the requests that a refusal answers, for a Reject or an Abort does
not name the service that it refuses.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.kinds import among
from analyzer.picking import Claim, Want, rows_of, sifted
from analyzer.protocols.bacnet import CARRIERS, IP, IPV6, REJECT_MESSAGE
from analyzer.tables import UDP, Packets

try:
    from analyzer.observations.bacnet import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""
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


PLAIN, TIED = 1, 2
"""A request in one piece, needed only by a refusal; what is tied to a request: a refusal, or a segmented
request itself."""


class Sifted(NamedTuple):
    """Rows of the messages that are worth a look. Of each: PLAIN, TIED or 0; where it is not 0, a number
    for its ends and invoke id, equal for a request and its refusal."""

    rows: Array
    ties: Array
    keys: Array


CLAIM: Final = Claim(UDP, least=HEADER, opening=frozenset({IP, IPV6}))


def claim() -> Claim:
    """The datagrams that may be BVLC messages."""
    return CLAIM


def wants(packets: Packets) -> Want:
    """Rows of the messages that are worth a look, and what is read of each."""
    rows = sifted(packets, sift).rows
    return Want(rows, np.full(len(rows), MOST, np.int64))


def sift(packets: Packets, *, compiled: bool = True) -> Sifted:
    """The messages that are worth a look; by the compiled part where it was built and is not unwanted."""
    octets, columns, rows = np.frombuffer(packets.buffer, np.uint8), packets.columns, rows_of(packets, CLAIM)
    if compiled and COMPILED is not None:
        count = len(rows)
        kept, ties, keys = (np.empty(count, dtype) for dtype in (np.int64, np.uint8, np.uint64))
        if count:
            count = COMPILED.sift(octets, columns, rows, _BETWEEN, OPEN_REQUESTS, kept, ties, keys)
        return Sifted(kept[:count], ties[:count], keys[:count])
    rows = rows[columns["fragmented"][rows] == 0]
    begin = columns["payload"][rows]
    stated = octets[begin + 2].astype(np.int64) << 8 | octets[begin + 3]
    bvlc = stated == columns["payload_wire"][rows]
    rows, begin = rows[bvlc], begin[bvlc]
    return _interesting(packets, octets, rows, begin, begin + columns["payload_captured"][rows])


def _interesting(packets: Packets, octets: Array, rows: Array, begin: Array, end: Array) -> Sifted:
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
    asks = apdu & (kind == 0)
    there, back = (_keys(packets, rows, invoke, ends) for ends in (("src", "dst"), ("dst", "src")))
    requests = _requests(asks & ~segmented, replies, refusal, own, there, back)
    acks = apdu & (kind == 4)
    rejected = network & (first == REJECT_MESSAGE)
    found: Array = (between < 0) | rejected | unasked | refusal | segmented | acks | requests
    ties = np.where(requests, PLAIN, np.where(refusal | (asks & segmented), TIED, 0)).astype(np.uint8)
    keys = np.where(ties > 0, np.where(asks | own, there, back), np.uint64(0))
    return Sifted(rows[found], ties[found], keys[found])


def _requests(asks: Array, replies: Array, refusal: Array, own: Array, there: Array, back: Array) -> Array:
    """The confirmed requests that a refusal of the batch may answer, and the latest without any reply."""
    found = np.zeros(len(asks), bool)
    if not asks.any():
        return found
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
