"""Hosts that the sheets treat alike are one party; groups and broadcast addresses."""

from __future__ import annotations

import pytest
from exporting import holds, policy
from judging import CURRENT

from analyzer import protocols
from analyzer.directory import span
from analyzer.export.parties import ANYONE, Party, joined, networks

HUNDRED = tuple(f"igor-node=10.20.1.{number}@6.0.{number}" for number in range(1, 101))


def test_hosts_of_one_edition_are_one_party() -> None:
    found = policy(("igor-gateway=10.20.0.10@5.1.0", *HUNDRED)).parties
    assert [party.label for party in found.hosts] == ["igor-gateway", "igor-node"]
    assert networks(found.hosts[1].spans or ())[0] == "10.20.1.1/32"
    assert sum(one.size for one in found.hosts[1].spans or ()) == 100


def test_two_editions_are_two() -> None:
    found = policy(
        ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.1@6.0.2", "igor-node=10.20.1.2@5.0.2")
    )
    assert [party.label for party in found.parties.hosts] == [
        "igor-gateway",
        "igor-node",
        "igor-node 4.0.0-5.0.2",
    ]


def test_the_most_specific_network_counts() -> None:
    found = policy(("igor-gateway=10.20.1.7@5.1.0", "igor-node=10.20.1.0/24@6.0.2")).parties
    gateway, node = found.hosts
    assert gateway.single
    assert not any(holds(one, "10.20.1.7") for one in node.spans or ())
    assert all(any(holds(one, f"10.20.1.{last}") for one in node.spans or ()) for last in (0, 6, 8, 255))


def test_where_no_mask_is_known_every_broadcast_address_is_possible() -> None:
    found = policy(CURRENT).parties
    assert found.guessed
    written = networks(found.broadcast)
    assert {
        "255.255.255.255/32",
        "10.20.0.255/32",
        "10.20.1.255/32",
        "10.20.3.255/32",
        "10.20.255.255/32",
    } <= set(written)


def test_a_stated_subnet_ends_the_guessing() -> None:
    found = policy(CURRENT, subnets=("10.20.0.0/20", "fd00::/64")).parties
    assert not found.guessed
    assert networks(found.broadcast) == ["10.20.15.255/32", "255.255.255.255/32"]


def test_groups_are_those_of_the_protocol() -> None:
    found = policy(CURRENT, subnets=("10.20.0.0/16",)).parties
    ssdp = found.group(protocols.load()["ssdp"])
    bacnet = found.group(protocols.load()["bacnet"])
    assert ssdp is not None
    assert networks(ssdp.of(4) or ()) == ["239.255.255.250/32"]
    assert bacnet is not None
    assert networks(bacnet.of(4) or ()) == ["10.20.255.255/32", "255.255.255.255/32"]
    assert found.group(protocols.load()["tftp"]) is None


def test_spans_that_touch_are_one() -> None:
    assert joined([span("10.0.0.2"), span("10.0.0.1"), span("10.0.0.4"), span("fd00::1")]) == (
        span("10.0.0.1-10.0.0.2"),
        span("10.0.0.4"),
        span("fd00::1"),
    )


def test_a_range_becomes_networks() -> None:
    assert networks([span("10.0.0.1-10.0.0.6")]) == [
        "10.0.0.1/32",
        "10.0.0.2/31",
        "10.0.0.4/31",
        "10.0.0.6/32",
    ]


def test_anyone_has_no_addresses_to_list() -> None:
    assert ANYONE.of(4) is None
    assert Party("x", (span("fd00::1"),)).of(4) == ()


def test_no_subnet_is_told() -> None:
    with pytest.raises(Exception, match="--subnet"):
        policy(CURRENT, subnets=("10.20.0.1/16",))
