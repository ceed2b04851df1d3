from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.flowtable import keys as module
from analyzer.tables import PACKETS, TCP


def table(*ends: tuple[int, int, int, int]) -> dict[str, np.ndarray]:
    """PACKETS with these (source, its port, destination, its port)."""
    columns = PACKETS.empty(len(ends))
    columns["transport"][:] = TCP
    columns["version"][:] = 4
    for row, (src, src_port, dst, dst_port) in enumerate(ends):
        columns["src_lo"][row], columns["dst_lo"][row] = src, dst
        columns["src_port"][row], columns["dst_port"][row] = src_port, dst_port
    return columns


def test_both_directions_have_one_key() -> None:
    columns = table((2, 80, 1, 99), (1, 99, 2, 80), (1, 80, 2, 99), (5, 7, 5, 8), (5, 8, 5, 7), (5, 7, 5, 7))
    found, ways = module.keys(columns, np.ones(6, bool))
    one, same, other, up, down, equal = module.as_bytes(found)
    assert one == same
    assert up == down
    assert len({one, other, up, equal}) == 4
    assert ways.tolist() == [1, 0, 0, 0, 1, 0]


def test_the_upper_half_decides_first() -> None:
    columns = table((1, 0, 2, 0))
    columns["src_hi"][0] = 1
    assert module.keys(columns, np.ones(1, bool))[1].tolist() == [1]


def test_ports_zero_are_not_ports_unknown() -> None:
    columns = table((1, 0, 2, 0), (1, 0, 2, 0), (1, 5, 2, 6))
    found, _ = module.keys(columns, np.array([True, False, False]))
    ported, bare, left_out = module.as_bytes(found)
    assert ported != bare
    assert bare == left_out


def test_bytes_and_back() -> None:
    found, _ = module.keys(table((1, 2, 3, 4), (5, 6, 7, 8)), np.ones(2, bool))
    assert module.KEY.itemsize == 42
    assert np.array_equal(module.as_table(module.as_bytes(found)), found)


@pytest.mark.parametrize("colliding", [False, True])
@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 5), max_size=30))
def test_groups_are_exact_whatever_the_hash(colliding: bool, members: list[int]) -> None:
    found, _ = module.keys(table(*((member, 1, 9, 1) for member in members)), np.ones(len(members), bool))
    with pytest.MonkeyPatch.context() as patch:
        if colliding:
            patch.setattr(module, "_mixed", lambda table: np.zeros(len(table), np.uint64))
        order, starts = module.grouped(found)
    groups = [group.tolist() for group in np.split(order, starts[1:])] if members else []
    expected: dict[int, list[int]] = {}
    for place, member in enumerate(members):
        expected.setdefault(member, []).append(place)
    assert sorted(groups) == sorted(expected.values())
