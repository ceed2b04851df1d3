"""ICMP errors by what they quote, computed by hand."""

from __future__ import annotations

import numpy as np

from analyzer.flowtable import errors
from analyzer.tables import PACKETS, QUOTES, UDP, Packets, QuotedError


def batch(frame: int, *quoted: tuple[int, int]) -> Packets:
    """ICMP port unreachable from 10.0.0.9, one a frame, each quoting UDP between two ports of a host."""
    columns, quotes = PACKETS.empty(len(quoted)), QUOTES.empty(len(quoted))
    columns["frame"][:] = np.arange(frame, frame + len(quoted))
    columns["time"][:] = columns["frame"] * 1000
    columns["version"][:], columns["icmp"][:], columns["src_lo"][:] = 4, 0x0303, 0x0A000009
    quotes["row"][:], quotes["version"][:], quotes["transport"][:] = np.arange(len(quoted)), 4, UDP
    for name in ("src_lo", "dst_lo"):
        quotes[name][:] = 0x0A000001
    for row, (source, target) in enumerate(quoted):
        quotes["src_port"][row], quotes["dst_port"][row] = source, target
    return Packets(columns, quotes, b"")


def test_errors_of_a_kind_are_counted_and_shown_by_flow() -> None:
    found: errors.Errors = {}
    errors.add(found, batch(1))
    assert found == {}
    errors.add(found, batch(3, (1, 2), (2, 1), (1, 2), (7, 8)))
    keys = list(dict.fromkeys(error[0] for error in found))
    rows = {keys[0]: 5}  # of 7 and 8 there is no flow
    assert errors.strays(found, rows) == 1
    # The flow's first packet went from port 2 to port 1.
    opener = np.array([0, 0, 0, 0, 0, 1])
    reporter = (4, 0, 0x0A000009)
    assert errors.by_row(found, rows, opener) == {
        5: (
            QuotedError(False, 4, 3, 3, reporter, 2, 3, 5, 3000),
            QuotedError(True, 4, 3, 3, reporter, 1, 4, 4, 4000),
        )
    }


def test_parts_and_frames_that_count_from_later_on() -> None:
    whole: errors.Errors = {}
    errors.add(whole, batch(1, (1, 2), (1, 2), (7, 8)))
    first: errors.Errors = {}
    later: errors.Errors = {}
    errors.add(first, batch(1, (1, 2)))
    errors.add(later, batch(1, (1, 2), (7, 8)))
    errors.shift(later, 1)
    errors.merge(first, later)
    assert [entry[:3] for entry in first.values()] == [entry[:3] for entry in whole.values()]
    assert [entry[:3] for entry in whole.values()] == [[2, 1, 2], [1, 3, 3]]
