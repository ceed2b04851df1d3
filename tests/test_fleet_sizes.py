"""Sizes: what people write, and what is none."""

from __future__ import annotations

import pytest

from analyzer.fleet.sizes import bytes_of


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("500000", 500_000),
        (" 64MB ", 64_000_000),
        ("64 mb", 64_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("256 M", 268_435_456),
        ("1tb", 10**12),
        ("0.5 kiB", 512),
    ],
)
def test_sizes_are_read_as_they_are_written(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "1 XB", "1e9", "MB", "1,5 MB", "0.1", "\u0661"])
def test_what_is_no_size_is_told(text):
    with pytest.raises(ValueError, match="is no size"):
        bytes_of(text)
