"""Who really said it: behind BBMDs and routers."""

from __future__ import annotations

from bacnetwire import forwarded, i_am, request, station, unicast
from judging import address

from analyzer.observations.bacnet.sighting import Party, Sighting
from analyzer.protocols.bacnet import parse

BBMD, HOME, AWAY = address("10.20.0.45"), address("10.20.0.10"), address("10.21.6.4")


def sight(data: bytes) -> Sighting:
    return Sighting(0, 1, (BBMD, 47808), (HOME, 47808), parse(data))


def test_a_message_of_the_host_itself() -> None:
    seen = sight(unicast(i_am(5)))
    assert (seen.forwarded, seen.speaker, seen.hearer) == (False, Party(BBMD), Party(HOME))
    assert seen.speaker.name == "10.20.0.45"


def test_a_message_that_a_bbmd_passed_on() -> None:
    seen = sight(forwarded("10.21.6.4", i_am(5)))
    assert (seen.forwarded, seen.speaker) == (True, Party(AWAY))


def test_a_message_from_behind_a_router() -> None:
    seen = sight(unicast(i_am(5), source=(7, b"\x2a")))
    assert seen.speaker == Party(BBMD, 7, b"\x2a")
    assert seen.speaker.name == "network 7 station 2a behind 10.20.0.45"
    assert seen.speaker.identity == Party(HOME, 7, b"\x2a").identity


def test_a_message_from_an_ip_network_behind_a_router_is_of_its_host() -> None:
    seen = sight(unicast(i_am(5), source=(7, station("10.21.6.4"))))
    assert seen.speaker.identity == AWAY


def test_a_message_to_a_station_and_one_to_a_whole_network() -> None:
    assert sight(unicast(request(1), target=(7, b"\x2a"))).hearer == Party(HOME, 7, b"\x2a")
    assert sight(unicast(request(1), target=(7, b""))).hearer == Party(HOME)


def test_a_router_and_a_bbmd_after_it() -> None:
    seen = sight(forwarded("10.21.6.4", i_am(5), source=(7, b"\x2a")))
    assert seen.speaker == Party(AWAY, 7, b"\x2a")
