"""What is picked of BACnet: all that is worth a look, little of what goes well, and never too little."""

from __future__ import annotations

import pytest
from bacnetwire import (
    EVERYONE,
    Building,
    abort,
    answer,
    broadcast,
    bvlc,
    error,
    forwarded,
    i_am,
    reject,
    request,
    request_segment,
    segment,
    segment_ack,
    unicast,
    who_is,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import BMS, GATEWAY

from analyzer.observations.bacnet import pick as module
from analyzer.observations.bacnet.pick import MOST, wants

WORTH = {
    "result": bvlc(0, b"\0\x30"),
    "registration": bvlc(5, b"\0\x3c"),
    "read BDT": bvlc(2),
    "who-is": broadcast(who_is(5)),
    "i-am": unicast(i_am(5)),
    "routed i-am": broadcast(i_am(5), source=(5, b"\x0b"), target=(0xFFFF, b"")),
    "forwarded who-is": forwarded("10.21.6.4", who_is()),
    "error": unicast(error(1, 1, 31)),
    "reject": unicast(reject(1, 9)),
    "abort": unicast(abort(1, 4)),
    "routed abort": unicast(abort(1, 4), source=(7, b"\1\2\3\4\5\6\7")),
    "segment": unicast(segment(1, 0)),
    "request segment": unicast(request_segment(1, 0)),
    "segment ack": unicast(segment_ack(1, 0)),
    "rejected network": bvlc(10, b"\x01\x80\x03\x01\x00\x07"),
    "who-is of BACnet/IPv6": bvlc(2, b"\0\0\1\x01\0" + who_is(), 0x82),
}
IDLE = {
    "cov notification": unicast(b"\x10\x02\x09\x01"),
    "who-has": broadcast(b"\x10\x07"),
    "answer": unicast(answer(1)),
    "simple ack": unicast(b"\x20\x01\x0f"),
    "router announcement": bvlc(11, b"\x01\x80\x01\x00\x07"),
    "another length": WORTH["who-is"] + b"\0",
    "another type": b"\x83" + WORTH["who-is"][1:],
    "another NPDU": bvlc(11, b"\x02\0" + who_is()),
    "no APDU": bvlc(10, b"\x01\0"),
    "CoAP": b"\x41\x01\0\1\x07",
}


def frames(building: Building) -> list[int]:
    return [row + 1 for row in wants(building.packets()).rows.tolist()]


@pytest.mark.parametrize("name", WORTH)
def test_worth_a_look(name: str) -> None:
    building = Building().say(0, BMS, GATEWAY, WORTH[name])
    assert frames(building) == [1]
    assert wants(building.packets()).most.tolist() == [MOST]


@pytest.mark.parametrize("name", IDLE)
def test_not_worth_a_look(name: str) -> None:
    assert frames(Building().say(0, BMS, GATEWAY, IDLE[name])) == []


def test_of_requests_those_that_are_refused_and_those_without_reply() -> None:
    building = Building()
    for invoke, reply in enumerate((answer(0), error(1, 1, 31), None, abort(3, 4, server=False))):
        building.say(invoke, BMS, GATEWAY, unicast(request(invoke)))
        if invoke == 3:
            building.say(3.5, BMS, GATEWAY, unicast(abort(3, 4, server=False)))
        elif reply:
            building.say(invoke + 0.5, GATEWAY, BMS, unicast(reply))
    assert frames(building) == [3, 4, 5, 6, 7]


def test_only_the_latest_requests_without_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_REQUESTS", 2)
    building = Building()
    for invoke in range(9):
        building.say(invoke, BMS, GATEWAY, unicast(request(invoke)))
    assert frames(building) == [8, 9]


def test_nothing_and_a_buffer_that_ends_with_the_message() -> None:
    assert frames(Building()) == []
    packets = Building().say(0, BMS, EVERYONE, WORTH["i-am"]).packets()
    assert wants(packets).rows.tolist() == [0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([0x81, 0x82]), st.integers(0, 13), st.binary(max_size=24)), max_size=8)
)
def test_any_bytes(messages: list[tuple[int, int, bytes]]) -> None:
    """Whatever the reference reads as worth a look is among what is picked."""
    from analyzer.errors import DissectError
    from analyzer.protocols.bacnet import parse

    building = Building()
    for number, (kind, function, body) in enumerate(messages):
        building.say(number, BMS, GATEWAY, bvlc(function, body, kind))
    found = set(frames(building))
    for number, (kind, function, body) in enumerate(messages, 1):
        try:
            npdu = parse(bvlc(function, body, kind)).npdu
        except DissectError:
            continue
        apdu = npdu.apdu if npdu else None
        worth = npdu is None or (
            apdu is not None
            and (apdu.type in (4, 5, 6, 7) or apdu.segmented or (apdu.type, apdu.service) in ((1, 0), (1, 8)))
        )
        assert not worth or number in found
