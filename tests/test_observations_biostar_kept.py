"""Connections that are given up after a while: what is told of the others is what was told of all."""

from __future__ import annotations

import pickle

import pytest
from doorwire import CLIENT, DOOR, DOOR2, SERVER, SITE, Doors
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import recognised
from test_observations_biostar_observer import story
from test_observations_biostar_sessions import closing

from analyzer import site as sites
from analyzer.directory import Directory
from analyzer.observations import Setting
from analyzer.observations.biostar import sessions
from analyzer.observations.biostar.kept import EACH, kept
from analyzer.observations.biostar.link import Link
from analyzer.observations.biostar.upgrades import upgrades
from analyzer.rulesets import load
from analyzer.visibility import Visibility

SECOND = 10**9
DAY = 86_400 * SECOND


def setting(doors: Doors) -> Setting:
    sheets = load()
    roles = {role for sheet in sheets for role in sheet.subjects}
    modes = {edition.mode for sheet in sheets for edition in sheet.editions if edition.mode}
    hosts = [sites.parse_host(option, roles, modes) for option in SITE]
    place = sites.combine(None, hosts, ())
    found = recognised(doors)
    return Setting(found, Visibility(found), Directory(place.hosts))


def told(links: list[Link], where: Setting) -> list[tuple[object, ...]]:
    return [(one.kind, one.severity, one.key, one.detail) for one in sessions.tell(links, where)]


def later(links: list[Link]) -> list[Link]:
    """What stays of the connections a day later; those given are left as they are."""
    copies = pickle.loads(pickle.dumps(links))
    return kept(copies, max(link.last for link in copies) + DAY)


@pytest.mark.parametrize("count", [3, 40])
def test_closed_at_once(count: int) -> None:
    doors = closing(count, reset=True)
    links, where = doors.observer().links, setting(doors)
    few = later(links)
    assert len(links) == count
    assert len(few) == min(count, EACH + 1)
    assert told(few, where) == told(links, where)
    assert f"{count} connections" in str(told(few, where))
    assert f"{count} by RST" in str(told(few, where))


def test_two_at_a_time_are_two_when_most_are_forgotten() -> None:
    doors = Doors()
    for number in range(20):
        at = number * 1000
        one = doors.connect_to(at, DOOR, SERVER, 1480).alive(at + 1, at + 900)
        other = doors.connect_to(at + 950, DOOR, SERVER, 1480).alive(at + 951, at + 990)
        one.close(at + 910, 0)
        other.close(at + 995, 0)
    at = 50_000.0
    for _ in range(2):  # once it held two
        doors.connect_to(at, DOOR, SERVER, 1480).alive(at + 1, at + 400).close(at + 410, 0)
    for number in range(20):
        at = 60_000 + number * 1000
        doors.connect_to(at, DOOR, SERVER, 1480).alive(at + 1, at + 900).close(at + 910, 0)
    links, where = doors.observer().links, setting(doors)
    few = later(links)
    assert len(few) < 20 < len(links)
    assert "alone" not in str(told(links, where))
    assert told(few, where) == told(links, where)


def test_a_silence_that_was_none_stays_none() -> None:
    doors = Doors()
    for number in range(30):
        at = number * 1000
        for begin, end in ((at + 5, at + 300), (at + 600, at + 900)):  # heard on the other one in between
            doors.connect_to(begin, DOOR, SERVER, 1480).alive(begin + 1, end).say(at + 910, 0).close(
                at + 915, 0
            )
        doors.connect_to(at + 4, DOOR, SERVER, 1480).alive(at + 10, at + 950).close(at + 960, 0)
    links, where = doors.observer().links, setting(doors)
    few = later(links)
    assert len(few) < len(links) / 3
    assert told(few, where) == told(links, where)


def test_an_upgrade_keeps_what_follows_it() -> None:
    doors = Doors()
    for number in range(10):
        at = number * 5000
        doors.connect_to(at, DOOR, SERVER, 1480).bulk(at + 5, 1, 300_000).close(at + 20, 0)
        doors.connect_to(at + 60, DOOR, SERVER, 1480).alive(at + 61, at + 900).close(at + 901, 0)
    links, where = doors.observer().links, setting(doors)
    few = later(links)
    assert len(upgrades(links, where)) == 10
    assert {attempt.outcome for attempt in upgrades(few, where)} == {"succeeded"}
    assert 4 <= len(upgrades(few, where)) <= 5


def test_what_goes_on_stays() -> None:
    doors = Doors()
    for number in range(20):
        doors.connect_to(number, CLIENT, DOOR2, 1471).say(number + 0.1, 0)
    links = doors.observer().links
    copies = pickle.loads(pickle.dumps(links))
    assert kept(copies, max(link.last for link in links) + 3600 * SECOND) == links


@settings(deadline=None, max_examples=8)
@given(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=3))
def test_what_is_told_of_a_few_is_what_is_told_of_all(seeds: list[int]) -> None:
    doors = Doors()
    for number, seed in enumerate(seeds):
        doors.frames += [(at + number * 5000, frame) for at, frame in story(seed).frames]
    links, where = doors.observer().links, setting(doors)
    if not links:
        return
    few = later(links)
    assert [one[:3] for one in told(few, where)] == [one[:3] for one in told(links, where)]
    again = later(few)
    assert len(again) == len(few)
