"""Who is a BACnet system: who asks a gateway."""

from __future__ import annotations

from judging import BMS, GATEWAY, LAPTOP, NODE, OTHER, recognised
from traffic import Traffic

from analyzer import rulesets
from analyzer.addresses import text
from analyzer.census.systems import systems
from analyzer.infer.roles import guess

READ = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x00\x01\x19\x4d"
ACK = b"\x81\x0a\x00\x09\x01\x00\x20\x01\x0f"
SHEETS = rulesets.load(())


def told(traffic: Traffic) -> list[tuple[str, str]]:
    found = recognised(traffic)
    return [(text(*one.address), one.level) for one in systems(found, guess(found, SHEETS))]


def asked(traffic: Traffic, source: str, target: str, answered: bool = True) -> Traffic:
    traffic.udp(50, source, 47808, target, 47808, READ)
    return traffic.udp(50.1, target, 47808, source, 47808, ACK) if answered else traffic


def site() -> Traffic:
    return Traffic().coap(0, GATEWAY, NODE).coap(1, GATEWAY, OTHER)


def test_who_asks_the_gateway_and_is_answered_is_likely_one() -> None:
    assert told(asked(site(), BMS, GATEWAY)) == [(BMS, "likely")]


def test_who_is_not_answered_may_be_one() -> None:
    assert told(asked(site(), BMS, GATEWAY, answered=False)) == [(BMS, "unsure")]


def test_bacnet_between_others_makes_nobody_one() -> None:
    assert told(asked(site(), BMS, LAPTOP)) == []
    assert told(asked(Traffic(), BMS, GATEWAY)) == []
    assert told(asked(site(), NODE, GATEWAY)) == [], "it has a role already"
