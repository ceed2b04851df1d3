"""Requests that wait for a refusal: the latest, each taken once, in the order in which they came."""

from __future__ import annotations

import numpy as np
import pytest
from bacnetwire import Building, request, unicast
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import BMS, GATEWAY

from analyzer.observations.bacnet import waiting as module
from analyzer.observations.bacnet.pick import COMPILED
from analyzer.observations.bacnet.waiting import Waiting

COLUMNS = ("frame", "time", "version", "src_lo", "dst_port", "digest", "payload")


def filled(cuts: list[list[int]], columns: tuple[str, ...] = ("frame",), *, compiled: bool = True) -> Waiting:
    """Requests with these keys, batch by batch; the number of each is its invoke id."""
    held, number = Waiting(columns, 12, compiled=compiled), 0
    for keys in cuts:
        building = Building()
        for at, _ in enumerate(keys):
            building.say(at, BMS, GATEWAY, unicast(request((number + at) % 256)))
        held.add(building.packets(), np.arange(len(keys)), np.array(keys, np.uint64))
        number += len(keys)
    return held


def invokes(held: Waiting, key: int) -> list[int]:
    """BVLC 4 bytes, NPDU 2, APDU type and sizes 2: the invoke id is the ninth byte."""
    return [data[8] for _, data in held.take(key)]


def test_by_key_in_order_and_once() -> None:
    held = filled([[7, 8], [], [7]])
    assert (invokes(held, 9), invokes(held, 7), invokes(held, 7), invokes(held, 8)) == ([], [0, 2], [], [1])
    assert len(held) == 0


def test_the_columns_of_each() -> None:
    assert [row for row, _ in filled([[7, 8, 7]]).take(7)] == [(1,), (3,)]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(st.integers(1, 4), max_size=9), max_size=12))
def test_the_latest_are_kept(cuts: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEPT", 8)
        held, plain = (filled(cuts, COLUMNS, compiled=compiled) for compiled in (True, False))
        assert all((held._columns[name] == plain._columns[name]).all() for name in COLUMNS)
    every = [key for keys in cuts for key in keys]
    assert len(held) <= 16
    for key in range(1, 5):
        told = [number for number, one in enumerate(every) if one == key]
        found = invokes(held, key)
        assert found == told[len(told) - len(found) :]
        assert set(found) >= {number for number in told if number >= len(every) - 8}


def test_what_does_not_fit_is_refused() -> None:
    if COMPILED is None:
        pytest.skip("the compiled part was not built (no C compiler)")
    frames, rows = {"frame": np.arange(3)}, np.array([2, 0])
    kept = {"frame": np.zeros(4, np.int64)}
    COMPILED.keep(frames, rows, kept, 2)
    assert kept["frame"].tolist() == [0, 0, 2, 0]
    for begin in (-1, 3):
        with pytest.raises(ValueError, match="no room for frame"):
            COMPILED.keep(frames, rows, kept, begin)
    with pytest.raises(ValueError, match="no room for frame"):
        COMPILED.keep(frames, rows, {"frame": np.zeros(4, np.int32)}, 0)
    for row in (-1, 3):
        with pytest.raises(IndexError):
            COMPILED.keep(frames, np.array([row]), kept, 0)
