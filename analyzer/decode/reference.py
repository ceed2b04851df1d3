"""The reference decoder: FRAMES → PACKETS and QUOTES, dpkt reading the headers layer by layer.

It handles every layer, and says what a compiled decoder has to reproduce. The rules are in the docstrings of
the layers (``link``, ``lan``, ``serial``, ``wireless``, ``network``, ``ip_tunnel``, ``udp_tunnel``,
``transport``); this module walks from layer to layer:

- The row of the innermost IP layer counts: kind, reason, ports, payload and digest are of that layer alone.
- If what is inside a tunnel cannot be read, the outer row counts: reason ``CUT`` or ``DEPTH`` if that is why,
  else ``TUNNEL`` (``NONE`` for UDP tunnels, where only a port number claims that there is one).
- A tunnel that carries a frame without IP counts as the outer packet, but a frame mirrored in GRE as itself.
- Inside Ethernet, a PPPoE, MPLS, NSH, 802.1ah or MACsec frame without IP is ``Kind.LINK`` of that type.
- A UDP packet has ``TO_ALL`` among its flags where the link header right before its IP header says that the
  frame was sent to everyone. What is tunnelled without a link header of its own has not.
- A frame with more than ``MAX_DEPTH`` layers keeps what was read so far, with ``DEPTH``.
- A quoted packet is decoded like any other, tunnels included; a packet that is itself an ICMP error is
  the packet quoted, and what it quotes is not looked at.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from analyzer.decode import lan, link, network, serial, wireless
from analyzer.decode.row import Function, How, Layer, Row, Step
from analyzer.tables import PACKETS, QUOTES, TO_ALL, UDP, Batch, Columns, Kind, Packets, Reason

MAX_DEPTH: Final = 24
"""Layers followed in one frame. ERSPAN over VLAN with VXLAN inside has seven; ten tunnels are hostile."""

COOKED_V2: Final = 276
IP_KINDS: Final = frozenset((Kind.TRANSPORT, Kind.IP, Kind.FRAGMENT))

LAYERS: Final[dict[Layer, Function]] = {
    Layer.ETHERNET: link.ethernet,
    Layer.ETHERTYPE: link.bare_type,
    Layer.LLC: link.bare_llc,
    Layer.MPLS: link.mpls,
    Layer.NSH: link.nsh,
    Layer.PPP: serial.ppp,
    Layer.IP: network.ip,
    Layer.IPV4: network.ipv4,
    Layer.IPV6: network.ipv6,
    Layer.IEEE80211: wireless.ieee80211,
    Layer.RADIOTAP: wireless.radiotap,
}

LINK_TYPES: Final[dict[int, Function]] = {
    0: serial.loopback,
    1: link.ethernet,
    6: lan.token_ring,
    7: lan.arcnet,
    9: serial.ppp_hdlc,
    12: network.ip,
    14: network.ip,
    50: serial.ppp_hdlc,
    51: lan.pppoe,
    101: network.ip,
    104: serial.cisco_hdlc,
    105: wireless.ieee80211,
    107: serial.frame_relay,
    108: serial.loopback,
    113: link.cooked,
    119: wireless.avs,
    127: wireless.radiotap,
    129: lan.arcnet_linux,
    138: lan.firewire,
    163: wireless.avs,
    192: wireless.ppi,
    204: serial.ppp_with_direction,
    228: network.ipv4,
    229: network.ipv6,
    239: serial.netfilter_log,
    COOKED_V2: link.cooked_v2,
}
"""LINKTYPE_ number → its layer."""

FIELDS: Final = tuple(
    column for column in PACKETS.columns if column.name not in ("frame", "time", "wire", "interface")
)
"""The columns that a Row holds; the others come from FRAMES."""
CODES: Final = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i8": "q"}

_record = struct.Struct("<" + "".join(CODES[column.dtype] for column in FIELDS)).pack
_dtype = np.dtype([(column.name, "<" + column.dtype) for column in FIELDS])
_quote = struct.Struct("<" + "".join(CODES[column.dtype] for column in QUOTES.columns)).pack
_quote_dtype = np.dtype([(column.name, "<" + column.dtype) for column in QUOTES.columns])


def decode(batch: Batch, first_frame: int) -> Packets:
    """PACKETS and QUOTES of ``batch``, whose first frame has the number ``first_frame``.

    Never raises, whatever the bytes: a frame that defeats the parser gets ``Reason.INTERNAL``.
    """
    view = memoryview(batch.buffer).cast("B")
    frames = batch.frames
    offsets, captured, wires = (frames[name].tolist() for name in ("offset", "captured", "wire"))
    link_types = frames["link_type"].tolist()
    interfaces = frames["interface"].copy()
    rows = bytearray()
    quotes = bytearray()
    for index, (offset, held, wire, link_type) in enumerate(
        zip(offsets, captured, wires, link_types, strict=True)
    ):
        end = min(offset + held, len(view))
        row = frame(view, offset, end, offset + wire, link_type)
        rows += pack(row)
        if row.quote is not None:
            quoted = follow(view, row.quote)
            if quoted.kind in IP_KINDS:
                quotes += _quote(
                    index,
                    quoted.version,
                    quoted.transport,
                    quoted.src_hi,
                    quoted.src_lo,
                    quoted.dst_hi,
                    quoted.dst_lo,
                    quoted.src_port,
                    quoted.dst_port,
                )
        if link_type == COOKED_V2:
            interfaces[index] = link.interface_of(view, offset, end) or interfaces[index]
    columns: Columns = {
        "frame": np.arange(first_frame, first_frame + len(offsets), dtype="i8"),
        "time": frames["time"].copy(),
        "wire": frames["wire"].copy(),
        "interface": interfaces,
    }
    records = np.frombuffer(rows, _dtype)
    columns.update((column.name, records[column.name].astype(column.dtype)) for column in FIELDS)
    quoted_records = np.frombuffer(quotes, _quote_dtype)
    return Packets(
        columns,
        {column.name: quoted_records[column.name].astype(column.dtype) for column in QUOTES.columns},
        batch.buffer,
    )


def frame(view: memoryview, pos: int, end: int, wire: int, link_type: int) -> Row:
    """The row of one frame: bytes ``pos`` to ``end`` of ``view``, ``wire`` the end it had on the wire."""
    first = LINK_TYPES.get(link_type)
    if first is None:
        row = Row()
        row.reason = Reason.LINK_TYPE
        return row
    try:
        return _walk(first, view, Step(Layer.ETHERNET, pos, end, max(wire, end)))
    except Exception:
        # any bytes must give a row: a frame that our own code cannot take is counted, and tests look for it
        row = Row()
        row.reason = Reason.INTERNAL
        return row


def follow(view: memoryview, step: Step) -> Row:
    """The row of the packet that ``step`` leads to, such as one quoted by an ICMP error."""
    try:
        return _walk(LAYERS[step.layer], view, step)
    except Exception:
        row = Row()
        row.reason = Reason.INTERNAL
        return row


def _walk(layer: Function, view: memoryview, step: Step) -> Row:
    outer: Row | None = None
    how = How.PLAIN
    to_all = False
    for _ in range(MAX_DEPTH):
        tells = link.TO_ALL.get(layer)
        if tells is not None:
            to_all = tells(view, step.pos, step.end)
        row, following = layer(view, step.pos, step.end, step.wire)
        if row is not None and row.kind in IP_KINDS:
            if to_all and row.transport == UDP:
                row.flags = TO_ALL
            to_all = False
        if following is None:
            if row is None:
                raise AssertionError("a layer without a row and without a step")
            return row if outer is None or row.kind in IP_KINDS else _settle(outer, row, how)
        if row is not None and (row.kind in IP_KINDS or _stands(row, outer, how)):
            outer, how = row, following.how
        step = following
        layer = LAYERS[step.layer]
    deep = outer or Row()
    deep.reason = Reason.DEPTH
    return deep


def _stands(row: Row, outer: Row | None, how: How) -> bool:
    """Whether a link layer's ``row`` replaces ``outer``, should nothing be found inside."""
    return row.kind == Kind.LINK and (outer is None or outer.kind == Kind.LINK or how == How.MIRROR)


def _settle(outer: Row, inner: Row, how: How) -> Row:
    """Which row counts when ``inner`` is no IP packet."""
    if inner.kind == Kind.LINK:
        return inner if outer.kind == Kind.LINK or how == How.MIRROR else outer
    if inner.reason in (Reason.CUT, Reason.DEPTH, Reason.INTERNAL):
        outer.reason = inner.reason
    elif how == How.GUESS or inner.reason == Reason.NOT_DATA:
        pass
    elif outer.kind == Kind.LINK or inner.reason == Reason.ENCRYPTED:
        outer.reason = inner.reason
    else:
        outer.reason = Reason.TUNNEL
    return outer


def pack(row: Row) -> bytes:
    """``row`` as a record of ``FIELDS``."""
    return _record(
        row.kind,
        row.reason,
        row.version,
        row.transport,
        row.src_hi,
        row.src_lo,
        row.dst_hi,
        row.dst_lo,
        row.src_port,
        row.dst_port,
        row.flags,
        row.seq,
        row.ack,
        row.ip_id,
        row.icmp,
        row.fragmented,
        row.payload,
        row.payload_wire,
        row.payload_captured,
        row.digest,
    )
