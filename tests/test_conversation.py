"""A conversation's ends follow its direction; its evidence are frames that show it."""

from __future__ import annotations

import pytest
from judging import ANSWER, ASK, GATEWAY, NODE, SECOND, address, error, talk

from analyzer.protocol import Fit, Reading, Says


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
    asked = Reading(Fit.YES, Says.REQUEST, True, "GET /light")
    answered = Reading(Fit.YES, Says.RESPONSE, False, "2.05")
    assert talk(readings=((asked,), (answered,))).detail == "GET /light"
    assert talk(readings=((answered,), (asked,)), forward=False).detail == "GET /light"
    assert talk(readings=((Reading(Fit.NO, detail="x"),), (answered,))).detail == "2.05"
    assert talk(readings=((Reading(Fit.YES),), ())).detail == ""
    assert talk(readings=((ASK,), (ANSWER,))).detail == "asks"


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
