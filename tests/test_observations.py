"""The observers as one: what they want is picked once, what they tell comes in order."""

from __future__ import annotations

import pickle

from bacnetwire import Building, bvlc
from judging import BMS, GATEWAY, recognised

from analyzer.model import FindingKind, Severity
from analyzer.observations import Setting, observe, observers
from analyzer.picking import pick
from analyzer.visibility import Visibility


def test_a_new_set_for_each_analysis() -> None:
    assert {type(one) for one in observers()} == {type(one) for one in observers()}
    assert not set(map(id, observers())) & set(map(id, observers()))


def test_their_wants_travel_to_other_processes() -> None:
    wants = tuple(one.wants for one in observers())
    assert pickle.loads(pickle.dumps(wants)) == wants


def test_what_they_tell_is_a_warning_at_the_most() -> None:
    building = Building().say(0, BMS, GATEWAY, bvlc(5, b"\0\x3c")).say(0.1, GATEWAY, BMS, bvlc(0, b"\0\x30"))
    found = recognised(building)
    watching = observers()
    for one in watching:
        one.add(pick(building.packets(), [other.wants for other in watching]))
    (seen,) = observe(watching, Setting(found, Visibility(found)))
    assert (seen.kind, seen.severity, seen.flows) == (
        FindingKind.PROTOCOL_ERROR,
        Severity.WARNING,
        tuple(found),
    )


def test_nothing_watched_nothing_told() -> None:
    assert list(observe(observers(), Setting([], Visibility([])))) == []
