"""Who made an interface; without the extra, nobody knows."""

from __future__ import annotations

import sys

import pytest

from analyzer.census import vendors


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0017FC010203, "Suprema Inc."),  # IEEE MA-L registry
        (0x005056000001, "VMware, Inc."),
        (0x020000000001, "locally administered"),
        (0xFCFFFF010203, ""),
    ],
)
def test_the_registered_vendor(number: int, name: str) -> None:
    assert vendors.known()
    assert vendors.vendor(number) == name


def test_without_the_extra_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "netutils.mac", None)
    vendors._lookup.cache_clear()
    try:
        assert not vendors.known()
        assert vendors.vendor(0x0017FC010203) == ""
    finally:
        vendors._lookup.cache_clear()
