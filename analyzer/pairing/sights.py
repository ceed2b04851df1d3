"""The packets of one capture point that are compared with another's: those of transfers, and some others.

A packet is known again by what no router changes: its ends, its length, its sequence number, its first bytes
and its IP identification; not by TTL, checksums or VLAN tags. The others, chosen by their contents so that
both points choose the same, tell how far the clocks are apart where all packets of a transfer are lost.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.flowtable.copies import DUPLICATE_ELSEWHERE, DUPLICATE_IDENTIFIED, DUPLICATE_UNIDENTIFIED
from analyzer.picking import Want
from analyzer.tables import SYN, TCP, UDP, Kind, Packets
from analyzer.transfers import Collector

SAMPLE: Final = 16
"""Bytes of payload compared: a TFTP block number and what follows, within the shortest usual snap length."""
SIGHTS: Final = 1_000_000
"""Packets kept of one capture, 80 bytes each. Beyond it they are counted in ``dropped``."""
ANCHORS: Final = 256
"""Other packets kept of a batch (16 K frames), and of a capture."""
ANCHORS_KEPT: Final = 20_000
AGAIN: Final = 200_000_000
"""One packet seen twice at a point (before and behind a router) is seen again within this time, ns."""
TOGETHER: Final = 3_000_000_000
"""Fragments of one datagram are this close together, ns."""

Array = np.ndarray[Any, Any]

SIGHT: Final = np.dtype(
    [
        ("time", "i8"),
        ("frame", "i8"),
        ("key", "u8"),
        ("flow", "u8"),
        ("source", "u8"),
        ("target", "u8"),
        ("datagram", "u8"),
        ("ip_id", "u4"),
        ("digest", "u4"),
        ("interface", "u4"),
        ("rank", "u4"),
        ("carries", "?"),
        ("fragmented", "?"),
        ("pieces", "u4"),
    ]
)
"""``source`` and ``target`` are hosts, ``rank`` orders anchors, ``pieces`` counts later fragments."""

_EVEN: Final = np.uint64(0x9E3779B97F4A7C15)


def _mixed(*parts: Array) -> Array:
    """One 64-bit number from several, for each row."""
    state = np.full(len(parts[0]), 0x1234567, np.uint64)
    for part in parts:
        state = (state ^ part.astype(np.uint64)) * _EVEN
        state ^= state >> np.uint64(29)
    return state


def host_of(address: tuple[int, int, int]) -> int:
    """A host as in ``source`` and ``target``, from ``(version, hi, lo)``."""
    return int(_mixed(*(np.array([part], np.uint64) for part in address))[0])


def end_of(address: tuple[int, int, int], port: int) -> int:
    """A host and port as one number."""
    return int(_mixed(*(np.array([part], np.uint64) for part in (*address, port)))[0])


def flow_of(
    one: tuple[int, int, int], one_port: int, other: tuple[int, int, int], other_port: int, transport: int
) -> int:
    """A flow as in ``flow``, the same in both directions."""
    return (end_of(one, one_port) + end_of(other, other_port) + transport) % (1 << 64)


def _columns(packets: Packets, rows: Array, *names: str) -> list[Array]:
    return [packets.columns[name][rows] for name in names]


def _anchors(packets: Packets) -> tuple[Array, Array]:
    """Rows and ranks of packets that tell the clocks; what is in both captures is chosen in both."""
    columns = packets.columns
    able = (columns["kind"] == Kind.TRANSPORT) & (columns["fragmented"] == 0)
    talks = (columns["payload_wire"] > 0) | ((columns["flags"] & SYN) > 0)
    rows = np.flatnonzero(able & talks & ((columns["transport"] == UDP) | (columns["transport"] == TCP)))
    names = ("src_lo", "dst_lo", "src_port", "dst_port", "payload_wire", "ip_id", "seq")
    ranks = (_mixed(*_columns(packets, rows, *names)) >> np.uint64(32)).astype(np.uint32)
    if len(rows) > ANCHORS:
        chosen = np.sort(np.argpartition(ranks, ANCHORS)[:ANCHORS])
        rows, ranks = rows[chosen], ranks[chosen]
    return rows, ranks


class Sights:
    """The sights of consecutive frames of one capture point."""

    def __init__(self) -> None:
        self.dropped = 0
        self._parts: list[Array] = []
        self._held = 0
        self._others: list[Array] = []
        self._waiting = 0
        self._fragments: list[Array] = []
        self._pieces = 0

    @staticmethod
    def wants(packets: Packets) -> Want:
        """What transfers look at, with a sample of each payload, and the anchors."""
        most = np.full(len(packets.columns["frame"]), -1, np.int64)
        most[Collector.wants(packets).rows] = SAMPLE
        most[_anchors(packets)[0]] = SAMPLE
        rows = np.flatnonzero(most >= 0)
        return Want(rows, most[rows])

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        kinds = packets.columns["kind"]
        rows = Collector.wants(packets).rows
        whole = rows[kinds[rows] == Kind.TRANSPORT]
        pieces = rows[kinds[rows] == Kind.FRAGMENT]
        if self._held + len(whole) > SIGHTS:
            room = max(0, SIGHTS - self._held)
            self.dropped += len(whole) - room
            whole = whole[:room]
        if len(whole):
            self._parts.append(self._sights(packets, whole, carries=True))
            self._held += len(whole)
        if len(pieces) and self._pieces < SIGHTS:
            self._fragments.append(self._sights(packets, pieces, carries=True))
            self._pieces += len(pieces)
        others, ranks = _anchors(packets)
        keep = ~np.isin(others, rows)
        if keep.any():
            part = self._sights(packets, others[keep], carries=False)
            part["rank"] = ranks[keep]
            self._others.append(part)
            self._waiting += len(part)
            if self._waiting > 2 * ANCHORS_KEPT:
                held = np.concatenate(self._others)
                held = held[np.argpartition(held["rank"], ANCHORS_KEPT)[:ANCHORS_KEPT]]
                self._others, self._waiting = [held], len(held)

    @staticmethod
    def _sights(packets: Packets, rows: Array, *, carries: bool) -> Array:
        part = np.zeros(len(rows), SIGHT)
        for name in ("time", "frame", "ip_id", "digest", "interface"):
            part[name] = packets.columns[name][rows]
        source = _columns(packets, rows, "version", "src_hi", "src_lo", "src_port")
        target = _columns(packets, rows, "version", "dst_hi", "dst_lo", "dst_port")
        (transport,) = _columns(packets, rows, "transport")
        ends = _mixed(*source), _mixed(*target)
        part["source"], part["target"] = _mixed(*source[:3]), _mixed(*target[:3])
        part["flow"] = ends[0] + ends[1] + transport.astype(np.uint64)
        part["datagram"] = _mixed(part["source"], part["target"], part["ip_id"])
        part["carries"] = carries
        part["fragmented"] = packets.columns["fragmented"][rows] > 0
        begins, captured = _columns(packets, rows, "payload", "payload_captured")
        octets = np.frombuffer(packets.buffer, np.uint8)
        places = begins[:, None] + np.arange(SAMPLE)
        inside = np.arange(SAMPLE) < captured[:, None]
        sample = np.zeros((len(rows), SAMPLE), np.uint8)
        sample[inside] = octets[places[inside]]
        words = np.ascontiguousarray(sample).view("<u8")
        wire, seq, flags = _columns(packets, rows, "payload_wire", "seq", "flags")
        part["key"] = _mixed(ends[0], ends[1], transport, wire, seq, flags & SYN, words[:, 0], words[:, 1])
        return part

    def sights(self) -> Array:
        """All sights in time order, copies of one packet left out, with the fragments counted."""
        parts = [*self._parts, *self._others]
        if not parts:
            return np.zeros(0, SIGHT)
        found = _single(np.concatenate(parts))
        if self._fragments:
            found["pieces"] = _pieces(found, _single(np.concatenate(self._fragments), pieces=True))
        return found


def _single(found: Array, *, pieces: bool = False) -> Array:
    """``found`` in time order without second sights of one packet."""
    same = "digest" if pieces else "key"
    order = np.lexsort((found["time"], found["ip_id"], found[same]))
    found = found[order]
    apart = np.diff(found["time"])
    limit = np.where(
        found["ip_id"][1:] > 0,
        AGAIN,
        np.where(
            found["interface"][1:] != found["interface"][:-1], DUPLICATE_ELSEWHERE, DUPLICATE_UNIDENTIFIED
        ),
    )
    again = (
        (found[same][1:] == found[same][:-1])
        & (found["ip_id"][1:] == found["ip_id"][:-1])
        & (apart <= np.maximum(limit, DUPLICATE_IDENTIFIED * (found["ip_id"][1:] > 0)))
    )
    found = found[np.concatenate((np.ones(min(1, len(found)), bool), ~again))]
    return found[np.lexsort((found["frame"], found["time"]))]


def _pieces(found: Array, fragments: Array) -> Array:
    """How many fragments after the first each datagram of ``found`` has."""
    order = np.lexsort((fragments["time"], fragments["datagram"]))
    fragments = fragments[order]
    begins = np.searchsorted(fragments["datagram"], found["datagram"], "left")
    ends = np.searchsorted(fragments["datagram"], found["datagram"], "right")
    counts = np.zeros(len(found), np.uint32)
    for row in np.flatnonzero(found["fragmented"] & (ends > begins)).tolist():
        near = np.abs(fragments["time"][begins[row] : ends[row]] - found["time"][row]) <= TOGETHER
        counts[row] = int(near.sum())
    return counts
