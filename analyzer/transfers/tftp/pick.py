"""The part of a batch that TFTP transfers need."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.tables import UDP, Kind, Packets
from analyzer.transfers.pick import UDP_HEADER, cut_out, with_quotes

HEADER: Final = 4
"""Opcode and number of a TFTP packet."""
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
    """The packets that the gatherer looks at, with no more of their bytes than it reads."""
    columns, quotes = packets.columns, packets.quotes
    rows, opcodes = candidates(packets)
    needed = np.where((opcodes == DATA) | (opcodes == ACK), HEADER, TEXT_BYTES)
    later = np.flatnonzero((columns["kind"] == Kind.FRAGMENT) & (columns["transport"] == UDP))
    of_udp = quotes["transport"] == UDP
    kept = np.unique(np.concatenate((rows, later, quotes["row"][of_udp])))
    return with_quotes(cut_out(packets, kept, rows, needed, UDP_HEADER), packets, kept, of_udp)
