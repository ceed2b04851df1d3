"""Frames seen twice: a mirror port that copies both directions, ``tcpdump -i any`` on a bridge.

A packet is a copy if an identical one came shortly before it. "Identical" is the digest of the
bytes from the innermost IP header on, the flow, the way, the announced payload length and the IP
identification; VLAN tags and link headers may differ. "Shortly" depends on how likely the sender
itself said it twice:

- at another interface the same bytes are nearly always one packet on its way through a bridge;
- at the same interface a retransmission normally gets a new IP identification, so equal bytes with
  an identification are a mirror's copy;
- without one (IPv6, or IPv4 packets with DF that Linux sends with identification 0) a repeated
  message is identical too: only a copy within a millisecond is believed.

Whether *some* of the latest identical packets came shortly before, not which, decides: that answer needs
only the last ``DUPLICATE_FRAMES`` frames, so tables that keep their first and last frames merge exactly.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analyzer.tables import Columns

Array = np.ndarray[Any, Any]

DUPLICATE_FRAMES: Final = 1024
"""How many frames back a copy is looked for."""

DUPLICATE_CANDIDATES: Final = 16
"""How many of the identical packets before it a packet is compared with. A copy follows its original
closely; a flood of identical packets with jumping time stamps must not cost a comparison of all pairs."""

DUPLICATE_ELSEWHERE: Final = 50_000_000
"""Longest time, in ns, between a packet and its copy at another interface: a slow bridge or tunnel."""

DUPLICATE_IDENTIFIED: Final = 20_000_000
"""Longest time, in ns, at the same interface where the IP identification is not 0: a mirror's queue."""

DUPLICATE_UNIDENTIFIED: Final = 1_000_000
"""Longest time, in ns, at the same interface without identification: shorter than any retry timer."""

RECENT: Final = 8192
"""Packets that :class:`Recent` remembers."""

_SIGHT: Final = ("digest", "payload_wire", "ip_id", "time", "interface")

SIGHT: Final = np.dtype(
    [
        ("frame", "i8"),
        ("time", "i8"),
        ("row", "i8"),
        ("way", "u1"),
        ("digest", "u4"),
        ("payload", "i8"),
        ("ip_id", "u4"),
        ("interface", "u4"),
        ("copy", "?"),
    ],
    align=True,
)
"""What is kept of a packet to recognise its copy; ``row`` and ``way`` are the flow table's."""


def copies(sights: Array) -> Array:
    """Whether each of ``sights`` (SIGHT, frame order) is a copy of an earlier one among them."""
    found = np.zeros(len(sights), bool)
    # Row, way and digest fit one number, which makes the sort a fast one.
    identity = (sights["row"].astype(np.uint64) * np.uint64(2) + sights["way"]) << np.uint64(32)
    identity |= sights["digest"]
    order = np.argsort(identity, kind="stable")
    same = identity[order[1:]] == identity[order[:-1]]
    if not same.any():
        return found
    # Only rows with a likeness are worth a look: identical ones together, in frame order.
    order = np.sort(order[np.concatenate(([False], same)) | np.concatenate((same, [False]))])
    some, identity = sights[order], identity[order]
    alike = np.lexsort((some["ip_id"], some["payload"], identity))
    order, some, identity = order[alike], some[alike], identity[alike]
    new = (some["payload"][1:] != some["payload"][:-1]) | (some["ip_id"][1:] != some["ip_id"][:-1])
    group = np.cumsum(np.concatenate(([True], new | (identity[1:] != identity[:-1]))))
    copied = np.zeros(len(some), bool)
    at = np.arange(len(some))
    for lag in range(1, DUPLICATE_CANDIDATES + 1):
        at = at[at >= lag]
        before = at - lag
        near = (group[at] == group[before]) & (some["frame"][at] - some["frame"][before] <= DUPLICATE_FRAMES)
        at, before = at[near], before[near]
        if not len(at):
            break
        apart = np.abs(some["time"][at] - some["time"][before])
        limit = np.where(
            some["interface"][at] != some["interface"][before],
            DUPLICATE_ELSEWHERE,
            np.where(some["ip_id"][at] != 0, DUPLICATE_IDENTIFIED, DUPLICATE_UNIDENTIFIED),
        )
        hit = apart <= limit
        copied[at[hit]] = True
        at = at[~hit]
    found[order] = copied
    return found


class Plain:
    """Tells copies among packets that are looked at one by one, in frame order, by the rules above.

    ``Recent`` is the compiled one where it was built, else this one, its reference.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int, int], tuple[int, int]] = {}

    def is_copy(self, digest: int, wire: int, ip_id: int, time: int, interface: int) -> bool:
        """Whether the packet is a copy of one asked about before; the arguments are columns of PACKETS."""
        key = (digest, wire, ip_id)
        before = self._seen.get(key)
        if before is not None:
            if before[1] != interface:
                limit = DUPLICATE_ELSEWHERE
            else:
                limit = DUPLICATE_IDENTIFIED if ip_id else DUPLICATE_UNIDENTIFIED
            if abs(time - before[0]) <= limit:
                return True
        if len(self._seen) >= RECENT:
            for old in list(self._seen)[: RECENT // 2]:
                del self._seen[old]
        self._seen[key] = (time, interface)
        return False

    def copies(self, columns: Columns, rows: Array) -> bytearray:
        """Whether each packet in ``rows``, in order, is a copy, by the payload's announced length."""
        part = (columns[name][rows].tolist() for name in _SIGHT)
        return bytearray(self.is_copy(*one) for one in zip(*part, strict=True))


try:
    from analyzer.flowtable import fast as _fast

    Recent = _fast.Recent
except ImportError:  # built without a compiler, or for another Python
    Recent = Plain  # type: ignore[assignment, misc]
