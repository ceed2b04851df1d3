"""Legs find their request, answers their search, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CLIENT, DOOR, FOUND, GATEWAY, NODE, OTHER, SEARCH, address, recognised
from traffic import Traffic

from analyzer import sessions
from analyzer.conversation import Conversation
from analyzer.sessions import ANSWER_WITHIN, LEG_WITHIN, SECOND

RRQ = b"\0\1node.bin\0octet\0"
DATA, ACK1, OACK = b"\0\3\0\1" + b"x" * 512, b"\0\4\0\1", b"\0\6tsize\x005000\0"
COAP_SEARCH = b"\x51\x01\x00\x01\x07\xb5light"
COAP_ANSWER = b"\x51\x45\x00\x09\x07\xffon"


def families(traffic: Traffic) -> dict[int, int | None]:
    """Row of each flow → row of its parent."""
    return {one.row: one.parent.row if one.parent else None for one in recognised(traffic)}


def request() -> Traffic:
    return Traffic().udp(0, NODE, 2000, GATEWAY, 69, RRQ)


# ---------------------------------------------------------------- sweeps


def test_a_sweep_from_one_port_costs_no_comparison_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One port asks, and searches, thousands of hosts; as many strangers answer it."""
    traffic = Traffic()
    for k in range(1500):
        host = f"10.21.{k >> 8}.{k & 255}"
        traffic.udp(k / 1000, GATEWAY, 5000, host, 69, RRQ)
        traffic.udp(k / 1000, GATEWAY, 5000, f"239.1.{k >> 8}.{k & 255}", 1900, SEARCH)
        traffic.udp(2 + k / 1000, f"10.22.{k >> 8}.{k & 255}", 1900, GATEWAY, 5000, FOUND)
    asked = 0
    honest = sessions._speaks

    def counted(*arguments: Any, **how: bool) -> bool:
        nonlocal asked
        asked += 1
        return honest(*arguments, **how)

    monkeypatch.setattr(sessions, "_speaks", counted)
    found = recognised(traffic)
    assert len(found) == 4500
    assert asked <= 4 * len(found), "what a flow says is read once for each reading of its ends"
    assert all(one.parent is not None for one in found if one.port == 1900 and not one.group)


def test_of_many_requests_the_latest_before_an_answer_is_its_parent() -> None:
    traffic = Traffic()
    for k in range(200):
        traffic.udp(k, NODE, 2000, f"10.9.0.{k}", 69, RRQ)
        traffic.udp(k + 0.5, f"10.9.0.{k}", 3000, NODE, 2000, DATA)
    found = recognised(traffic)
    assert [leg.parent for leg in found[1::2]] == found[::2]


# ---------------------------------------------------------------- TFTP


@pytest.mark.parametrize("first", [DATA, OACK, b"\0\3\0\1", b"\0\5\0\1no such file\0", b"\0\4\0\0"])
def test_an_answer_from_a_new_port_is_a_leg(first: bytes) -> None:
    found = recognised(request().udp(1, GATEWAY, 51110, NODE, 2000, first))
    leg = found[1]
    assert leg.parent == found[0]
    assert found[0].legs == [leg]
    assert (leg.protocol, leg.basis, leg.confidence) == ("tftp", "session", "certain")
    assert (leg.originator, leg.originator_port, leg.port) == (address(NODE), 2000, 51110)


@pytest.mark.parametrize(("early", "tied"), [(0.005, True), (0.1, True), (0.2, False)])
def test_an_answer_may_stand_just_before_its_request(early: float, tied: bool) -> None:
    traffic = Traffic().udp(5, NODE, 2000, GATEWAY, 69, RRQ)
    found = recognised(traffic.udp(5 - early, GATEWAY, 51110, NODE, 2000, DATA))
    leg, asked = found
    assert (leg.parent == asked) is tied
    assert not tied or (leg.originator, leg.originator_port) == (address(NODE), 2000)


def test_the_request_before_an_answer_goes_before_the_one_after_it() -> None:
    traffic = request().udp(1, GATEWAY, 51110, NODE, 2000, DATA).udp(1.05, NODE, 2000, GATEWAY, 6969, RRQ)
    first, leg, _ = recognised(traffic)
    assert leg.parent == first


def test_a_leg_of_which_only_the_client_is_seen_is_a_leg() -> None:
    found = recognised(request().udp(1, NODE, 2000, GATEWAY, 50197, ACK1))
    assert found[1].parent == found[0]
    assert found[1].originator == address(NODE)


def test_other_bytes_between_the_same_ends_are_no_leg() -> None:
    assert families(request().udp(1, GATEWAY, 51110, NODE, 2000, b"hello")) == {0: None, 1: None}


def test_another_port_of_the_client_is_no_leg() -> None:
    assert families(request().udp(1, GATEWAY, 51110, NODE, 2001, DATA)) == {0: None, 1: None}


def test_an_answer_from_another_address_has_to_prove_itself() -> None:
    assert families(request().udp(1, OTHER, 51110, NODE, 2000, DATA)) == {0: None, 1: 0}
    assert families(request().udp(1, OTHER, 51110, NODE, 2000, ACK1)) == {0: None, 1: 0}
    assert families(request().udp(1, OTHER, 51110, NODE, 2000, b"hello")) == {0: None, 1: None}


