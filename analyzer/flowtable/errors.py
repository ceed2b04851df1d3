"""ICMP errors, by the packets that they quote."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np

from analyzer.flowtable import keys as key
from analyzer.tables import Packets, QuotedError

Array = np.ndarray[Any, Any]

Errors = dict[tuple[bytes, int, int, int, int, int], list[int]]
"""KEY and way of what is quoted, version, ICMP type * 256 + code and both halves of the reporter's address →
count, first frame, last frame, time of the first."""

_REPORT: Final = ("frame", "time", "version", "icmp", "src_hi", "src_lo")
"""Columns of an ICMP error's own packet that a QuotedError tells."""


class Rows(Protocol):
    """KEYs → rows."""

    def __contains__(self, one: bytes, /) -> bool:
        """Whether a flow has the KEY."""

    def get(self, one: bytes, /) -> int | None:
        """Its row."""


def add(errors: Errors, packets: Packets) -> None:
    """Count the errors of a batch, which follows what was counted before."""
    quotes, columns = packets.quotes, packets.columns
    if not len(quotes["row"]):
        return
    table, ways = key.keys(quotes, key.ported(quotes["transport"]))
    reports = {name: columns[name][quotes["row"]].tolist() for name in _REPORT}
    for place, quoted in enumerate(key.as_bytes(table)):
        frame, time, version, icmp, hi, lo = (reports[name][place] for name in _REPORT)
        _count(errors, (quoted, int(ways[place]), version, icmp, hi, lo), 1, frame, frame, time)


def merge(errors: Errors, later: Errors) -> None:
    """Count what comes later, too."""
    for error, entry in later.items():
        _count(errors, error, *entry)


def _count(
    errors: Errors, error: tuple[bytes, int, int, int, int, int], count: int, first: int, last: int, time: int
) -> None:
    entry = errors.setdefault(error, [0, first, last, time])
    entry[0] += count
    entry[2] = last


def shift(errors: Errors, frames: int) -> None:
    """Count frames from ``frames`` later on."""
    for entry in errors.values():
        entry[1] += frames
        entry[2] += frames


def strays(errors: Errors, rows: Rows) -> int:
    """How many quote a packet of no flow."""
    return sum(entry[0] for error, entry in errors.items() if error[0] not in rows)


def by_row(errors: Errors, rows: Rows, opener: Array) -> dict[int, tuple[QuotedError, ...]]:
    """The errors that quote each row, if any do, in order of their frames; ``opener`` is the way from A."""
    gathered: dict[int, list[QuotedError]] = {}
    for (quoted, way, version, icmp, hi, lo), (count, first, last, time) in errors.items():
        row = rows.get(quoted)
        if row is not None:
            from_a = way == int(opener[row])
            error = QuotedError(
                from_a, version, icmp >> 8, icmp & 0xFF, (version, hi, lo), count, first, last, time
            )
            gathered.setdefault(row, []).append(error)
    return {
        row: tuple(sorted(some, key=lambda error: error.first_frame))
        for row, some in sorted(gathered.items())
    }
