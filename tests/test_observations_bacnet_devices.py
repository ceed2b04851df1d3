"""Devices that nobody is, and devices that two are; and all the ways in which a healthy site looks like
that."""

from __future__ import annotations

import pytest
from bacnetwire import EVERYONE, Building, broadcast, forwarded, i_am, station, unicast, who_is
from judging import BMS, CURRENT, GATEWAY, OTHER, judged

from analyzer.model import Finding, FindingKind, Severity

NOTE, WARNING = Severity.NOTE, Severity.WARNING
TWIN, BBMD, AWAY = "10.20.0.77", "10.20.0.45", "10.21.6.4"
VAIN, DUPLICATE = FindingKind.FAILING_FLOW, FindingKind.DUPLICATE_DEVICE


def told(building: Building, kind: FindingKind, hosts: tuple[str, ...] = CURRENT) -> list[Finding]:
    return [f for f in judged(building, hosts).findings if f.kind is kind]


# ---------------------------------------------------------------- looked for in vain


def searching(low: int = 1234, high: int | None = None, *, count: int = 3, gap: float = 10) -> Building:
    """A BMS that reads the gateway's device and keeps looking for another; a mirror of several hosts."""
    building = Building().read(0, TWIN, OTHER).read(0.5, BMS, GATEWAY)
    building.say(1, BMS, EVERYONE, broadcast(who_is(1000))).say(1.1, GATEWAY, BMS, unicast(i_am(1000)))
    for number in range(count):
        building.say(2 + number * gap, BMS, EVERYONE, broadcast(who_is(low, high)))
    building.read(200, BMS, GATEWAY, 2)
    return building


def test_a_device_that_is_not_there() -> None:
    (finding,) = told(searching(), VAIN)
    assert (finding.severity, finding.frames) == (WARNING, (6, 7, 8, 9))
    assert finding.title == f"{BMS} keeps looking for BACnet device 1234: no I-Am answers"
    assert "3 times" in finding.detail
    assert "I-Am: 1000" in finding.detail
    assert "BBMD" in finding.advice
    assert finding.rows == ("igor-bacnet-service/1.0.0+/incoming/udp/47808",)


def test_a_range_without_devices_is_a_note() -> None:
    (finding,) = told(searching(1500, 1999), VAIN)
    assert (finding.severity, "devices 1500 to 1999" in finding.title) == (NOTE, True)


def test_a_device_whose_address_ends_as_broadcast_addresses_do_is_there() -> None:
    """10.20.1.255 is a host's address like any other in 10.20.0.0/23."""
    assert told(searching().say(30, "10.20.1.255", BMS, unicast(i_am(1234))), VAIN) == []


@pytest.mark.parametrize(
    ("there", "near"),
    [(1235, "device 1235 is there"), (123, "device 123 is there"), (12344, "device 12344"), (4321, "")],
)
def test_a_slip_of_the_pen(there: int, near: str) -> None:
    (finding,) = told(searching().say(30, GATEWAY, BMS, unicast(i_am(there))), VAIN)
    assert finding.near_miss.startswith(near)
    assert bool(finding.near_miss) == bool(near)


@pytest.mark.parametrize(
    ("building", "why"),
    [
        (searching(count=2), "twice is not often"),
        (searching(gap=0.1), "at once on several networks"),
        (searching(0, 4_194_303), "everyone is meant"),
        (searching().say(90, GATEWAY, BMS, unicast(i_am(1234))), "it answers, late"),
        (searching().say(90, TWIN, EVERYONE, broadcast(i_am(1234))), "it answers everyone"),
        (searching().say(90, BBMD, EVERYONE, forwarded(AWAY, i_am(1234))), "it answers behind a BBMD"),
        (searching(1000, 1010), "somebody of the range is there"),
    ],
)
def test_what_is_no_search_in_vain(building: Building, why: str) -> None:
    assert told(building, VAIN) == [], why


def test_a_search_at_the_end_of_the_capture_may_still_be_answered() -> None:
    building = Building().read(0, TWIN, OTHER).read(0.5, BMS, GATEWAY)
    for number in range(3):
        building.say(1 + 10 * number, BMS, EVERYONE, broadcast(who_is(1234)))
    assert told(building, VAIN) == []
    assert len(told(building.read(32, BMS, GATEWAY, 2), VAIN)) == 1


