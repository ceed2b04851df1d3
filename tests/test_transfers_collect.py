"""One way for every packet: picked, then gathered."""

from __future__ import annotations

import pytest
from test_transfers_tftp_endings import CASES
from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.transfers import Collector, Picker, draw


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_segments_say_the_same_as_one_go(size: int) -> None:
    frames = sorted(CASES["data blocked"][0].frames, key=lambda item: item[0])
    whole, segmented = Collector(), Collector()
    whole.add(decode(make_batch(frames), 1))
    for begin in range(0, len(frames), size):
        part = decode(make_batch(frames[begin : begin + size]), 1)
        segmented.take(Picker(begin > 0)(part).shifted(begin))
    assert (segmented.begin, segmented.end) == (whole.begin, whole.end)
    assert draw(segmented, lambda *_: ()) == draw(whole, lambda *_: ())


def test_a_new_capture_begins_to_pick_afresh() -> None:
    collector = Collector()
    before = collector._picker
    collector.begin_capture()
    assert collector._picker is not before
