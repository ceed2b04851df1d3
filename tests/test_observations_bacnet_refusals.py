"""Who was refused what, and when it is no fault."""

from __future__ import annotations

from bacnetwire import (
    COV,
    EVERYONE,
    Building,
    broadcast,
    error,
    i_am,
    request,
    unicast,
)
from judging import BMS, GATEWAY, LAPTOP, NODE, judged
from refusing import OK, refused, registered, told


def test_two_askers_of_one_kind_are_one_finding() -> None:
    building = refused(error(1, 2, 40))
    other = "10.20.0.41"
    building.say(5, other, GATEWAY, unicast(request(1))).say(5.1, GATEWAY, other, unicast(error(1, 2, 40)))
    hosts = ("igor-gateway=10.20.0.10@5.1.0", "bacnet-system=10.20.0.40-10.20.0.41")
    (finding,) = told(building, hosts=hosts)
    assert f"{BMS} and {other}" in finding.title
    assert len(finding.flows) == 2


def test_strangers_that_refuse_each_other_are_told_apart() -> None:
    one, other = "10.20.9.1", "10.20.9.2"
    building = Building()
    for at, (asker, refuser) in enumerate(((one, other), (other, one))):
        building.say(at, asker, refuser, unicast(request(1)))
        building.say(at + 0.1, refuser, asker, unicast(error(1, 2, 40)))
    assert [f.title.split(" with ")[0] for f in told(building)] == [
        f"{other} answers ReadProperty of {one}",
        f"{one} answers ReadProperty of {other}",
    ]


def test_healthy_talk_has_no_finding() -> None:
    building = registered(OK)
    for number in range(20):
        building.read(10 + number, BMS, GATEWAY, number)
    building.say(40, BMS, EVERYONE, broadcast(b"\x10\x08")).say(40.1, GATEWAY, BMS, unicast(i_am(1000)))
    building.say(50, BMS, GATEWAY, unicast(request(9, COV))).say(50.1, GATEWAY, BMS, unicast(b"\x20\x09\x05"))
    assert judged(building).findings == ()


def test_the_tcp_port_does_not_matter_and_other_payloads_are_not_read() -> None:
    building = Building().udp(0, LAPTOP, 5000, NODE, 5001, b"\x81\x00\x00\x07\x00\x30")
    assert told(building) == []
