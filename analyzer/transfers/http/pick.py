"""The segments of a batch that HTTP transfers need: heads, turning points, and what a stream came to.

What a receiver got is told by its acknowledgements (RFC 9293 section 3.4), so of a body neither bytes nor
segments
are needed, but the last of each batch and each quarter of a second, and those that were sent again.
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer import protocols
from analyzer.kinds import among
from analyzer.picking import NONE, Claim, Want, rows_of
from analyzer.protocols._text import METHODS
from analyzer.tables import FIN, RST, SYN, TCP, Kind, Packets

Array = np.ndarray[Any, Any]

HEAD_BYTES: Final = 2048
"""Bytes read of a segment that may hold a head."""
OPENING: Final = 4
"""Segments of each batch and way of which bytes are read: a head may go on from the batch before."""
PIECES: Final = 64
"""Segments after an incomplete head that may hold the rest of it."""
BUCKET: Final = 250_000_000
"""Of each span of this length, ns, the first and last segment of a connection are kept: silences longer
than it
are exact."""
LAST_CHUNK: Final = b"0\r\n\r\n"
"""What a chunked body ends with, where it has no trailer (RFC 9112 section 7.1)."""
_OTHERS: Final = ("ssh", "smb", "rdp", "rpc", "ldap", "mssql", "mysql", "telnet", "dns", "biostar-device",
                  "biostar-server")  # fmt: skip
HTTPS: Final = 443
_STARTS: Final = np.array(
    sorted({int.from_bytes(name[:4].ljust(4), "big") for name in (*METHODS, b"HTTP")}), np.uint32
)
_MIX: Final = tuple(np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))


class Selected(NamedTuple):
    """Rows of a batch, increasing: the bytes needed of each, and the key of its connection, both ways the
    same."""

    rows: Array
    most: Array
    keys: Array


@functools.cache
def closed_ports() -> frozenset[int]:
    """TCP ports that carry no HTTP in clear text, so that their connections are not looked at."""
    claims = (claim for name in _OTHERS for claim in protocols.load()[name].ports)
    return frozenset({HTTPS, *(port for transport, port in claims if transport == "tcp")})


@functools.cache
def _closed() -> Array:
    table = np.zeros(1 << 16, bool)
    table[list(closed_ports())] = True
    return table


@functools.cache
def claim() -> Claim:
    """The segments of which some begin like a request or an answer."""
    letters = frozenset(int(word) >> 24 for word in _STARTS)
    return Claim(TCP, never=closed_ports(), least=4, opening=letters)


def wants(packets: Packets) -> Want:
    """What a gatherer needs of a batch when it does not know which connections carry HTTP."""
    rows = _segments(packets)
    chosen = select(packets, rows, _keys(packets, rows))
    return Want(chosen.rows, chosen.most)


def begins(packets: Packets) -> bool:
    """Whether any segment begins like a request or an answer: until one does, no connection is watched."""
    rows = rows_of(packets, claim())
    return bool(len(rows) and _heads(packets, rows).any())


def of_streams(packets: Packets, watched: Array) -> Selected:
    """What a gatherer needs of a batch that watches the connections ``watched`` already."""
    if not len(watched) and not begins(packets):
        return Selected(NONE, NONE, np.zeros(0, np.uint64))
    rows = _segments(packets)
    heads, keys = _heads(packets, rows), _keys(packets, rows)
    mine = among(keys, np.concatenate((watched, keys[heads])))
    return select(packets, rows[mine], keys[mine])


def _segments(packets: Packets) -> Array:
    columns = packets.columns
    rows = np.flatnonzero((columns["transport"] == TCP) & (columns["kind"] == Kind.TRANSPORT))
    closed = _closed()
    return rows[~(closed[columns["src_port"][rows]] | closed[columns["dst_port"][rows]])]


def _heads(packets: Packets, rows: Array) -> Array:
    """Which rows begin like a request or status line."""
    columns = packets.columns
    found = np.zeros(len(rows), bool)
    long = np.flatnonzero(columns["payload_captured"][rows] >= 4)
    begins = columns["payload"][rows[long]]
    octets = np.frombuffer(packets.buffer, np.uint8)
    word = np.zeros(len(long), np.uint32)
    for place in range(4):
        word = word << np.uint32(8) | octets[begins + place]
    found[long] = among(word, _STARTS)
    return found


def _keys(packets: Packets, rows: Array) -> Array:
    columns = packets.columns
    key = np.zeros(len(rows), np.uint64)
    for side in ("src", "dst"):
        hi, lo = columns[f"{side}_hi"][rows], columns[f"{side}_lo"][rows]
        port = columns[f"{side}_port"][rows].astype(np.uint64)
        end = ((hi * _MIX[0]) ^ lo) * _MIX[1] ^ (port + np.uint64(1)) * _MIX[2]
        key += end ^ end >> np.uint64(31)
    return key


def select(packets: Packets, rows: Array, keys: Array) -> Selected:
    """Of the segments ``rows`` those that are needed. What is needed of the result is all of it."""
    columns = packets.columns
    count = len(rows)
    most = np.full(count, -1, np.int64)
    if not count:
        return Selected(rows, most, keys)
    # By connection, in frame order: the first and last of each span, and of the batch.
    order = np.argsort(keys, kind="stable")
    there, times = keys[order], columns["time"][rows][order] // BUCKET
    apart = (there[1:] != there[:-1]) | (times[1:] != times[:-1])
    most[order[np.concatenate((apart, [True]))]] = 0
    most[order[np.concatenate(([True], apart))]] = 0
    # Where a message begins or the connection ends, and what each end had said last before that.
    turns = ((columns["flags"][rows] & (SYN | FIN | RST)) != 0) | _heads(packets, rows)
    source = columns["src_lo"][rows] * _MIX[1] ^ columns["src_hi"][rows] * _MIX[0]
    way = keys + (source ^ columns["src_port"][rows].astype(np.uint64) * _MIX[2])
    begin = np.flatnonzero(np.concatenate(([True], there[1:] != there[:-1])))
    group = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, count)))
    at = np.arange(count)
    same = way[order] == way[order[begin]][group]
    turning = at[turns[order] & (at > begin[group])]
    for side in (same, ~same):
        latest = np.maximum.accumulate(np.where(side, at, -1))
        before = latest[turning - 1]
        before = before[before >= begin[group[turning]]]
        most[order[before]] = np.maximum(most[order[before]], 0)
    most[turns] = np.maximum(most[turns], 0)
    # By way: what was sent before, the last, and the first few.
    order = np.argsort(way, kind="stable")
    ways = way[order]
    first = np.concatenate(([True], ways[1:] != ways[:-1]))
    group = np.cumsum(first) - 1
    opening = np.flatnonzero(first)
    length = columns["payload_wire"][rows][order]
    most[order[np.concatenate((first[1:], [True]))]] = 0
    sequence = columns["seq"][rows][order].astype(np.int64)
    end = (sequence - sequence[opening][group] + (1 << 31)) % (1 << 32) - (1 << 31) + length
    # One running maximum for all ways: each lies higher than the one before.
    reached = np.maximum.accumulate(end + group * (1 << 34)) - group * (1 << 34)
    again = np.flatnonzero(~first[1:] & (length[1:] > 0) & (end[1:] <= reached[:-1])) + 1
    most[order[again]] = np.maximum(most[order[again]], 0)
    most[order[again - 1]] = np.maximum(most[order[again - 1]], 0)
    place = np.arange(count) - opening[group]
    # Those without bytes too, so that the first few of what was kept are the same.
    early = place < OPENING
    most[order[early]] = np.maximum(most[order[early]], np.where(length[early] > 0, HEAD_BYTES, 0))
    _read_heads(packets, rows, order, group, most)
    chosen = most >= 0
    return Selected(rows[chosen], most[chosen], keys[chosen])


def _read_heads(packets: Packets, rows: Array, order: Array, group: Array, most: Array) -> None:
    """Ask for the bytes of heads, of what follows an incomplete one, and of last chunks."""
    columns = packets.columns
    octets = np.frombuffer(packets.buffer, np.uint8)
    held, wire = columns["payload_captured"][rows], columns["payload_wire"][rows]
    whole = np.flatnonzero((held == wire) & (wire >= len(LAST_CHUNK)))
    ends = columns["payload"][rows[whole]] + held[whole]
    last = np.ones(len(whole), bool)
    for place, octet in enumerate(LAST_CHUNK):
        last &= octets[ends - len(LAST_CHUNK) + place] == octet
    most[whole[last]] = wire[whole[last]]
    heads = _heads(packets, rows)
    most[heads] = np.maximum(most[heads], HEAD_BYTES)
    where = np.empty(len(order), np.int64)
    where[order] = np.arange(len(order))
    view = memoryview(packets.buffer)
    for row in np.flatnonzero(heads).tolist():
        begin = int(columns["payload"][rows[row]])
        if b"\n\r\n" in bytes(view[begin : begin + min(int(held[row]), HEAD_BYTES)]):
            continue
        at = int(where[row])
        following = order[at + 1 : at + 1 + PIECES][group[at + 1 : at + 1 + PIECES] == group[at]]
        most[following] = np.maximum(most[following], HEAD_BYTES)
