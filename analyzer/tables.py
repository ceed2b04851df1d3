"""The tables that the stages hand to each other, column by column.

Every table is a dict of one-dimensional numpy arrays of equal length. ``Table.empty`` makes one,
``Table.check`` proves one. The columns are what a compiled decoder fills as well as the dpkt one,
so everything here is a fixed-width number; nothing is a Python object.

Addresses are two unsigned 64-bit halves, network byte order: IPv6 in both, IPv4 in ``lo`` with
``hi`` zero, MAC in ``lo``. ``version`` (4, 6, 0 for MAC) tells them apart.

Transports are numbers: an IP protocol number below 256; ``ETHERTYPE + type`` for a frame that
carries no IP (ARP, LLDP …); ``LLC + dsap`` for 802.2; ``SNAP + pid`` for Cisco's SNAP protocols.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.kinds import Array, distinct

Columns = dict[str, Array]

ETHERTYPE: Final = 0x1_0000
LLC: Final = 0x2_0000
SNAP: Final = 0x3_0000

ARP: Final = ETHERTYPE + 0x0806
ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20

TO_ALL: Final = 0x80
"""Flag of a UDP packet whose frame went to the broadcast MAC, or to everyone as Linux cooked headers say."""
NOT_TO_ALL: Final = 0x40
"""In FLOWS, of UDP: some packet without ``TO_ALL`` was among them."""


class Kind(enum.IntEnum):
    """What a frame turned out to be: how far decoding got."""

    UNDECODED = 0
    """Stopped before any addresses were known; ``reason`` says why."""
    TRANSPORT = 1
    """TCP or UDP with both ports read."""
    IP = 2
    """Another IP protocol, or TCP/UDP whose ports are not in the frame: addresses, no ports."""
    FRAGMENT = 3
    """An IP fragment after the first: counted in ``fragments`` of its flow, not in ``packets``."""
    LINK = 4
    """No IP inside: ARP (addresses are the protocol addresses), LLDP, STP … (MAC addresses)."""


class Reason(enum.IntEnum):
    """Why decoding stopped where it did. ``NONE`` is a frame decoded as far as its kind goes."""

    NONE = 0
    CUT = 1
    """The frame was cut by the snapshot length inside a header."""
    LINK_TYPE = 2
    """A link type that portmatrix does not read."""
    LINK_HEADER = 3
    """A link-layer header that contradicts itself or ends inside the frame."""
    NOT_DATA = 4
    """An 802.11 management or control frame, a PPP control protocol and the like: no user data."""
    ENCRYPTED = 5
    """Protected 802.11 data: nothing inside can be read."""
    IP_HEADER = 6
    """An IP header that contradicts itself (version, header length, total length)."""
    EXTENSION = 7
    """An IPv6 extension header chain that contradicts itself."""
    TRANSPORT_HEADER = 8
    """A TCP, UDP or ICMP header that contradicts itself or ends inside the datagram."""
    TUNNEL = 9
    """A tunnel header that contradicts itself: the flow of the outer layer is kept."""
    DEPTH = 10
    """More nested layers than ``decode.reference.MAX_DEPTH``: hostile or looping encapsulation."""
    INTERNAL = 11
    """The parser itself failed on this frame: a defect of ours, kept visible."""


class Column(NamedTuple):
    """One column: ``dtype``, ``unit`` (empty for a pure number) and a sentence of meaning."""

    name: str
    dtype: str
    unit: str
    meaning: str


class Table(NamedTuple):
    """The declaration of a table: its columns in order."""

    name: str
    columns: tuple[Column, ...]

    def empty(self, rows: int = 0) -> Columns:
        """A table of ``rows`` zeroed rows."""
        return {column.name: np.zeros(rows, column.dtype) for column in self.columns}

    def check(self, table: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Raise ``TypeError`` unless ``table`` has just these columns, dtypes and one length."""
        if list(table) != [column.name for column in self.columns]:
            raise TypeError(f"{self.name}: columns are {list(table)}")
        lengths = {len(array) for array in table.values()}
        if len(lengths) > 1:
            raise TypeError(f"{self.name}: columns of unequal length {sorted(lengths)}")
        for column in self.columns:
            if table[column.name].dtype != np.dtype(column.dtype):
                raise TypeError(f"{self.name}.{column.name}: {table[column.name].dtype}")


FRAMES: Final = Table(
    "FRAMES",
    (
        Column("offset", "i8", "byte", "where the frame's bytes begin in the batch's buffer"),
        Column("captured", "i8", "byte", "bytes of the frame that the capture holds"),
        Column("wire", "i8", "byte", "length on the wire, link header included; never below captured"),
        Column("time", "i8", "ns", "time stamp since 1970-01-01 UTC; negative before it"),
        Column("link_type", "u2", "", "LINKTYPE_ number of the frame's interface"),
        Column("interface", "u4", "", "interface index inside the capture, over all its sections"),
    ),
)
"""What a container yields: one row a frame, beside one buffer of bytes (see ``Batch``)."""

