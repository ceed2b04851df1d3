"""The watcher of BACnet tells what its observer tells, which is made for BACnet alone."""

from __future__ import annotations

from bacnetwire import Building, bvlc
from judging import BMS, GATEWAY, recognised

from analyzer.observations import Setting, Watching
from analyzer.observations.bacnet import BEHAVIOUR
from analyzer.visibility import Visibility


def test_it_is_made_by_the_first_message_worth_a_look() -> None:
    building = Building().say(0, BMS, GATEWAY, bvlc(5, b"\0\x3c")).say(0.1, GATEWAY, BMS, bvlc(0, b"\0\x30"))
    other = Building()
    other.coap(0, BMS, GATEWAY, mid=1)
    watching = Watching(BEHAVIOUR.observer)
    watching.add(other.packets())
    assert watching.made is None
    watching.add(building.packets())
    found = recognised(building)
    setting = Setting(found, Visibility(found))
    assert watching.made is not None
    assert list(watching.made.observe(setting)) == list(building.observer().observe(setting)) != []
    assert watching.made.attempts(setting) == ()
