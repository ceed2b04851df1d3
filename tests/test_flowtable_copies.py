"""Frames seen twice, computed by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.flowtable import copies as module
from analyzer.flowtable.copies import DUPLICATE_CANDIDATES, DUPLICATE_FRAMES, SIGHT, Plain, Recent, copies
from analyzer.tables import PACKETS

US, MS = 1_000, 1_000_000


def sights(*rows: dict[str, int]) -> np.ndarray:
    """Sights of one flow and digest at frames 1, 2, 3 … unless a row says otherwise."""
    table = np.zeros(len(rows), SIGHT)
    table["frame"] = np.arange(1, len(rows) + 1)
    table["digest"], table["ip_id"], table["payload"] = 77, 1000, 12
    for place, row in enumerate(rows):
        for name, value in row.items():
            table[name][place] = value
    return table


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"time": 20 * MS}, True),
        ({"time": 20 * MS + 1}, False),
        ({"time": -20 * MS}, True),
        ({"time": 50 * MS, "interface": 3}, True),
        ({"time": 50 * MS + 1, "interface": 3}, False),
        ({"digest": 78}, False),
        ({"row": 1}, False),
        ({"way": 1}, False),
        ({"payload": 13}, False),
        ({"ip_id": 1001}, False),
        ({"frame": 1 + DUPLICATE_FRAMES}, True),
        ({"frame": 2 + DUPLICATE_FRAMES}, False),
    ],
)
def test_what_makes_a_copy(second: dict[str, int], expected: bool) -> None:
    assert copies(sights({}, second)).tolist() == [False, expected]


@pytest.mark.parametrize(("gap", "expected"), [(MS, True), (MS + 1, False)])
def test_without_identification_only_a_millisecond(gap: int, expected: bool) -> None:
    assert copies(sights({"ip_id": 0}, {"ip_id": 0, "time": gap})).tolist() == [False, expected]


def test_any_earlier_likeness_counts() -> None:
    # The third is 15 ms from the first at another interface, though too late after the second.
    table = sights(
        {"ip_id": 0},
        {"ip_id": 0, "time": 10 * MS, "interface": 1},
        {"ip_id": 0, "time": 15 * MS, "interface": 1},
    )
    assert copies(table).tolist() == [False, True, True]


def test_a_steady_sender_is_not_its_own_copy() -> None:
    # The same telegram each second for an hour, as a keep-alive without identification.
    table = sights(*({"ip_id": 0, "time": second * 1000 * MS} for second in range(3600)))
    assert not copies(table).any()


def test_time_that_runs_backwards_is_looked_through() -> None:
    table = sights({"time": 0}, {"time": 900 * MS}, {"time": 1 * MS})
    assert copies(table).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("between", "expected"), [(DUPLICATE_CANDIDATES - 1, True), (DUPLICATE_CANDIDATES, False)]
)
def test_a_flood_is_not_compared_with_all_of_itself(between: int, expected: bool) -> None:
    others = [{"time": number * 1000 * MS} for number in range(1, between + 1)]
    assert copies(sights({}, *others, {"time": 1})).tolist()[-1] is expected


def test_copies_of_many_packets_between_each_other() -> None:
    first = [{"digest": number, "time": number * US} for number in range(500)]
    again = [{"digest": number, "time": number * US + MS} for number in range(500)]
    assert copies(sights(*first, *again)).tolist() == [False] * 500 + [True] * 500


def test_nothing_is_no_copy() -> None:
    assert copies(sights()).tolist() == []
    assert copies(sights({})).tolist() == [False]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"time": 20 * MS}, True),
        ({"time": 20 * MS + 1}, False),
        ({"time": 50 * MS, "interface": 3}, True),
        ({"time": 50 * MS + 1, "interface": 3}, False),
        ({"ip_id": 0, "time": MS}, False),
        ({"digest": 78}, False),
        ({"wire": 13}, False),
    ],
)
@pytest.mark.parametrize("kind", [Plain, Recent])
def test_one_by_one(second: dict[str, int], expected: bool, kind: type[Plain]) -> None:
    first = {"digest": 77, "wire": 12, "ip_id": 1000, "time": 0, "interface": 0}
    recent = kind()
    assert not recent.is_copy(**first)
    assert recent.is_copy(**{**first, **second}) is expected


def test_one_by_one_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECENT", 20)
    recent = Plain()
    for number in range(100):
        assert not recent.is_copy(number, 12, 1, number, 0)
        assert recent.is_copy(number, 12, 1, number, 0)
    assert len(recent._seen) <= 20


SIGHTS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 1),
        st.sampled_from([0, 0, 7]),
        st.sampled_from([0, 1, 19, 21, 49, 51]),
        st.integers(0, 1),
    ),
    max_size=60,
)
"""Digest, payload, IP identification, ms since the packet before, interface."""


@settings(max_examples=80)
@given(sights=SIGHTS, cut=st.integers(0, 60))
def test_compiled_one_by_one_is_the_same(sights: list[tuple[int, ...]], cut: int) -> None:
    compiled, plain, time = Recent(), Plain(), 0
    for at, (digest, wire, ip_id, later, interface) in enumerate(sights):
        time += (later - 2) * MS
        if at == cut:
            compiled = pickle.loads(pickle.dumps(compiled))
        one = (digest, wire, ip_id, time, interface)
        assert compiled.is_copy(*one) == plain.is_copy(*one)


@pytest.mark.parametrize("kind", [Plain, Recent])
def test_a_batch_is_the_same_as_one_by_one(kind: type[Plain]) -> None:
    """Thrice as many as are remembered, and each again after so many that about half are forgotten."""
    count = 3 * module.RECENT
    columns = PACKETS.empty(count)
    columns["digest"][:] = np.arange(count) % (module.RECENT * 3 // 4)
    columns["ip_id"][:], columns["time"][:] = 5, np.arange(count)
    columns["payload_wire"][:] = columns["digest"].astype(np.int64) % 7
    rows = np.flatnonzero(np.arange(count) % 100)
    whole, single = kind(), Plain()
    expected = [
        single.is_copy(int(columns["digest"][row]), int(columns["payload_wire"][row]), 5, int(row), 0)
        for row in rows
    ]
    assert [bool(one) for one in whole.copies(columns, rows)] == expected
    assert True in expected[-100:]
    assert False in expected[module.RECENT :]


def test_times_at_both_ends() -> None:
    lowest, highest = -(1 << 63), (1 << 63) - 1
    for kind in (Plain, Recent):
        recent = kind()
        assert [recent.is_copy(1, 1, 1, time, 0) for time in (lowest, highest, lowest, lowest + 1)] == [
            *(False, False, False, True)
        ]
