"""The part of a batch that transfers need, as a small batch: what a process hands over instead of packets."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.tables import UDP, Kind, Packets

HEADER: Final = 4
"""Opcode and number of a TFTP packet."""
UDP_HEADER: Final = 8
TEXT_BYTES: Final = 1024
"""Bytes read of a request, OACK or ERROR; a request has at most 512 (RFC 2347)."""
FIRST_OPCODE, LAST_OPCODE = 1, 6
DATA, ACK = 3, 4

Array = np.ndarray[Any, Any]


def candidates(packets: Packets) -> tuple[Array, Array]:
    """Rows of the datagrams that begin like TFTP, and their opcodes."""
    columns = packets.columns
    rows = np.flatnonzero(
        (columns["transport"] == UDP)
        & (columns["kind"] == Kind.TRANSPORT)
        & (columns["payload_captured"] >= HEADER)
    )
    octets = np.frombuffer(packets.buffer, np.uint8)
    begins = columns["payload"][rows]
    opcodes = octets[begins].astype(np.int64) << 8 | octets[begins + 1]
    likely = (opcodes >= FIRST_OPCODE) & (opcodes <= LAST_OPCODE)
    return rows[likely], opcodes[likely]


def pick(packets: Packets) -> Packets:
    """The packets that :meth:`Collector.add` looks at, with no more of their bytes than it reads.

    The first and the last moment of the batch stay in it, for how long it lasted matters too.
    """
    columns, quotes = packets.columns, packets.quotes
    if not len(columns["frame"]):
        return packets
    rows, opcodes = candidates(packets)
    needed = np.where((opcodes == DATA) | (opcodes == ACK), HEADER, TEXT_BYTES)
    later = np.flatnonzero((columns["kind"] == Kind.FRAGMENT) & (columns["transport"] == UDP))
    times = columns["time"]
    quoting = quotes["row"][quotes["transport"] == UDP]
    kept = np.unique(np.concatenate((rows, later, quoting, [int(times.argmin()), int(times.argmax())])))
    chosen = {name: array[kept] for name, array in columns.items()}
    places = np.searchsorted(kept, rows)
    view = memoryview(packets.buffer)
    pieces, length = [], 0
    payload = np.zeros(len(kept), np.int64)
    captured = np.zeros(len(kept), np.int64)
    for place, row, most in zip(places.tolist(), rows.tolist(), needed.tolist(), strict=True):
        begin = int(columns["payload"][row])
        held = min(int(columns["payload_captured"][row]), most)
        pieces.append(bytes(view[begin - UDP_HEADER : begin + held]))
        payload[place], captured[place] = length + UDP_HEADER, held
        length += UDP_HEADER + held
    chosen["payload"], chosen["payload_captured"] = payload, captured
    of_udp = quotes["transport"] == UDP
    quoted = {name: array[of_udp] for name, array in quotes.items()}
    quoted["row"] = np.searchsorted(kept, quoting)
    return Packets(chosen, quoted, b"".join(pieces))


def shifted(packets: Packets, frames: int) -> Packets:
    """``packets`` with their frame numbers raised by ``frames``."""
    columns = {**packets.columns, "frame": packets.columns["frame"] + frames}
    return Packets(columns, packets.quotes, packets.buffer)
