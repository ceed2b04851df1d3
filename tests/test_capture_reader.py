"""What the readers share."""

from __future__ import annotations

import struct

import numpy as np

from analyzer.capture.reader import Problems, clamp, gather, table
from analyzer.tables import FRAMES


def test_problems_are_one_of_each_code() -> None:
    problems = Problems()
    problems.packets = 4
    problems.add("b", "first")
    problems.packets = 9
    problems.add("a", "other", damage=False)
    problems.add("b", "second", frame=1)
    assert [(p.code, p.detail, p.frame, p.count, p.damage) for p in problems.listed()] == [
        ("b", "first", 5, 2, True),
        ("a", "other", 10, 1, False),
    ]


def test_gather_reads_unaligned_words_and_stops_at_the_end() -> None:
    buffer = b"\xff" + struct.pack(">III", 1, 2, 3)
    words = gather(buffer, np.array([1, 5, 9]), 2, ">")
    assert words.shape == (3, 2)
    assert words[:, 0].tolist() == [1, 2, 3]
    assert words[:2, 1].tolist() == [2, 3]


def test_table_is_frames_and_wire_is_never_below_captured() -> None:
    made = table(
        offset=np.array([0, 4]),
        captured=np.array([4, 8]),
        wire=np.array([2, 9]),
        time=7,
        link_type=1,
        interface=0,
    )
    FRAMES.check(made)
    assert made["wire"].tolist() == [4, 9]
    assert made["time"].tolist() == [7, 7]


def test_clamp() -> None:
    assert [clamp(value) for value in (-(2**70), -5, 2**63)] == [-(2**63), -5, 2**63 - 1]
