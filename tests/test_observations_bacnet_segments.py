"""Segmented messages: whole, refused, cut short by the network, or cut short by the capture."""

from __future__ import annotations

import pytest
from bacnetwire import (
    READ_MULTIPLE,
    Building,
    abort,
    answer,
    request,
    request_segment,
    segment,
    segment_ack,
    unicast,
)
from judging import BMS, GATEWAY, OTHER, judged

from analyzer.model import Finding, FindingKind, Severity

NOTE, WARNING = Severity.NOTE, Severity.WARNING


def asked() -> Building:
    return Building().say(0, BMS, GATEWAY, unicast(request(9, READ_MULTIPLE)))


def answered(*segments: bytes, until: float = 100) -> Building:
    """Segments of the answer, each acknowledged unless it is marked by an empty byte string after it."""
    building = asked()
    for number, piece in enumerate(segments):
        building.say(0.1 + number, GATEWAY, BMS, unicast(piece))
    return building.coap(until, GATEWAY, OTHER)


def acknowledged(count: int, *, last: bool) -> Building:
    building = asked()
    for number in range(count):
        more = not (last and number == count - 1)
        building.say(0.1 + number, GATEWAY, BMS, unicast(segment(9, number % 256, more=more)))
        building.say(0.2 + number, BMS, GATEWAY, unicast(segment_ack(9, number % 256)))
    return building


def told(building: Building) -> list[Finding]:
    return [f for f in judged(building).findings if "segmented" in f.title]


def test_a_whole_answer_in_segments() -> None:
    building = acknowledged(5, last=True)
    assert judged(building.coap(100, GATEWAY, OTHER)).findings == ()
    assert building.observer().segments.complete == 1


def test_numbers_begin_again_after_255() -> None:
    building = acknowledged(300, last=True)
    state = building.observer().segments
    assert (state.complete, [held.repeated for held in state.open.values()]) == (1, [0])


def test_an_answer_that_is_never_acknowledged() -> None:
    (finding,) = told(answered(*[segment(9, 0)] * 4))
    assert (finding.kind, finding.severity) == (FindingKind.FAILING_FLOW, WARNING)
    assert finding.title == f"the segmented answer to ReadPropertyMultiple from {GATEWAY} to {BMS} never ends"
    assert "up to number 0, none was acknowledged, 3 sent again" in finding.detail
    assert finding.frames == (2, 3, 4, 5)


def test_an_answer_that_stops_half_way_without_repetition_is_a_note() -> None:
    (finding,) = told(acknowledged(3, last=False).coap(100, GATEWAY, OTHER))
    assert finding.severity is NOTE
    assert "up to number 2, acknowledged up to number 2" in finding.detail


def test_a_request_in_segments() -> None:
    building = Building()
    for number in range(3):
        building.say(number, BMS, GATEWAY, unicast(request_segment(4, number, more=number < 2)))
        building.say(number + 0.1, GATEWAY, BMS, unicast(segment_ack(4, number, server=True)))
    building.say(5, GATEWAY, BMS, unicast(b"\x20\x04\x10")).coap(100, GATEWAY, OTHER)
    assert judged(building).findings == ()
    stuck = Building()
    for number in range(3):
        stuck.say(number, BMS, GATEWAY, unicast(request_segment(4, 0)))
    (finding,) = told(stuck.coap(100, GATEWAY, OTHER))
    assert finding.title == f"the segmented WritePropertyMultiple request from {BMS} to {GATEWAY} never ends"


@pytest.mark.parametrize(
    ("building", "why"),
    [
        (answered(segment(9, 0), segment(9, 1), until=12), "the capture ends too early"),
        (answered(segment(9, 0), abort(9, 4)), "the server aborts: that is told as a refusal"),
        (
            answered(segment(9, 0)).say(1, BMS, GATEWAY, unicast(abort(9, 1, server=False))),
            "the client aborts",
        ),
        (
            answered(segment(9, 0), segment(9, 1)).say(2, BMS, GATEWAY, unicast(segment_ack(9, 5))),
            "more was acknowledged than was seen: the capture lacks frames",
        ),
        (answered(answer(9, READ_MULTIPLE)), "not in segments at all"),
        (answered(segment(9, 3, more=False)), "only the end is in the capture"),
    ],
)
def test_what_is_no_loss(building: Building, why: str) -> None:
    assert told(building) == [], why


def test_one_direction_only_proves_nothing() -> None:
    building = Building()
    for number in range(4):
        building.say(number, GATEWAY, BMS, unicast(segment(9, 0)))
    assert told(building.arp(90, BMS, GATEWAY)) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.observations.bacnet import segments

    monkeypatch.setattr(segments, "KEPT", 5)
    building = Building()
    for number in range(30):
        building.say(number, GATEWAY, BMS, unicast(segment(number, 0)))
    assert len(building.observer().segments.open) == 5


def test_messages_that_ended_are_given_up_and_others_stay() -> None:
    building = Building()
    for number in range(3):
        building.say(number, GATEWAY, BMS, unicast(segment(number, 0)))
    building.say(5, GATEWAY, BMS, unicast(segment(1, 1, more=False)))
    segments = building.observer().segments
    last = max(held.tally.last for held in segments.open.values())
    segments.forget(last)
    assert len(segments.open) == 3
    segments.forget(last + 1)
    assert [held.ended for held in segments.open.values()] == [False, False]
