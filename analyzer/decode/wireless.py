"""802.11 data frames, alone or behind radiotap, PPI, AVS or Prism headers.

The MAC addresses are those of the stations that talk (source and destination, not transmitter and
receiver). Of an aggregate (A-MSDU) the first subframe is read.
"""

from __future__ import annotations

from typing import Final

from analyzer.decode.link import ethernet, llc
from analyzer.decode.row import Layer, Macs, Result, Step, short, stopped
from analyzer.tables import Reason

DATA: Final = 2
NO_DATA: Final = 0x4
QOS: Final = 0x8
TO_DS, FROM_DS, PROTECTED, ORDER = 0x01, 0x02, 0x40, 0x80
AMSDU: Final = 0x80

RADIOTAP_FLAGS: Final = 1 << 1
RADIOTAP_PADDED: Final = 0x20
PRISM_LENGTH: Final = 144


def ieee80211(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """IEEE 802.11-2020, 9.3.2: a data frame's header, then 802.2."""
    return _data(view, pos, end, wire, padded=False)


def radiotap(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Radiotap: version 0, length at byte 2, presence words; the flags tell of a padded 802.11 header."""
    if end - pos < 8:
        return stopped(short(pos + 8, wire, Reason.LINK_HEADER))
    length = view[pos + 2] | view[pos + 3] << 8
    if view[pos] or length < 8:
        return stopped(Reason.LINK_HEADER)
    inside = pos + length
    if inside > end:
        return stopped(short(inside, wire, Reason.LINK_HEADER))
    return _data(view, inside, end, wire, padded=_padded(view, pos, inside))


def _padded(view: memoryview, pos: int, limit: int) -> bool:
    """Whether the radiotap flags say that the 802.11 header is padded to a multiple of four."""
    present = int.from_bytes(view[pos + 4 : pos + 8], "little")
    if not present & RADIOTAP_FLAGS:
        return False
    field, word = pos + 8, present
    while word >> 31 and field + 4 <= limit:
        word = int.from_bytes(view[field : field + 4], "little")
        field += 4
    if present & 1:
        # the time stamp comes first, aligned to 8 bytes from the header's beginning
        field += -(field - pos) % 8 + 8
    return field < limit and bool(view[field] & RADIOTAP_PADDED)


def ppi(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """Per-packet information: length at byte 2, link type at byte 4; 802.11 and Ethernet are followed."""
    if end - pos < 8:
        return stopped(short(pos + 8, wire, Reason.LINK_HEADER))
    inside = pos + (view[pos + 2] | view[pos + 3] << 8)
    if inside < pos + 8:
        return stopped(Reason.LINK_HEADER)
    layers = {1: Layer.ETHERNET, 105: Layer.IEEE80211, 127: Layer.RADIOTAP}
    layer = layers.get(int.from_bytes(view[pos + 4 : pos + 8], "little"))
    return stopped(Reason.LINK_TYPE) if layer is None else (None, Step(layer, inside, end, wire))


def avs(view: memoryview, pos: int, end: int, wire: int) -> Result:
    """AVS header: magic 80 21 10, big-endian length at byte 4. A Prism header may stand in its place."""
    if end - pos < 8:
        return stopped(short(pos + 8, wire, Reason.LINK_HEADER))
    if bytes(view[pos : pos + 3]) != b"\x80\x21\x10":
        return None, Step(Layer.IEEE80211, pos + PRISM_LENGTH, end, wire)
    length = int.from_bytes(view[pos + 4 : pos + 8])
    if length < 8:
        return stopped(Reason.LINK_HEADER)
    return None, Step(Layer.IEEE80211, pos + length, end, wire)


def _data(view: memoryview, pos: int, end: int, wire: int, *, padded: bool) -> Result:
    if end - pos < 2:
        return stopped(short(pos + 2, wire, Reason.LINK_HEADER))
    control, flags = view[pos], view[pos + 1]
    subtype = control >> 4
    if control >> 2 & 3 != DATA or subtype & NO_DATA:
        return stopped(Reason.NOT_DATA)
    if flags & PROTECTED:
        return stopped(Reason.ENCRYPTED)
    length = 30 if flags & TO_DS and flags & FROM_DS else 24
    quality = pos + length
    if subtype & QOS:
        length += 6 if flags & ORDER else 2
    body = pos + (length + 3 & ~3 if padded else length)
    if body > end:
        return stopped(short(body, wire, Reason.LINK_HEADER))
    if subtype & QOS and view[quality] & AMSDU:
        return ethernet(view, body, end, wire)
    # IEEE 802.11-2020, table 9-30: where destination and source are, by the two DS bits
    target = pos + (16 if flags & TO_DS else 4)
    source = pos + {0: 10, TO_DS: 10, FROM_DS: 16, TO_DS | FROM_DS: 24}[flags & (TO_DS | FROM_DS)]
    macs = Macs(int.from_bytes(view[source : source + 6]), int.from_bytes(view[target : target + 6]))
    return llc(view, body, end, wire, macs)
