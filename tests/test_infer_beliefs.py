"""Beliefs about all hosts, settled together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import GATEWAY, NODE, OTHER, address, recognised
from traffic import Traffic

from analyzer import rulesets
from analyzer.conversation import Address
from analyzer.infer.beliefs import settle
from analyzer.infer.relations import Party, parties
from analyzer.infer.sheets import Sheets

SHEETS = Sheets(rulesets.load(()))


def settled(traffic: Traffic, **hints: float) -> dict[Address, Party]:
    """The hosts of ``traffic``; ``hints`` are evidence on the gateway's address, by role."""
    hosts = parties(recognised(traffic), SHEETS)
    settle(hosts, SHEETS, {address(GATEWAY): {name.replace("_", "-"): at for name, at in hints.items()}})
    return hosts


def test_two_hosts_settle_on_roles_that_fit_each_other() -> None:
    hosts = settled(Traffic().coap(0, GATEWAY, NODE).coap(1, GATEWAY, OTHER))
    beliefs = {name: hosts[address(name)].belief for name in (GATEWAY, NODE, OTHER)}
    assert max(beliefs[GATEWAY], key=beliefs[GATEWAY].__getitem__) == "igor-gateway"
    for node in (NODE, OTHER):
        assert max(beliefs[node], key=beliefs[node].__getitem__) == "igor-node"


def test_evidence_beside_the_sheets_moves_a_belief() -> None:
    traffic = Traffic().coap(0, GATEWAY, NODE)
    without = settled(traffic)[address(GATEWAY)].belief
    backed = settled(traffic, igor_gateway=12.0)[address(GATEWAY)].belief
    assert backed["igor-gateway"] > without["igor-gateway"]


@given(pairs=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=8))
@settings(max_examples=20)
def test_likelihoods_add_up_to_one(pairs: list[tuple[int, int]]) -> None:
    traffic = Traffic()
    for at, (client, server) in enumerate(pairs):
        traffic.coap(at, f"10.20.1.{client}", f"10.20.1.{server}", sport=40000 + at)
    for host in settled(traffic).values():
        assert sum(host.belief.values()) == pytest.approx(1.0)
