"""Addresses of one role as a site file would have them: a network where the role fills it, else ranges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from analyzer.addresses import Address, text

MANY: Final = 4
"""Hosts of one role in a /24 from which on the /24 is written: the next node of the floor is one too."""
_PREFIX: Final = 24


def fold(members: Iterable[Address], strangers: Collection[Address] = frozenset()) -> tuple[str, ...]:
    """Networks, ranges and addresses that hold every one of ``members`` and none of ``strangers``.

    Only a /24 holds more than ``members``.
    """
    subnets: dict[tuple[int, int], list[Address]] = defaultdict(list)
    for member in sorted(set(members)):
        subnets[member[0], member[2] >> 8 if member[0] == 4 else -1].append(member)
    taken = {address[2] >> 8 for address in strangers if address[0] == 4}
    found: list[str] = []
    for (version, subnet), held in subnets.items():
        if version == 4 and len(held) >= MANY and subnet not in taken:
            found.append(f"{text(4, 0, subnet << 8)}/{_PREFIX}")
        else:
            found += _ranges(held)
    return tuple(found)


def _ranges(members: Iterable[Address]) -> list[str]:
    """Three and more addresses that follow each other as ``a-b``."""
    runs: list[list[Address]] = []
    for member in members:
        if runs and _number(member) == _number(runs[-1][-1]) + 1:
            runs[-1].append(member)
        else:
            runs.append([member])
    found: list[str] = []
    for run in runs:
        whole = len(run) >= 3
        found += [f"{text(*run[0])}-{text(*run[-1])}"] if whole else [text(*member) for member in run]
    return found


def _number(address: Address) -> int:
    return address[1] << 64 | address[2]
