"""What the layers of the reference decoder hand to each other: rows, steps and bounds.

A layer is a function ``layer(view, pos, end, wire) -> (row, step)``. ``view`` is the batch's buffer;
all positions count from its beginning:

- ``pos``: where the layer's header begins;
- ``end``: where the captured bytes of this layer end;
- ``wire``: where the layer would end had everything been captured, as the length fields outside of
  it announce (the frame's wire length for the link layer). It is never before ``end``, and lies behind it
  where the snapshot length cut the frame or a length field announces too much.

``row`` is what is known so far (None: nothing worth keeping if the next layer fails) and ``step`` the
next layer, or None where decoding ends.

**Missing bytes.** Where a header needs bytes up to ``need > end``, the reason is ``CUT`` if ``need <= wire``
(they were announced, and are not in the capture), else the layer's own reason (it ends inside the header).
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import dpkt

from analyzer import tables
from analyzer.tables import Kind, Reason


class Layer(enum.IntEnum):
    """The layers that a step can lead to."""

    ETHERNET = 1
    LLC = 2
    PPP = 3
    MPLS = 4
    NSH = 5
    IP = 6
    """IPv4 or IPv6, told by the version nibble alone."""
    IPV4 = 7
    IPV6 = 8
    IEEE80211 = 9
    RADIOTAP = 10
    ETHERTYPE = 11
    """Two bytes of Ethernet type, then what they name."""


class How(enum.IntEnum):
    """What becomes of the outer row when nothing readable is found inside."""

    PLAIN = 0
    """The outer header says what is inside: if it is broken, the outer row gets ``Reason.TUNNEL``."""
    GUESS = 1
    """Only a port number says so: if it is broken it was no tunnel, and the outer row stands."""
    MIRROR = 2
    """A mirrored frame: it is the inner frame that counts, also where it carries no IP."""


class Step(NamedTuple):
    """The next layer and its bounds."""

    layer: Layer
    pos: int
    end: int
    wire: int
    how: How = How.PLAIN


class Row:
    """One row of PACKETS in the making, without the columns that are copied from FRAMES.

    Attributes are the columns of that name. ``quote`` is the step to the packet that an ICMP error
    quotes; ``interface`` is the cooked v2 interface index, None where the frame names none.
    """

    kind: int = Kind.UNDECODED
    reason: int = Reason.NONE
    version: int = 0
    transport: int = 0
    src_hi: int = 0
    src_lo: int = 0
    dst_hi: int = 0
    dst_lo: int = 0
    src_port: int = 0
    dst_port: int = 0
    flags: int = 0
    seq: int = 0
    ack: int = 0
    ip_id: int = 0
    icmp: int = 0
    fragmented: int = 0
    payload: int = 0
    payload_wire: int = 0
    payload_captured: int = 0
    digest: int = 0
    quote: Step | None = None


Result = tuple[Row | None, Step | None]
Function = Callable[[memoryview, int, int, int], Result]


class Macs(NamedTuple):
    """The link addresses of a frame, as numbers; 0 where the link layer does not tell (cooked)."""

    src: int
    dst: int


def header(base: type[Any]) -> type[Any]:
    """A dpkt class that unpacks its own header and nothing behind it.

    dpkt's ``unpack`` methods go on to parse the payload by rules of their own, and swallow the errors
    of that. Here every layer is parsed on its own, within bounds that were checked.
    """
    made: type[Any] = types.new_class(
        f"{base.__name__}Header", (base,), exec_body=lambda body: body.update(unpack=dpkt.Packet.unpack)
    )
    return made


def short(need: int, wire: int, reason: Reason) -> Reason:
    """Why bytes up to ``need`` are not there: ``CUT`` if they were announced, else ``reason``."""
    return Reason.CUT if need <= wire else reason


def stopped(reason: Reason) -> Result:
    """Decoding ends here without addresses."""
    row = Row()
    row.reason = reason
    return row, None


def linked(macs: Macs | None, transport: int, reason: Reason = Reason.NONE) -> Row:
    """The row of a frame without IP: MAC addresses where there are any, else undecoded."""
    row = Row()
    if macs is None:
        row.reason = reason or Reason.NOT_DATA
        return row
    row.kind = Kind.LINK
    row.reason = reason
    row.transport = transport
    row.src_lo, row.dst_lo = macs
    return row


def unnamed(ethertype: int) -> int:
    """The transport number of an Ethernet type."""
    return tables.ETHERTYPE + ethertype