PACKETS: Final = Table(
    "PACKETS",
    (
        Column("frame", "i8", "", "frame number in the analysis, from 1, as Wireshark counts"),
        Column("time", "i8", "ns", "time stamp since 1970-01-01 UTC"),
        Column("wire", "i8", "byte", "length on the wire, link header included"),
        Column("interface", "u4", "", "interface index, or the one a cooked v2 header names (+ 2**16)"),
        Column("kind", "u1", "", "a Kind"),
        Column("reason", "u1", "", "a Reason"),
        Column("version", "u1", "", "4 or 6; 0 where the addresses are MACs or unknown"),
        Column("transport", "u4", "", "transport number, see the module's docstring"),
        Column("src_hi", "u8", "", "source address of the innermost IP layer, upper half"),
        Column("src_lo", "u8", "", "source address, lower half"),
        Column("dst_hi", "u8", "", "destination address, upper half"),
        Column("dst_lo", "u8", "", "destination address, lower half"),
        Column("src_port", "u2", "", "TCP or UDP source port, else 0"),
        Column("dst_port", "u2", "", "TCP or UDP destination port, else 0"),
        Column("flags", "u1", "", "TCP flags; for ARP the opcode; for UDP TO_ALL or 0"),
        Column("seq", "u4", "", "TCP sequence number, else 0"),
        Column("ack", "u4", "", "TCP acknowledgement number, else 0"),
        Column("ip_id", "u4", "", "IP identification (IPv6: of its fragment header), else 0"),
        Column("icmp", "u2", "", "ICMP type * 256 + code where transport is ICMP or ICMPv6"),
        Column("fragmented", "u1", "", "1 for the first fragment of several, else 0"),
        Column("payload", "i8", "byte", "where the TCP/UDP payload begins in the batch's buffer"),
        Column("payload_wire", "i8", "byte", "payload bytes the headers announce, 0 without payload"),
        Column("payload_captured", "i8", "byte", "payload bytes in the capture, at most payload_wire"),
        Column(
            "digest",
            "u4",
            "",
            "CRC-32 of the captured bytes from the innermost IP header on, up to the IP length; 0 without IP",
        ),
    ),
)
"""What a decoder yields: one row a frame, in frame order."""

QUOTES: Final = Table(
    "QUOTES",
    (
        Column("row", "i8", "", "row in PACKETS of the ICMP error that quotes"),
        Column("version", "u1", "", "4 or 6"),
        Column("transport", "u4", "", "IP protocol number of the quoted packet"),
        Column("src_hi", "u8", "", "source address of the quoted packet, upper half"),
        Column("src_lo", "u8", "", "source address of the quoted packet, lower half"),
        Column("dst_hi", "u8", "", "destination address of the quoted packet, upper half"),
        Column("dst_lo", "u8", "", "destination address of the quoted packet, lower half"),
        Column("src_port", "u2", "", "source port of the quoted packet, 0 where not quoted"),
        Column("dst_port", "u2", "", "destination port of the quoted packet, 0 where not quoted"),
    ),
)
"""ICMP and ICMPv6 errors: the packet each of them answers (innermost quoted IP header)."""


def _both(name: str, dtype: str, unit: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(f"{name}_ab", dtype, unit, f"{meaning}, from A to B"),
        Column(f"{name}_ba", dtype, unit, f"{meaning}, from B to A"),
    )


FLOWS: Final = Table(
    "FLOWS",
    (
        Column("version", "u1", "", "4, 6, or 0 where the addresses are MACs"),
        Column("transport", "u4", "", "transport number"),
        Column("a_hi", "u8", "", "address of A, the source of the flow's first packet, upper half"),
        Column("a_lo", "u8", "", "address of A, lower half"),
        Column("b_hi", "u8", "", "address of B, upper half"),
        Column("b_lo", "u8", "", "address of B, lower half"),
        Column("a_port", "u2", "", "port of A, 0 without ports"),
        Column("b_port", "u2", "", "port of B, 0 without ports"),
        *_both("packets", "i8", "", "packets, fragments after the first left out"),
        *_both("bytes", "i8", "byte", "bytes on the wire, link header included"),
        *_both("payload", "i8", "byte", "payload bytes that the headers announce"),
        *_both("duplicates", "i8", "", "packets recognised as a second sight of one frame"),
        *_both("syn", "i8", "", "SYN without ACK"),
        *_both("synack", "i8", "", "SYN with ACK"),
        *_both("rst", "i8", "", "RST"),
        *_both("flags", "u1", "", "all TCP flags seen (ARP: 1 << opcode; UDP: TO_ALL, NOT_TO_ALL)"),
        *_both("first_frame", "i8", "", "frame of the first packet, 0 if none"),
        *_both("last_frame", "i8", "", "frame of the last packet, 0 if none"),
        *_both("first_time", "i8", "ns", "earliest time stamp, meaningless if no packet"),
        *_both("last_time", "i8", "ns", "latest time stamp, meaningless if no packet"),
        Column("fragments", "i8", "", "IP fragments after the first, either way"),
    ),
)
"""What the aggregation yields: one row a flow, in order of each flow's first frame."""


