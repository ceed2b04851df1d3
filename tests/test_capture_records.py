"""pcap records one by one: walking, doubting, proving, and finding the next past damage."""

from __future__ import annotations

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
