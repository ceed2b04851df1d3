"""The packets that show how connections of BioStar behave, without their bytes, which nobody can read.

Of each connection and direction the handshake and the end are kept, and of each second the first and the
last packet with and without payload: every silence of a second or more is exact, and sequence numbers tell
how much was sent in between.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.picking import Claim, Want, rows_of
from analyzer.protocols.biostar_device import PROTOCOL as DEVICE
from analyzer.protocols.biostar_server import PROTOCOL as SERVER
from analyzer.tables import FIN, RST, SYN, TCP, Packets

AT_DEVICE: Final = frozenset(port for _, port in DEVICE.ports)
PORTS: Final = frozenset(port for protocol in (DEVICE, SERVER) for _, port in protocol.ports)
SLOT: Final = 1_000_000_000
"""Length of a slot of which the first and the last packet are kept, ns."""

Array = np.ndarray[Any, Any]
CLAIM: Final = Claim(TCP, PORTS)


def claim() -> Claim:
    """All packets of its connections."""
    return CLAIM


def wants(packets: Packets) -> Want:
    """Rows of the packets; none of their payload."""
    columns = packets.columns
    rows = rows_of(packets, CLAIM)
    if not len(rows):
        return Want(rows, rows)
    marks = columns["flags"][rows] & (SYN | FIN | RST) > 0
    keys = (columns["time"][rows] // SLOT).astype(np.uint64) << np.uint64(1)
    keys ^= (columns["payload_wire"][rows] > 0).astype(np.uint64)
    for name in ("src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port"):
        keys = (keys ^ columns[name][rows].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    kept = marks.copy()
    kept[np.unique(keys, return_index=True)[1]] = True
    kept[len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]] = True
    return Want(rows[kept], np.zeros(int(kept.sum()), np.int64))
