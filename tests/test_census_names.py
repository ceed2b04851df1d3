"""Names picked out of traffic, in bounded memory."""

from __future__ import annotations

from naming import I_AM, address, answer, dhcp, record, wire_name
from test_picking import packets_of
from tftpwire import Wire

from analyzer import addresses
from analyzer.census.names import MESSAGES, PER_HOST, Names
from analyzer.picking import pick

NODE, SERVER = "10.20.1.21", "10.20.0.1"
MAC = 0x020000000007


def heard(
    wire: Wire, of: str = NODE, macs: tuple[int, ...] = (), picked: bool = False
) -> list[tuple[str, str, int]]:
    names, packets = Names(), packets_of(wire)
    names.add(pick(packets, (Names.wants,)) if picked else packets)
    return [(one.kind, one.text, one.count) for one in names.of(addresses.parse(of), macs)]


def conversation() -> Wire:
    wire = Wire()
    wire.udp(0, "0.0.0.0", 68, "255.255.255.255", 67, dhcp(1, 1, (12, b"node-7")))
    wire.udp(1, SERVER, 67, "255.255.255.255", 68, dhcp(2, 5, given=NODE))
    named = answer(record(wire_name("igw.example"), 1, address(NODE)))
    wire.udp(2, SERVER, 53, NODE, 40000, named)
    wire.udp(3, SERVER, 53, NODE, 40001, named)
    wire.udp(4, NODE, 5353, "224.0.0.251", 5353, answer(record(wire_name("node.local"), 1, address(NODE))))
    wire.udp(5, NODE, 40000, SERVER, 5355, answer(record(wire_name("asked"), 1, address(NODE)), flags=0))
    wire.udp(6, NODE, 47808, "10.20.1.255", 47808, I_AM)
    wire.udp(7, NODE, 40000, SERVER, 5683, answer(record(wire_name("coap"), 1, address(NODE))))
    return wire


EXPECTED = [
    ("dhcp", "node-7", 1),
    ("dns", "igw.example", 2),
    ("mdns", "node.local", 1),
    ("bacnet", "device 100, vendor 999", 1),
]


def test_every_protocol_that_names_a_host() -> None:
    assert heard(conversation()) == EXPECTED
    assert heard(conversation(), of=SERVER) == []


def test_what_another_process_picked_says_the_same() -> None:
    assert heard(conversation(), picked=True) == EXPECTED


def test_a_name_that_came_before_the_address_is_found_by_the_mac() -> None:
    wire = Wire()
    wire.udp(0, "0.0.0.0", 68, "255.255.255.255", 67, dhcp(1, 1, (12, b"node-7")))
    assert heard(wire) == []
    assert heard(wire, macs=(MAC,)) == [("dhcp", "node-7", 1)]


def test_a_chatterbox_is_not_listened_to_for_ever() -> None:
    wire = Wire()
    for number in range(MESSAGES + 20):
        body = answer(record(wire_name(f"name-{number % 3}"), 1, address(NODE)))
        wire.udp(number, NODE, 5353, "224.0.0.251", 5353, body)
    assert sum(count for _, _, count in heard(wire)) == MESSAGES


def test_a_host_of_many_names_keeps_a_few() -> None:
    wire = Wire()
    for number in range(PER_HOST + 5):
        wire.udp(number, SERVER, 53, NODE, 40000, answer(record(wire_name(f"n{number}"), 1, address(NODE))))
    assert len(heard(wire)) == PER_HOST
