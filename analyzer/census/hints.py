"""What the maker of a network interface says of a role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analyzer.census import vendors
from analyzer.census.links import Links
from analyzer.infer.roles import Hint

MAKERS: Final = {"suprema": "biostar-device"}
"""Makers of equipment that only has one role, as they are registered (IEEE MA-L), in lower case."""
MADE: Final = 10.0
"""More than most services say."""


def hints(links: Links) -> Iterator[Hint]:
    """Hosts whose own interface was made by a vendor of the sheets."""
    for address, macs in links.claimed.items():
        for number in macs:
            maker = vendors.vendor(number)
            for word, role in MAKERS.items():
                if word in maker.lower():
                    yield Hint(address, role, MADE, f"its interface was made by {maker}")
