"""The part of a batch that transfers need."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import numpy as np

from analyzer.picking import UDP_HEADER, Claim, Want, rows_of, sifted
from analyzer.tables import UDP, Kind, Packets

try:
    from analyzer.transfers.tftp import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

HEADER: Final = 4
"""Opcode and number of a TFTP packet."""
TEXT_BYTES: Final = 1024
"""Bytes read of a request, OACK or ERROR; a request has at most 512 (RFC 2347)."""
FIRST_OPCODE, LAST_OPCODE = 1, 6
DATA, ACK = 3, 4

Array = np.ndarray[Any, Any]


CLAIM: Final = Claim(UDP, least=HEADER, opening=frozenset({0}))
"""The first byte of any opcode."""


def claim() -> Claim:
    """The datagrams of which some begin like TFTP."""
    return CLAIM


def candidates(packets: Packets, *, compiled: bool = True) -> tuple[Array, Array]:
    """Rows of the datagrams that begin like TFTP, and their opcodes; by the compiled part where it was built
    and is not unwanted."""
    rows, octets = rows_of(packets, CLAIM), np.frombuffer(packets.buffer, np.uint8)
    if compiled and COMPILED is not None:
        kept, opcodes = np.empty(len(rows), np.int64), np.empty(len(rows), np.uint8)
        count = COMPILED.candidates(packets.columns, octets, rows, kept, opcodes)
        return kept[:count], opcodes[:count]
    opcodes = octets[packets.columns["payload"][rows] + 1]
    likely = (opcodes >= FIRST_OPCODE) & (opcodes <= LAST_OPCODE)
    return rows[likely], opcodes[likely]


def wants(packets: Packets) -> Want:
    """What :meth:`Collector.add` looks at: likely TFTP, fragments, and ICMP errors that quote UDP."""
    columns, quotes = packets.columns, packets.quotes
    rows, opcodes = sifted(packets, candidates)
    later = np.flatnonzero((columns["kind"] == Kind.FRAGMENT) & (columns["transport"] == UDP))
    every = np.concatenate((rows, later))
    most = np.concatenate(
        (np.where((opcodes == DATA) | (opcodes == ACK), HEADER, TEXT_BYTES), np.zeros(len(later), np.int64))
    )
    order = np.argsort(every, kind="stable")
    return Want(every[order], most[order], np.flatnonzero(quotes["transport"] == UDP))


def begins(packets: Packets) -> bool:
    """Whether any datagram begins like TFTP: fragments and ICMP errors mean nothing before one did."""
    return bool(len(sifted(packets, candidates)[0]))


__all__ = ["HEADER", "TEXT_BYTES", "UDP_HEADER", "begins", "candidates", "claim", "wants"]
