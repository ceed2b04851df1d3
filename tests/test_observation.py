"""Tallies, names in sentences, and what is known about a host."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import BMS, GATEWAY, NODE, OTHER, address, talk

from analyzer.directory import Directory
from analyzer.model import Host
from analyzer.observation import FLOWS, FRAMES, Setting, Tally, frames_of, listed, named, times
from analyzer.visibility import Visibility

A, B = (address(BMS), 47808), (address(GATEWAY), 47808)


@given(st.integers(0, 60))
def test_a_tally_keeps_the_first_and_the_last(count: int) -> None:
    tally = Tally()
    for number in range(1, count + 1):
        tally.add(number * 10, number, A, (address(GATEWAY), number))
    assert tally.count == count
    half = FRAMES // 2
    frames = list(range(1, count + 1))
    assert list(tally.frames) == (frames if count <= FRAMES else frames[:half] + frames[-half:])
    assert len(tally.ends) == min(count, FLOWS)
    assert (tally.first, tally.last) == ((10, 10 * count) if count else (0, 0))


def test_evidence_of_several_is_a_little_of_each() -> None:
    one, other = Tally(), Tally()
    for frame in range(1, 6):
        one.add(frame, frame, A, B)
        other.add(frame, 10 + frame, A, B)
    assert frames_of([one]) == (1, 2, 3, 4, 5)
    assert frames_of([one, other]) == (1, 2, 3, 11, 12, 13)
    assert frames_of([]) == ()


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "4 hosts (a, b, c …)"),
    ],
)
def test_names_in_a_sentence(names: list[str], text: str) -> None:
    assert listed(names, "hosts") == text


def test_addresses_in_order_and_once() -> None:
    some = [address("10.20.0.40"), address("10.20.0.9"), address("10.20.0.40")]
    assert named(some) == "10.20.0.9 and 10.20.0.40"
    assert (times(1), times(4)) == ("once", "4 times")


def test_conversations_are_found_from_either_end() -> None:
    flow = talk(BMS, GATEWAY, 47808, a_port=47808)
    setting = Setting([flow, talk(transport="icmp")], Visibility([]))
    tally = Tally()
    tally.add(1, 1, B, A)
    tally.add(1, 1, A, B)
    tally.add(1, 1, A, A)
    assert setting.flows("udp", [tally, tally]) == (flow,)
    assert setting.flow("tcp", A, B) is None


def test_what_a_host_is() -> None:
    both = Host("panel", (GATEWAY, OTHER), ("igor-gateway", "bacnet-system"))
    floor = Host("floor", ("10.20.1.0/24",), ("igor-node",))
    setting = Setting([], Visibility([]), Directory((both, floor)))
    assert setting.kind(address(GATEWAY)) == "bacnet-system+igor-gateway"
    assert setting.kind(address(BMS)) == "undeclared"
    assert (setting.asker(address(BMS)), setting.asker(address(NODE))) == (BMS, "igor-node")
    assert setting.same_host(address(GATEWAY), address(OTHER))
    assert setting.same_host(address(NODE), address(NODE))
    assert not setting.same_host(address(NODE), address(GATEWAY))


def test_who_holds_a_role() -> None:
    found = [talk(GATEWAY, NODE), talk(OTHER, "10.20.1.255"), talk(BMS, GATEWAY)]
    both = Host("panel", (GATEWAY, OTHER), ("igor-gateway", "bacnet-system"))
    setting = Setting(found, Visibility(found), Directory((both, Host("bms", (BMS,), ("bacnet-system",)))))
    places = setting.found.places
    for role, hosts in (("igor-gateway", {GATEWAY, OTHER}), ("bacnet-system", {GATEWAY, OTHER, BMS})):
        held = np.flatnonzero(setting.holding(role)).tolist()
        assert {places.address(at) for at in held} == {address(host) for host in hosts}
    assert not Setting(found, Visibility(found)).holding("igor-gateway").any()


def test_a_network_is_not_one_host() -> None:
    floor = Host("floor", ("10.20.1.0/24",), ("igor-node",))
    setting = Setting([], Visibility([]), Directory((floor,)))
    assert not setting.same_host(address(NODE), address(OTHER))
