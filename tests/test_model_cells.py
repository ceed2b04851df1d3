from __future__ import annotations

import numpy as np

from analyzer.model.cells import Addresses, Coded, Moments, Numbers


def test_each_distinct_value_is_there_once() -> None:
    column = Coded.of(["b", "a", "b", None])
    assert (column.codes.tolist(), list(column.values)) == ([0, 1, 0, 2], ["b", "a", None])
    assert column.each() == ["b", "a", "b", None]
    assert Coded.of([]).each() == []


def test_numbers_with_none_among_them_or_a_prefix() -> None:
    assert Numbers(np.array([0, -1, 7])).each() == [0, None, 7]
    assert Numbers(np.array([1, 20]), "f").each() == ["f1", "f20"]


def test_addresses_of_all_versions() -> None:
    column = Addresses(np.array([0x0A140115, -2, -1, 0xFFFFFFFF]), ["::1", "02:00:00:00:00:01"])
    assert column.each() == ["10.20.1.21", "02:00:00:00:00:01", "::1", "255.255.255.255"]


def test_points_in_time_are_numbers() -> None:
    assert Moments(np.array([-5, 5])).each() == [-5, 5]
