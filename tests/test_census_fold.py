"""Addresses as a site file has them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import addresses
from analyzer.census.fold import fold
from analyzer.directory import span


def at(*texts: str) -> list[tuple[int, int, int]]:
    return [addresses.parse(text) for text in texts]


@pytest.mark.parametrize(
    ("members", "strangers", "folded"),
    [
        (["10.20.1.21"], [], ("10.20.1.21",)),
        (["10.20.1.21", "10.20.1.22"], [], ("10.20.1.21", "10.20.1.22")),
        (["10.20.1.21", "10.20.1.22", "10.20.1.23"], [], ("10.20.1.21-10.20.1.23",)),
        ([f"10.20.1.{n}" for n in (3, 9, 40, 200)], [], ("10.20.1.0/24",)),
        ([f"10.20.1.{n}" for n in (3, 4, 5, 200)], ["10.20.1.9"], ("10.20.1.3-10.20.1.5", "10.20.1.200")),
        (
            [f"10.20.1.{n}" for n in (3, 9, 40, 200)] + ["10.20.2.1"],
            ["10.20.2.9"],
            ("10.20.1.0/24", "10.20.2.1"),
        ),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3"], [], ("2001:db8::1-2001:db8::3",)),
    ],
)
def test_folds(members: list[str], strangers: list[str], folded: tuple[str, ...]) -> None:
    assert fold(at(*members), at(*strangers)) == folded


small = st.tuples(st.integers(0, 2), st.integers(0, 12)).map(lambda pair: f"10.0.{pair[0]}.{pair[1]}")


@given(st.sets(small, min_size=1, max_size=20), st.sets(small, max_size=4))
def test_every_member_and_no_stranger(members: set[str], strangers: set[str]) -> None:
    strangers -= members
    spans = [span(network) for network in fold(at(*members), at(*strangers))]

    def held(text: str) -> bool:
        return any(one.first <= int(ipaddress.ip_address(text)) <= one.last for one in spans)

    assert all(map(held, members))
    assert not any(map(held, strangers))