def test_who_is_for_everyone_is_no_search() -> None:
    building = Building().read(0, TWIN, OTHER).read(0.5, BMS, GATEWAY)
    for number in range(9):
        building.say(10 * number, BMS, EVERYONE, broadcast(who_is()))
    assert told(building.read(200, BMS, GATEWAY), VAIN) == []


def test_a_capture_that_could_not_show_the_answer() -> None:
    """At the gateway's port: the I-Am of another host goes to the BMS and is not seen here."""
    building = Building()
    for number in range(5):
        building.say(10 * number, BMS, EVERYONE, broadcast(who_is(1234)))
    assert told(building.coap(100, GATEWAY, OTHER), VAIN) == [], "of the BMS only broadcasts are seen"
    (finding,) = told(building.read(101, BMS, GATEWAY), VAIN)
    assert finding.severity is NOTE
    assert "this capture does not tell" in finding.title
    assert f"All unicast traffic here is that of {GATEWAY}" in finding.detail


def test_a_range_is_not_even_mentioned_where_the_answer_could_not_be_seen() -> None:
    building = Building().coap(0, GATEWAY, OTHER).read(0, BMS, GATEWAY)
    for number in range(5):
        building.say(10 * number, BMS, EVERYONE, broadcast(who_is(1200, 1299)))
    assert told(building.coap(100, GATEWAY, OTHER, mid=2), VAIN) == []


def test_a_capture_taken_at_the_asker_shows_the_answer() -> None:
    building = Building().read(0, BMS, GATEWAY).read(1, BMS, TWIN)
    for number in range(3):
        building.say(2 + 10 * number, BMS, EVERYONE, broadcast(who_is(1234)))
    assert len(told(building.read(100, BMS, GATEWAY, 2), VAIN)) == 1


def test_an_asker_behind_a_bbmd_is_answered_elsewhere() -> None:
    building = Building().read(0, TWIN, OTHER).read(0.5, BMS, GATEWAY).read(1, AWAY, GATEWAY)
    for number in range(5):
        building.say(10 * number, BBMD, EVERYONE, forwarded(AWAY, who_is(1234)))
    assert told(building.read(100, BMS, GATEWAY, 2), VAIN) == []


def test_an_asker_that_goes_through_all_numbers() -> None:
    building = Building().read(0, TWIN, OTHER).read(0.5, BMS, GATEWAY)
    for number in range(30):
        for again in range(3):
            building.say(5 + 100 * again + number, BMS, EVERYONE, broadcast(who_is(2000 + number)))
    (finding,) = told(building.read(400, BMS, GATEWAY, 2), VAIN)
    assert (finding.severity, "30 device ranges" in finding.title) == (NOTE, True)


def test_a_search_sent_to_one_host() -> None:
    building = Building().read(0, BMS, GATEWAY)
    for number in range(3):
        building.say(1 + 10 * number, BMS, GATEWAY, unicast(who_is(1234)))
    assert len(told(building.read(100, BMS, GATEWAY, 2), VAIN)) == 1


# ---------------------------------------------------------------- two of one name


def twins(at: float = 0.2, **more: object) -> Building:
    building = Building().say(0, BMS, EVERYONE, broadcast(who_is()))
    building.say(0.1, GATEWAY, BMS, unicast(i_am(77)))
    return building.say(at, TWIN, BMS, unicast(i_am(77)))


def test_two_devices_with_one_number() -> None:
    (finding,) = told(twins(), DUPLICATE)
    assert (finding.severity, finding.frames, len(finding.flows)) == (WARNING, (2, 3), 2)
    assert finding.title == f"BACnet device 77 is claimed by {GATEWAY} and {TWIN}"
    assert "asked by 10.20.0.40" in finding.detail
    assert finding.near_miss == "perhaps one device with two addresses"


def test_three_devices_with_one_number() -> None:
    (finding,) = told(twins().say(0.4, OTHER, BMS, unicast(i_am(77))), DUPLICATE)
    assert f"{GATEWAY}, {OTHER} and {TWIN}" in finding.title or OTHER in finding.title
    assert len(finding.flows) == 3