class Batch(NamedTuple):
    """Frames that follow each other in one capture: ``frames`` (FRAMES) says where each is in ``buffer``."""

    buffer: bytes | memoryview
    frames: Columns


class Packets(NamedTuple):
    """A decoded batch: ``columns`` (PACKETS) and ``quotes`` (QUOTES); payloads lie in ``buffer``.

    ``claimed`` is what was found for who watches before anybody looks at the batch: the rows of a claim
    (:mod:`analyzer.picking.claims`), what a sift gave (:mod:`analyzer.picking.sifts`).
    """

    columns: Columns
    quotes: Columns
    buffer: bytes | memoryview
    claimed: Mapping[object, Any] = {}


class Head(NamedTuple):
    """The first bytes of one payload. ``data`` is shorter than ``wire`` where it was cut."""

    frame: int
    time: int
    wire: int
    data: bytes


@dataclass(frozen=True, slots=True)
class QuotedError:
    """ICMP errors of one type and code, from one reporter, that quote packets of one flow.

    ``from_a`` says whether the quoted packets went from A to B. ``version`` tells ICMP (4) from
    ICMPv6 (6); ``reporter`` is the ``(version, hi, lo)`` address that sent the error.
    """

    from_a: bool
    version: int
    type: int
    code: int
    reporter: tuple[int, int, int]
    count: int
    first_frame: int
    last_frame: int
    first_time: int


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Frames that decoding stopped at for one reason."""

    count: int
    first_frame: int


Sides = tuple[tuple[Head, ...], tuple[Head, ...]]
"""The heads of one flow: from A, from B."""


class Heads(Mapping[int, Sides]):
    """The payload heads of a flow table: row → its heads, made of the arrays when somebody asks.

    The arrays hold one entry a head, in order of ``slot`` (``2 * row``, from B one more) and frame:
    ``frame``, ``time``, ``wire`` as in :class:`Head`, and where its bytes are: ``size`` of them from
    ``begin`` on in ``octets``.
    """

    def __init__(
        self, slot: Array, frame: Array, time: Array, wire: Array, begin: Array, size: Array, octets: Array
    ) -> None:
        self.slot, self.frame, self.time, self.wire = slot, frame, time, wire
        self.begin, self.size, self.octets = begin, size, octets
        self.rows: Array = distinct(slot >> 1)
        """The rows that have heads, in order."""

    @classmethod
    def of(cls, heads: Mapping[int, Sides]) -> Heads:
        """The arrays of what a mapping holds."""
        sides = [(2 * row + side, heads[row][side]) for row in sorted(heads) for side in (0, 1)]
        entries = [(slot, *head) for slot, side in sides for head in side]
        slot, frame, time, wire = (np.array([one[at] for one in entries], np.int64) for at in range(4))
        data = [one[4] for one in entries]
        size = np.array([len(one) for one in data], np.int64)
        octets = np.frombuffer(b"".join(data), np.uint8)
        return cls(slot, frame, time, wire, np.cumsum(size) - size, size, octets)

    def __getitem__(self, row: int) -> Sides:
        sides = tuple(self.side(row, 0)), tuple(self.side(row, 1))
        if not any(sides):
            raise KeyError(row)
        return sides

    def side(self, row: int, side: int) -> Iterator[Head]:
        """The heads of one side of a row, A 0 and B 1, one after the other; none where it has none."""
        slot = 2 * row + side
        at = int(np.searchsorted(self.slot, slot))
        while at < len(self.slot) and self.slot[at] == slot:
            yield self._head(at)
            at += 1

    def _head(self, at: int) -> Head:
        begin, size = self.begin[at], self.size[at]
        data = self.octets[begin : begin + size].tobytes()
        return Head(int(self.frame[at]), int(self.time[at]), int(self.wire[at]), data)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows.tolist())

    def __len__(self) -> int:
        return len(self.rows)


class Flows(NamedTuple):
    """The flow table of an analysis.

    ``columns`` is a FLOWS table. ``heads`` maps a row to the first distinct payloads from A and from B,
    ``errors`` maps a row to the ICMP errors that quote it, ``undecoded`` maps a Reason to its frames.
    """

    columns: Columns
    heads: Heads
    errors: dict[int, tuple[QuotedError, ...]]
    undecoded: dict[int, Undecoded]
