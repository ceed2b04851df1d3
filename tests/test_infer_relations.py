"""Who opened which service to whom."""

from __future__ import annotations

from judging import DOOR, GATEWAY, GET, NODE, OTHER, SERVER, address, recognised
from traffic import SYN, Traffic

from analyzer import rulesets
from analyzer.conversation import Address
from analyzer.infer.relations import Party, around, parties
from analyzer.infer.sheets import STRONG, WEAK, Sheets

SHEETS = Sheets(rulesets.load(()))
COAP = ("udp", 5683)


def found(traffic: Traffic, *proven: tuple[Address, Address]) -> dict[Address, Party]:
    return parties(recognised(traffic), SHEETS, proven)


def test_all_flows_of_a_service_are_one_relation() -> None:
    hosts = found(Traffic().coap(0, GATEWAY, NODE).coap(1, GATEWAY, NODE, sport=40001))
    gateway, node = hosts[address(GATEWAY)], hosts[address(NODE)]
    (relation,) = gateway.opens
    assert node.accepts == [relation]
    assert (gateway.accepts, node.opens) == ([], [])
    assert (relation.origin, relation.target, relation.key) == (address(GATEWAY), address(NODE), COAP)
    assert (relation.answered, relation.recognised, relation.frame) == (True, True, 1)
    assert list(gateway.partners) == [address(NODE)]
    assert (gateway.telling, node.telling) == (WEAK, WEAK)


def test_an_attempt_is_known_of_its_origin_only() -> None:
    hosts = found(Traffic().tcp(0, DOOR, 40000, SERVER, 1480, SYN))
    assert set(hosts) == {address(DOOR)}
    door = hosts[address(DOOR)]
    assert (door.opens[0].answered, door.telling, door.own) == (False, 0, set())


def test_what_is_proven_elsewhere_counts_as_answered() -> None:
    traffic = Traffic().udp(0, NODE, 5683, GATEWAY, 40000, b"\x61\x45\0\1\7\xffon")
    assert found(traffic) == {}
    hosts = found(traffic, (address(NODE), address(GATEWAY)))
    assert hosts[address(NODE)].accepts[0].answered
    assert set(hosts) == {address(GATEWAY), address(NODE)}


def test_a_group_is_no_partner() -> None:
    hosts = found(Traffic().udp(0, GATEWAY, 40000, "224.0.1.187", 5683, GET))
    gateway = hosts[address(GATEWAY)]
    assert gateway.opens[0].group
    assert (gateway.partners, gateway.telling) == ({}, 0)


def test_a_service_of_the_vendors_own_is_remembered() -> None:
    door = found(Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\1"))[address(DOOR)]
    assert (door.own, door.telling) == ({("tcp", 1480)}, STRONG)


def test_partners_are_around_a_host_where_something_is_known_of_them() -> None:
    hosts = found(Traffic().coap(0, GATEWAY, NODE).coap(1, GATEWAY, OTHER, answered=False))
    assert set(hosts[address(GATEWAY)].partners) == {address(NODE), address(OTHER)}
    assert list(around(hosts[address(GATEWAY)], hosts)) == [hosts[address(NODE)]]


def test_what_no_sheet_has_is_no_relation() -> None:
    assert found(Traffic().connect(0, NODE, 40000, GATEWAY, 4444)) == {}
