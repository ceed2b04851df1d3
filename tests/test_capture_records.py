"""pcap records one by one: walking, doubting, proving, and finding the next past damage."""

from __future__ import annotations

import struct
from typing import Any

from captures import pcap

from analyzer.capture import records as module


def test_walk_says_why_it_stopped() -> None:
    data = pcap([(10**18, b"abcd"), (10**18, b"ef")])
    layout = module.Layout(data[:24])
    assert module.walk(data, 24, layout, 1, False) == ([24], 44, module.FULL, 0)
    assert module.walk(data, 24, layout, 9, False) == ([24, 44], 62, module.SHORT, 16)
    assert module.walk(data[:-1], 24, layout, 9, False) == ([24], 44, module.SHORT, 18)


def test_walk_doubts_what_a_writer_hardly_ever_does() -> None:
    second = 10**9
    odd = {
        module.LENGTHS: (10**18, b"abcd", 9),
        module.EMPTY: (10**18, b""),
        module.TIME: (10**18 + (module.DAY + 1) * second, b"abcd"),
    }
    for what, frame in odd.items():
        data = pcap([(10**18, b"first"), frame])
        layout = module.Layout(data[:24])
        for doubts in (what, 15):
            assert module.walk(data, 24, layout, 9, True, None, doubts) == ([24], 45, module.DOUBTED, 0)
        assert module.walk(data, 24, layout, 9, True, None, 15 & ~what)[0] == [24, 45]
        assert module.walk(data, 45, layout, 9, True, 10**9, 15, 45)[0] == [45]
        assert module.oddities(data, 45, layout, 10**9) == what


def head(seconds: int, captured: int) -> bytes:
    return struct.pack("<IIII", seconds, 5, captured, captured)


def maze(seconds: int, starts: int, chain: int) -> bytes:
    """Words of which every second two begin what may be a record, all of which lead into one chain of records
    that ends at what is none."""
    words = ((starts - place) * 8 - 8 or 1 for place in range(starts))
    lead = b"".join(struct.pack("<II", word, word) for word in words)
    return lead + (head(seconds, 16) + head(seconds, 16)) * chain + b"\xff" * 200


def test_a_small_record_does_not_prove_itself() -> None:
    buffer = b"x" + head(10**9, 1) + b"y" + b"\xff" * 40
    assert module.search(buffer, 0, module.Layout(pcap([])), 10**9) is None


def test_a_maze_costs_a_search_no_more_than_its_length(monkeypatch) -> None:
    layout, looks = module.Layout(pcap([])), 0
    original = module.oddities

    def counted(*given: Any) -> int:
        nonlocal looks
        looks += 1
        return original(*given)

    monkeypatch.setattr(module, "oddities", counted)
    far = maze(16, 2000, 900)
    assert module.search(far, 0, layout, 10**9) is None
    assert 2000 < looks < len(far), "as long as the buffer, not as the ways through it"
    looks = 0
    near = head(10**9, 0) + maze(10**9, 0, 2000)
    assert module.inside(near, len(near) - 100, layout, 10**9, 0) is None
    assert 2000 < looks < len(near)


def test_what_leads_nowhere_is_left_alone_and_what_stands_behind_it_is_found() -> None:
    layout = module.Layout(pcap([]))
    records = (head(10**9, 4) + b"abcd") * 3
    buffer = maze(16, 50, 900) + records
    assert module.search(buffer, 0, layout, 10**9) == (len(buffer) - len(records), None)