def test_one_answers_by_unicast_and_one_by_broadcast() -> None:
    building = Building().say(0, BMS, EVERYONE, broadcast(who_is(70, 80)))
    building.say(0.1, GATEWAY, BMS, unicast(i_am(77))).say(0.2, TWIN, EVERYONE, broadcast(i_am(77)))
    assert len(told(building, DUPLICATE)) == 1


def test_two_that_take_turns() -> None:
    building = Building()
    for number, host in enumerate((GATEWAY, TWIN, GATEWAY)):
        building.say(3600 * number, host, EVERYONE, broadcast(i_am(77)))
    assert len(told(building, DUPLICATE)) == 1


def behind_routers(*routers: str, network: int = 5, mac: bytes = b"\x0b") -> Building:
    building = Building()
    for number, router in enumerate(routers):
        building.say(number, router, EVERYONE, broadcast(i_am(77), source=(network, mac)))
    return building


def test_two_stations_of_two_networks_with_one_number() -> None:
    building = behind_routers(BBMD)
    building.say(1, BBMD, EVERYONE, broadcast(i_am(77), source=(6, b"\x0b")))
    (finding,) = told(building, DUPLICATE)
    assert "network 5 station 0b behind 10.20.0.45 and network 6 station 0b" in finding.title


def direct_and(later: bytes, sender: str = BBMD) -> Building:
    return Building().say(0, AWAY, BBMD, broadcast(i_am(77))).say(0.1, sender, BBMD, later)


@pytest.mark.parametrize(
    ("building", "why"),
    [
        (direct_and(forwarded(AWAY, i_am(77))), "directly and passed on by the BBMD"),
        (direct_and(broadcast(i_am(77), source=(9, station(AWAY)))), "directly and by a router"),
        (direct_and(forwarded(BBMD, i_am(77), source=(9, station(AWAY)))), "by a router and a BBMD"),
        (behind_routers(BBMD, TWIN), "by two routers"),
        (Building().udp(0, GATEWAY, 47808, EVERYONE, 47808, broadcast(i_am(77))).udp(
            1, GATEWAY, 47809, EVERYONE, 47808, broadcast(i_am(77))), "two ports of one host"),
        (twins(at=600), "the same device at a new address"),
        (Building().say(0, GATEWAY, EVERYONE, broadcast(i_am(4_194_303))).say(
            1, TWIN, EVERYONE, broadcast(i_am(4_194_303))), "no number was given to either yet"),
        (Building().say(0, GATEWAY, "10.20.0.255", broadcast(i_am(77))).say(
            1, "10.99.0.7", "10.99.0.255", broadcast(i_am(77))), "two networks that never met"),
        (Building().say(0, GATEWAY, BMS, unicast(i_am(77))).say(
            1, TWIN, BMS, unicast(i_am(78))), "two numbers"),
        (Building().say(0, GATEWAY, BMS, unicast(i_am(77))).say(
            1, EVERYONE, BMS, unicast(i_am(77))), "a broadcast address is nobody's"),
    ],
)  # fmt: skip
def test_what_is_one_device(building: Building, why: str) -> None:
    assert told(building, DUPLICATE) == [], why


def test_a_host_with_two_declared_addresses_is_one() -> None:
    from analyzer.directory import Directory
    from analyzer.model import Host
    from analyzer.observations import Setting
    from analyzer.observations.bacnet import devices
    from analyzer.visibility import Visibility

    building = twins()
    both = Host("panel", (GATEWAY, TWIN), ("bacnet-system",))
    wide = Host("floor", ("10.20.0.0/24",), ("bacnet-system",))

    def count(host: Host) -> int:
        setting = Setting([], Visibility([]), Directory((host,)))
        return len(list(devices.tell(building.observer().devices, setting)))

    assert (count(both), count(wide)) == (0, 1)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.observations.bacnet import devices

    monkeypatch.setattr(devices, "KEPT", 5)
    building = Building()
    for number in range(30):
        building.say(number, BMS, EVERYONE, broadcast(who_is(number)))
        building.say(number, BMS, EVERYONE, broadcast(i_am(number)))
        building.say(number, f"10.20.7.{number}", EVERYONE, broadcast(i_am(1)))
    state = building.observer().devices
    assert (len(state.searches), len(state.claims)) == (5, 5)
    assert max(len(held) for held in state.claims.values()) <= devices.ORIGINS
