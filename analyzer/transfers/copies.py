"""Recognises a packet that is a copy of one seen just before (a mirror of both directions).

The rules are the flow table's, applied to the few packets that a carrier looks at.
"""

from __future__ import annotations

from typing import Final

from analyzer.flowtable.copies import (
    DUPLICATE_ELSEWHERE,
    DUPLICATE_IDENTIFIED,
    DUPLICATE_UNIDENTIFIED,
)

SIGHTS: Final = 8192
"""Packets remembered."""


class Copies:
    """The packets seen last."""

    def __init__(self) -> None:
        self._sights: dict[tuple[int, int, int], tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._sights)

    def has(self, digest: int, wire: int, ip_id: int, time: int, interface: int) -> bool:
        """Whether the packet is a copy; if not, it is remembered. Time in ns."""
        key = (digest, wire, ip_id)
        before = self._sights.get(key)
        if before is not None:
            if before[1] != interface:
                limit = DUPLICATE_ELSEWHERE
            else:
                limit = DUPLICATE_IDENTIFIED if ip_id else DUPLICATE_UNIDENTIFIED
            if abs(time - before[0]) <= limit:
                return True
        if len(self._sights) >= SIGHTS:
            for old in list(self._sights)[: SIGHTS // 2]:
                del self._sights[old]
        self._sights[key] = (time, interface)
        return False
