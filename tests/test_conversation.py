"""A conversation's ends follow its direction; its evidence are frames that show it."""

from __future__ import annotations

import pytest
from judging import GATEWAY, NODE, SECOND, address, error, recognised, talk
from traffic import Traffic


def test_the_ends_follow_the_direction() -> None:
    one = talk(GATEWAY, NODE, 5683, a_port=40000, packets=(3, 2))
    assert (one.originator, one.originator_port) == (address(GATEWAY), 40000)
    assert (one.responder, one.port) == (address(NODE), 5683)
    assert one.oriented(one.packets) == (3, 2)
    one.forward = False
    assert (one.originator, one.originator_port) == (address(NODE), 5683)
    assert (one.responder, one.port) == (address(GATEWAY), 40000)
    assert one.oriented(one.packets) == (2, 3)


def test_a_group_is_addressed_only_by_who_sends_to_it() -> None:
    one = talk(GATEWAY, "239.255.255.250", 1900, packets=(1, 0), group=True)
    assert one.to_group
    one.forward = False
    assert not one.to_group


def test_the_times_of_a_silent_side_do_not_count() -> None:
    one = talk(packets=(2, 0), start=5, end=9)
    assert (one.start, one.end) == (5 * SECOND, 9 * SECOND)
    both = talk(packets=(1, 1), first_time=(7 * SECOND, 3 * SECOND), last_time=(8 * SECOND, 4 * SECOND))
    assert (both.start, both.end) == (3 * SECOND, 8 * SECOND)


def test_times_before_1970_are_times() -> None:
    one = talk(packets=(1, 0), start=-9, end=-4)
    assert (one.start, one.end) == (-9 * SECOND, -4 * SECOND)


def test_the_detail_is_the_originators_first_line() -> None:
    get, content = b"\x41\1\0\1\7\xb5light", b"\x61\x45\0\1\7\xffon"
    there = Traffic().udp(0, GATEWAY, 40000, NODE, 5683, get).udp(1, NODE, 5683, GATEWAY, 40000, content)
    assert recognised(there)[0].detail == "CON GET /light"
    back = Traffic().udp(0, NODE, 5683, GATEWAY, 40000, content).udp(1, GATEWAY, 40000, NODE, 5683, get)
    assert recognised(back)[0].detail == "CON GET /light"
    assert recognised(Traffic().udp(0, NODE, 5683, GATEWAY, 40000, content))[0].detail == "ACK 2.05 Content"
    assert recognised(Traffic().udp(0, NODE, 40000, GATEWAY, 40001, content))[0].detail == ""


def test_the_evidence_is_in_order_without_repetition_and_names_the_errors() -> None:
    one = talk(packets=(4, 0), first_frame=(7, 0), last_frame=(19, 0), errors=(error(frame=8),))
    assert set(one.evidence()) >= {7, 8}
    assert list(one.evidence()) == sorted(set(one.evidence()))
    assert 0 not in one.evidence()


@pytest.mark.parametrize(
    ("transport", "ported"), [("tcp", True), ("udp", True), ("icmp", False), ("arp", False)]
)
def test_only_tcp_and_udp_have_ports(transport: str, ported: bool) -> None:
    assert talk(transport=transport).ported is ported


def test_the_id_counts_flows_from_one() -> None:
    assert [talk(row=row).id for row in (0, 41)] == ["f1", "f42"]
