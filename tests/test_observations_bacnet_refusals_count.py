"""Which request a refusal answers, and what is counted once."""

from __future__ import annotations

from bacnetwire import (
    COV,
    Building,
    answer,
    reject,
    request,
    unicast,
)
from judging import BMS, GATEWAY
from refusing import NAK, only, registered


def test_a_reject_whose_request_is_not_here() -> None:
    building = Building().say(0, GATEWAY, BMS, unicast(reject(1, 4)))
    finding = only(building)
    assert f"answers a request of {BMS} with a Reject" in finding.title
    assert finding.detail.endswith("the beginning of the request is not in this capture")


def test_copies_of_a_mirror_are_counted_once() -> None:
    building = registered(NAK)
    building.frames += [(at + 0.001, frame) for at, frame in building.frames]
    assert "once" in only(building).detail


def test_an_answer_that_comes_much_later_is_of_another_request() -> None:
    building = Building().say(0, BMS, GATEWAY, unicast(request(1)))
    building.say(61, GATEWAY, BMS, unicast(reject(1, 4)))
    assert "ReadProperty" not in only(building).title


def test_an_answered_request_is_forgotten_for_the_next_one() -> None:
    building = (
        Building()
        .say(0, BMS, GATEWAY, unicast(request(1, 15)))
        .say(0.1, GATEWAY, BMS, unicast(answer(1, 15)))
    )
    building.say(1, BMS, GATEWAY, unicast(request(1, COV))).say(1.1, GATEWAY, BMS, unicast(reject(1, 4)))
    assert "SubscribeCOV" in only(building).title
