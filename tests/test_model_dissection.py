from __future__ import annotations

from analyzer.model import Dissection


def test_nothing_left_out_by_default() -> None:
    assert Dissection("1", "x", (), 0).remarks == ()
