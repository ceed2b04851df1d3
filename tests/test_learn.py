"""Rows from known-good traffic: what worked, seen from whoever has the role."""

from __future__ import annotations

import pytest
from judging import CURRENT, GATEWAY, LAPTOP, NODE, OTHER, bench, place, recognised, talk
from sites import both_ways
from traffic import SYN, Traffic

from analyzer import classify, outcomes
from analyzer.conversation import Conversation
from analyzer.learn import learn, settle
from analyzer.model import LearnedRow, LeftOut, Outcome
from analyzer.visibility import Visibility

HOSTS = place(CURRENT).hosts


def learned(traffic: Traffic) -> tuple[tuple[LearnedRow, ...], tuple[LeftOut, ...], tuple[LeftOut, ...]]:
    found = recognised(traffic)
    judge = bench(HOSTS)
    classify.orient(found, judge.has_row, judge.knows_port)
    settle(found, lambda address: judge.end(address).roles)
    outcomes.settle(found, Visibility(found), {})
    return learn(found, {conversation.row: judge.judge(conversation) for conversation in found})


def rows(traffic: Traffic) -> dict[tuple[str, str, str, int], LearnedRow]:
    return {(row.role, row.direction, row.transport, row.port): row for row in learned(traffic)[0]}


def test_both_ends_get_their_row_and_the_clients_port_gets_none() -> None:
    traffic = (
        Traffic().connect(0, NODE, 50197, GATEWAY, 9000, b"x").connect(1, OTHER, 50198, GATEWAY, 9000, b"x")
    )
    found = rows(traffic)
    assert set(found) == {("igor-node", "outgoing", "tcp", 9000), ("igor-gateway", "incoming", "tcp", 9000)}
    node = found["igor-node", "outgoing", "tcp", 9000]
    assert (node.flows, node.hosts, node.peers) == (2, (NODE, OTHER), frozenset({"igor-gateway"}))
    assert (node.protocol, node.name) == ("unknown", "TCP 9000")


def test_a_peer_without_a_role_leaves_the_row_open() -> None:
    traffic = Traffic().connect(0, LAPTOP, 40000, GATEWAY, 9000).connect(1, NODE, 40000, GATEWAY, 9000)
    assert rows(traffic)["igor-gateway", "incoming", "tcp", 9000].peers is None


def test_a_group_is_kept() -> None:
    traffic = (
        Traffic().udp(0, NODE, 40000, "239.1.2.3", 7000, b"x").udp(1, NODE, 40000, "10.20.1.255", 7000, b"x")
    )
    row = rows(traffic)["igor-node", "outgoing", "udp", 7000]
    assert (row.groups, row.peers, row.replied) == (("10.20.1.255", "239.1.2.3"), None, False)


def test_a_transfers_legs_belong_to_its_request() -> None:
    found = rows(Traffic().read_file(0, NODE, GATEWAY))
    assert set(found) == {("igor-node", "outgoing", "udp", 69), ("igor-gateway", "incoming", "udp", 69)}


@pytest.mark.parametrize(
    ("traffic", "why"),
    [
        (Traffic().tcp(0, NODE, 40000, GATEWAY, 9000, SYN).tcp(0.1, GATEWAY, 9000, NODE, 40000, 0x14), "RST"),
        (Traffic().coap(0, GATEWAY, NODE, answered=False), "none came"),
        (
            Traffic()
            .udp(0, GATEWAY, 40000, NODE, 7000, b"x")
            .unreachable(0.1, "10.20.0.1", GATEWAY, 40000, NODE, 7000, 13),
            "prohibited",
        ),
    ],
    ids=["refused", "unanswered", "blocked"],
)
def test_what_did_not_work_is_not_learned(traffic: Traffic, why: str) -> None:
    found, _, left = learned(traffic)
    assert found == ()
    assert [entry for entry in left if why in entry.why], left


def test_infrastructure_and_strangers_stay_apart() -> None:
    traffic = Traffic().arp(0, GATEWAY, NODE).connect(1, LAPTOP, 40000, "198.51.100.1", 9000)
    found, background, left = learned(traffic)
    assert found == ()
    assert [(entry.what, entry.flows) for entry in background] == [("ARP", 1)]
    assert [(entry.why, entry.what) for entry in left] == [
        ("no host with a role", f"TCP 9000, {LAPTOP} to 198.51.100.1")
    ]


# ---------------------------------------------------------------- who opened it


def guessed(a: str, a_port: int, b: str, b_port: int, row: int) -> Conversation:
    return talk(a, b, b_port, a_port=a_port, row=row, confidence="guess", basis="first-packet")


def roles(address: tuple[int, int, int]) -> tuple[str, ...]:
    return bench(HOSTS).end(address).roles


def test_the_port_that_stays_is_the_services() -> None:
    """Seen mid-way, first packet from the server: 55000 stays while the clients' ports change."""
    found = [guessed(GATEWAY, 55000, NODE, 50197, 0), guessed(GATEWAY, 55000, OTHER, 61000, 1)]
    settle(found, roles)
    assert [(one.forward, one.port, one.confidence) for one in found] == [(False, 55000, "likely")] * 2


def test_one_flow_alone_or_a_draw_stays_a_guess() -> None:
    alone = [guessed(GATEWAY, 55000, NODE, 50197, 0)]
    draw = [guessed(GATEWAY, 55000, NODE, 50197, 0), guessed(GATEWAY, 55000, NODE, 50197, 1)]
    for found in (alone, draw):
        settle(found, roles)
        assert {one.confidence for one in found} == {"guess"}


def test_a_guess_is_not_learned() -> None:
    found = [guessed(GATEWAY, 55000, NODE, 50197, 0)]
    found[0].outcome = Outcome.ANSWERED
    judge = bench(HOSTS)
    taken, _, left = learn(found, {0: judge.judge(found[0])})
    assert taken == ()
    assert [entry.why for entry in left] == ["nothing tells who opened it"]


def test_sampling_that_is_never_answered_is_learned_as_such() -> None:
    traffic = Traffic().udp(0, NODE, 40000, GATEWAY, 50202, b"x").udp(1, OTHER, 40001, GATEWAY, 50202, b"x")
    row = rows(traffic)["igor-gateway", "incoming", "udp", 50202]
    assert (row.replied, row.flows, row.name) == (False, 2, "Sampling Service")
    assert rows(both_ways(Traffic(), NODE, GATEWAY, 50202))["igor-gateway", "incoming", "udp", 50202].replied
