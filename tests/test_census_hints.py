"""The maker of an interface speaks for a role."""

from __future__ import annotations

from analyzer import addresses
from analyzer.census.hints import MADE, hints
from analyzer.census.links import Links
from analyzer.infer.roles import Hint

DOOR = addresses.parse("10.20.3.11")


def test_a_vendors_own_interface_is_its_device() -> None:
    links = Links()
    links.claimed = {DOOR: {0x0017FC010203: 1}, addresses.parse("10.20.3.12"): {0x005056000001: 2}}
    assert list(hints(links)) == [
        Hint(DOOR, "biostar-device", MADE, "its interface was made by Suprema Inc.")
    ]


def test_a_mac_that_a_router_may_have_put_there_says_nothing() -> None:
    links = Links()
    links.carried = {DOOR: {0x0017FC010203: 1}}
    assert list(hints(links)) == []
