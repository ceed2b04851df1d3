"""The values of a comparison of two capture points."""

from __future__ import annotations

from analyzer.model import Pair, Path, Way


def test_what_was_not_seen_is_zero_and_what_is_not_known_none() -> None:
    path = Path("unknown", None, "why")
    assert path.to_gateway == path.to_node == Way(0, 0, 0, 0)
    pair = Pair(False, "why", "a", "b")
    assert (pair.offset, pair.uncertainty, pair.begin) == (None, None, None)