@pytest.mark.parametrize(("seconds", "tied"), [(-1, False), (0, True), (120, True), (121, False)])
def test_a_leg_begins_within_two_minutes_of_the_last_request(seconds: int, tied: bool) -> None:
    traffic = Traffic().udp(10, NODE, 2000, GATEWAY, 69, RRQ)
    traffic.udp(10 + seconds, GATEWAY, 51110, NODE, 2000, DATA)
    legs = [one for one in recognised(traffic) if one.parent]
    assert bool(legs) is tied
    assert LEG_WITHIN == 120 * SECOND


def test_a_leg_belongs_to_the_latest_request_from_its_port() -> None:
    traffic = request().udp(1, GATEWAY, 51110, NODE, 2000, DATA)
    traffic.udp(20, NODE, 2000, OTHER, 69, RRQ).udp(21, OTHER, 51111, NODE, 2000, DATA)
    assert families(traffic) == {0: None, 1: 0, 2: None, 3: 2}


def test_a_push_is_tied_like_a_pull() -> None:
    traffic = Traffic().udp(0, GATEWAY, 2000, NODE, 69, b"\0\2node.bin\0octet\0")
    traffic.udp(1, NODE, 50199, GATEWAY, 2000, b"\0\4\0\0").udp(2, GATEWAY, 2000, NODE, 50199, DATA)
    found = recognised(traffic)
    assert found[1].parent == found[0]
    assert found[1].originator == address(GATEWAY)


def test_a_server_that_answers_from_69_needs_no_leg() -> None:
    traffic = request().udp(1, GATEWAY, 69, NODE, 2000, DATA)
    assert families(traffic) == {0: None}


# ---------------------------------------------------------------- searches


@pytest.mark.parametrize("source", [1900, 49999, 50201])
def test_a_unicast_answer_belongs_to_its_search_from_whatever_port(source: int) -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, SEARCH)
    found = recognised(traffic.udp(1, NODE, source, GATEWAY, 40000, FOUND))
    assert found[1].parent == found[0]
    assert (found[1].originator, found[1].port) == (address(GATEWAY), source)


def test_coap_answers_belong_to_their_multicast_request() -> None:
    traffic = Traffic().udp(0, GATEWAY, 5683, "224.0.1.187", 5683, COAP_SEARCH)
    for number, node in enumerate((NODE, OTHER), 1):
        traffic.udp(number, node, 5683, GATEWAY, 5683, COAP_ANSWER)
    assert families(traffic) == {0: None, 1: 0, 2: 0}


@pytest.mark.parametrize(("seconds", "tied"), [(15, True), (16, False)])
def test_an_answer_comes_within_fifteen_seconds(seconds: int, tied: bool) -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, SEARCH)
    traffic.udp(seconds, NODE, 1900, GATEWAY, 40000, FOUND)
    assert (families(traffic)[1] == 0) is tied
    assert ANSWER_WITHIN == 15 * SECOND


def test_an_answer_to_another_port_belongs_to_nothing() -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, SEARCH)
    assert families(traffic.udp(1, NODE, 1900, GATEWAY, 40001, FOUND)) == {0: None, 1: None}


def test_a_unicast_request_of_the_searcher_stands_on_its_own() -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, "224.0.1.187", 5683, COAP_SEARCH)
    traffic.udp(1, GATEWAY, 40000, NODE, 5683, b"\x41\x01\x00\x02\x08\xb5light")
    traffic.udp(2, NODE, 5683, GATEWAY, 40000, b"\x61\x45\x00\x02\x08\xffon")
    assert families(traffic) == {0: None, 1: None}


def test_a_search_does_not_answer_a_search() -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, SEARCH)
    assert families(traffic.udp(1, NODE, 40001, "239.255.255.250", 1900, SEARCH)) == {0: None, 1: None}


def test_an_opaque_search_is_answered_from_the_searched_port() -> None:
    traffic = Traffic().udp(0, CLIENT, 40000, "255.255.255.255", 51110, b"\x01\x02")
    traffic.udp(1, DOOR, 51110, CLIENT, 40000, b"\x03\x04").udp(1, OTHER, 51111, CLIENT, 40000, b"\x05")
    assert families(traffic) == {0: None, 1: 0, 2: None}


# ---------------------------------------------------------------- laws

ENDS = st.sampled_from([GATEWAY, NODE, OTHER, "239.255.255.250", "224.0.1.187"])
PORTS = st.sampled_from([69, 1900, 5683, 2000, 40000])
BYTES = st.sampled_from([RRQ, DATA, ACK1, OACK, SEARCH, FOUND, COAP_SEARCH, COAP_ANSWER, b"x"])


def made(packets: list[tuple[int, str, int, str, int, bytes]]) -> list[Conversation]:
    traffic = Traffic()
    for at, source, sport, target, dport, payload in packets:
        if not source.startswith("2"):
            traffic.udp(at, source, sport, target, dport, payload)
    return recognised(traffic)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 200), ENDS, PORTS, ENDS, PORTS, BYTES), max_size=12))
def test_families_are_trees_that_agree_with_their_parents(packets) -> None:
    found = made(packets)
    for one in found:
        assert all(leg.parent == one for leg in one.legs)
        if one.parent is None:
            continue
        assert sum(leg == one for leg in one.parent.legs) == 1
        assert (one.originator, one.originator_port) == (
            one.parent.originator,
            one.parent.originator_port,
        ), "a leg is its requester's"
        assert one.start >= one.parent.start
        seen = one
        for _ in range(len(found)):
            if seen.parent is None:
                break
            seen = seen.parent
        assert seen.parent is None, "no flow is its own ancestor"
