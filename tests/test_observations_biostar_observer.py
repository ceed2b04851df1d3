"""The observer of BioStar: any packets, any cut into batches, picked or whole, give the same connections."""

from __future__ import annotations

import random

import pytest
from doorwire import CLIENT, DOOR, DOOR2, SERVER, Doors
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.addresses import parse
from analyzer.observations.biostar import observer


def story(seed: int) -> Doors:
    """Connections at the same time; a port is used again two seconds after its last one at the earliest."""
    draw, doors = random.Random(seed), Doors()
    pairs = ((DOOR, SERVER, 1480), (CLIENT, DOOR2, 1471), (DOOR2, SERVER, 1480))
    free = dict.fromkeys(pairs, 0.0)
    for _ in range(6):
        pair = draw.choice(pairs)
        again = draw.random() < 0.5
        at = free[pair] + 2 if again else draw.uniform(0, 300)
        isn = round(at * 1000)
        session = doors.connect_to(at, *pair, source=50000 if again else 0, isn=isn)
        for _ in range(draw.randrange(12)):
            at += draw.choice((0.01, 0.3, 2, 40, 150))
            session.say(at, draw.randrange(2), bytes(draw.randrange(1, 1400)))
        if draw.random() < 0.7:
            session.close(at + 1, draw.randrange(2), reset=draw.random() < 0.5)
        if again:
            free[pair] = at + 2
    return doors


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 200), max_size=5), picked=st.booleans())
def test_batches_do_not_matter(seed: int, cuts: list[int], picked: bool) -> None:
    doors = story(seed)
    assert doors.observer(tuple(cuts), picked=picked).links == doors.observer().links


def test_a_port_used_again_is_another_connection() -> None:
    doors = Doors()
    for at in (0, 100):
        doors.connect_to(at, DOOR, SERVER, 1480, source=50000, isn=1000 + at)
    first, second = doors.observer().links
    assert (first.begun < second.begun, first.opener) == (True, second.opener)


def test_a_connection_begun_before_the_capture() -> None:
    doors = Doors()
    session = doors.connect_to(0, DOOR, SERVER, 1480)
    session.say(1, 1)
    doors.frames = doors.frames[3:]
    (link,) = doors.observer().links
    assert (link.opened, link.opener[0], link.listener[1]) == (
        False,
        session.ends[0] and link.opener[0],
        1480,
    )
    assert link.established


def test_a_capture_that_begins_with_the_answer_to_a_syn() -> None:
    doors = Doors()
    doors.connect_to(0, DOOR, SERVER, 1480)
    doors.frames = doors.frames[1:]
    (link,) = doors.observer().links
    assert (link.opened, link.established, link.listener[1]) == (True, True, 1480)


def test_a_scan_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer, "LINKS", 5)
    doors = Doors()
    for number in range(30):
        doors.connect_to(number, CLIENT, f"10.20.3.{number + 1}", 1470)
    assert len(doors.observer().links) == 5


def test_the_ends_of_connections() -> None:
    doors = Doors()
    doors.connect_to(0, DOOR, SERVER, 1480, source=50000)
    assert list(doors.observer().ends()) == [("tcp", (parse(DOOR), 50000), (parse(SERVER), 1480))]
