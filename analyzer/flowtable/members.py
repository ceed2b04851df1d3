"""What the packets of a batch that are members of flows tell the table, in columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from analyzer.flowtable.copies import SIGHT
from analyzer.flowtable.fragments import Datagram
from analyzer.tables import ACK, ARP, NOT_TO_ALL, RST, SYN, TCP, TO_ALL, UDP, Columns

Array = np.ndarray[Any, Any]

Stats = dict[str, Array]


def stats(part: Columns, order: Array, begins: Array) -> Stats:
    """Sums and bounds of ``part`` (PACKETS) over the groups that begin at ``begins`` of ``order``."""
    transport, flags = part["transport"], part["flags"]
    tcp = transport == TCP
    syn = tcp & (flags & SYN != 0)
    opcode = np.where(flags < 8, np.left_shift(1, flags & 7), 0).astype(np.uint8)
    called = np.where(flags & TO_ALL != 0, TO_ALL, NOT_TO_ALL)
    others = np.where(transport == ARP, opcode, np.where(transport == UDP, called, 0))
    seen = np.where(tcp, flags, others).astype(np.uint8)

    def total(values: Array) -> Array:
        return np.add.reduceat(values[order].astype(np.int64), begins)

    frames, times = part["frame"][order], part["time"][order]
    ends = np.append(begins[1:], len(order))
    return {
        "packets": ends - begins,
        "bytes": total(part["wire"]),
        "payload": total(part["payload_wire"]),
        "duplicates": np.zeros(len(begins), np.int64),
        "syn": total(syn & (flags & ACK == 0)),
        "synack": total(syn & (flags & ACK != 0)),
        "rst": total(tcp & (flags & RST != 0)),
        "flags": np.bitwise_or.reduceat(seen[order], begins),
        "first_frame": frames[begins],
        "last_frame": frames[ends - 1],
        "first_time": np.minimum.reduceat(times, begins),
        "last_time": np.maximum.reduceat(times, begins),
    }


def sights(columns: Columns, members: Array, rows: Array, ways: Array) -> Array:
    """The packets at ``members`` that may have copies: those with an IP layer."""
    with_ip = columns["digest"][members] != 0
    places = members[with_ip]
    made = np.zeros(len(places), SIGHT)
    made["row"], made["way"] = rows[with_ip], ways[with_ip]
    made["payload"] = columns["payload_wire"][places]
    for name in ("frame", "time", "digest", "ip_id", "interface"):
        made[name] = columns[name][places]
    return made


def datagrams(columns: Columns, places: Array) -> list[Datagram]:
    """What identifies the datagram that each packet at ``places`` is a fragment of.

    RFC 791: addresses, protocol, identification. RFC 8200 section 4.5: addresses and identification.
    """
    version, transport = columns["version"][places], columns["transport"][places]
    names = ("src_hi", "src_lo", "dst_hi", "dst_lo")
    protocol = np.where(version == 6, 0, transport)
    return list(
        zip(
            version.tolist(),
            *(columns[name][places].tolist() for name in names),
            protocol.tolist(),
            columns["ip_id"][places].tolist(),
            strict=True,
        )
    )
