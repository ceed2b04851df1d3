"""Who is what, from who opens which service to whom."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from inferring import READ, SHEETS, inferred, roles
from judging import (
    BMS,
    CLIENT,
    DOOR,
    GATEWAY,
    GET,
    LAPTOP,
    NODE,
    OTHER,
    SEARCH,
    SERVER,
    address,
    recognised,
)
from sites import both_ways, sites
from traffic import SYN, Traffic

from analyzer.addresses import text
from analyzer.infer.hints import hints
from analyzer.infer.roles import Guess, guess

# ---------------------------------------------------------------- roles


def test_a_hub_with_several_partners_is_the_gateway() -> None:
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER, "10.20.1.23")):
        traffic.coap(number, GATEWAY, node).read_file(number + 5, node, GATEWAY, tid=50123 + number)
    found = inferred(traffic)
    assert {name: host.roles for name, host in found.items()} == {
        GATEWAY: ("igor-gateway",),
        NODE: ("igor-node",),
        OTHER: ("igor-node",),
        "10.20.1.23": ("igor-node",),
    }
    for host in found.values():
        assert host.basis == "inferred"
        assert host.reason.startswith(f"behaves like {host.roles[0]}: ")
    assert "with 3 partners" in found[GATEWAY].reason


def test_a_direction_that_only_one_sheet_lists_tells_two_hosts_apart() -> None:
    """Samples go from nodes to the gateway: only the gateway's sheet has 50202 incoming."""
    assert roles(both_ways(Traffic(), NODE, GATEWAY, 50202)) == {
        GATEWAY: ("igor-gateway",),
        NODE: ("igor-node",),
    }


def test_two_hosts_that_do_the_same_both_ways_are_not_told_apart() -> None:
    traffic = both_ways(both_ways(Traffic(), GATEWAY, NODE, 1050), NODE, GATEWAY, 1050, at=5)
    assert roles(traffic) == {}


def test_biostar_devices_and_their_server_are_told_by_the_vendors_port() -> None:
    found = roles(Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\1\2\3"))
    assert found == {DOOR: ("biostar-device",), SERVER: ("biostar-server",)}


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic().connect(0, LAPTOP, 40000, SERVER, 80, GET).connect(1, LAPTOP, 40001, SERVER, 8080, GET),
        Traffic()
        .udp(0, BMS, 47808, GATEWAY, 47808, READ)
        .udp(1, GATEWAY, 47808, BMS, 47808, b"\x81\x0a\x00\x04"),
        Traffic().udp(0, LAPTOP, 40000, "239.255.255.250", 1900, SEARCH),
        Traffic().tcp(0, LAPTOP, 40000, SERVER, 1480, SYN),
        Traffic().read_file(0, LAPTOP, SERVER),
    ],
    ids=["web", "bacnet", "search", "attempt", "one transfer"],
)
def test_what_many_products_do_makes_nobody_a_subject(traffic: Traffic) -> None:
    assert not [host for host in inferred(traffic).values() if host.roles]


# ---------------------------------------------------------------- levels


def guesses(traffic: Traffic, **more: object) -> dict[str, Guess]:
    found = recognised(traffic)
    given = {"hints": hints(found), **more}
    return {text(*one.address): one for one in guess(found, SHEETS, **given)}  # type: ignore[arg-type]


def called(traffic: Traffic, **more: object) -> dict[str, tuple[str, str]]:
    return {name: (one.role, one.level) for name, one in guesses(traffic, **more).items()}


def test_a_row_used_the_wrong_way_round_does_not_turn_the_roles_round() -> None:
    """A node opens 50201, which only the gateway may: it is still the node, for it knows one partner."""
    traffic = both_ways(Traffic(), NODE, GATEWAY, 50201)
    for number, node in enumerate((NODE, OTHER)):
        traffic.coap(number, GATEWAY, node).coap(number + 5, node, GATEWAY)
    assert {name: role for name, (role, _) in called(traffic).items()} == {
        GATEWAY: "igor-gateway",
        NODE: "igor-node",
        OTHER: "igor-node",
    }


def test_a_client_that_searches_is_no_device() -> None:
    traffic = Traffic().connect(0, CLIENT, 40000, SERVER, 1480).udp(1, CLIENT, 40000, "10.20.255.255", 51110)
    for number, door in enumerate((DOOR, "10.20.3.12")):
        traffic.connect(2 + number, door, 40000, SERVER, 1480, b"\1")
        traffic.connect(2 + number, door, 40001, SERVER, 1480, b"\1")
    assert called(traffic) == {
        SERVER: ("biostar-server", "likely"),
        CLIENT: ("biostar-client", "certain"),
        DOOR: ("biostar-device", "likely"),
        "10.20.3.12": ("biostar-device", "likely"),
    }


def test_one_connection_could_be_a_devices_or_a_clients() -> None:
    traffic = Traffic().connect(0, DOOR, 40000, SERVER, 1480).connect(1, "10.20.3.12", 40000, SERVER, 1480)
    one = guesses(traffic)[DOOR]
    assert (one.role, one.level, one.rivals) == ("biostar-device", "unsure", ("biostar-client",))


def test_an_attempt_speaks_for_who_makes_it_and_for_nobody_else() -> None:
    traffic = Traffic().coap(0, GATEWAY, NODE).coap(1, GATEWAY, OTHER, answered=False)
    assert {name: role for name, (role, _) in called(traffic).items()} == {
        GATEWAY: "igor-gateway",
        NODE: "igor-node",
    }


def test_what_one_side_proves_counts_for_both() -> None:
    """A mirror of one direction: the node's answers are here, the gateway's requests are not."""
    answer = b"\x61\x45\0\1\7\xffon"
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER)):
        traffic.udp(number, node, 5683, GATEWAY, 40000, answer)
    pairs = {(address(node), address(GATEWAY)) for node in (NODE, OTHER)}
    assert called(traffic) == {}
    assert {name: role for name, (role, _) in called(traffic, proven=pairs).items()} == {
        GATEWAY: "igor-gateway",
        NODE: "igor-node",
        OTHER: "igor-node",
    }


@pytest.mark.parametrize("nobody", ["255.255.255.255", "0.0.0.0"])
def test_an_address_that_no_host_can_have_is_no_host(nobody: str) -> None:
    traffic = both_ways(Traffic(), nobody, NODE, 50195)
    assert nobody not in inferred(both_ways(traffic, nobody, OTHER, 50201))


def test_broad_evidence_is_certain_and_one_open_protocol_is_likely_at_most() -> None:
    nodes = (NODE, OTHER)
    coap = Traffic()
    for number, node in enumerate(nodes):
        coap.coap(number, GATEWAY, node)
    assert {level for _, level in called(coap).values()} == {"likely"}
    for number, node in enumerate(nodes):
        both_ways(coap, node, GATEWAY, 1050, at=10 + number)
        both_ways(coap, node, GATEWAY, 50197, at=20 + number)
    assert {level for _, level in called(coap).values()} == {"certain"}


@pytest.mark.parametrize("port", [69, 88])
def test_what_others_use_too_makes_no_role_likely(port: int) -> None:
    """Telephones that fetch their configuration; hosts that sign in at a domain controller."""
    traffic = Traffic()
    for number in range(4):
        phone = f"10.0.9.{number + 5}"
        if port == 69:
            traffic.read_file(number * 5, phone, SERVER, name=b"phone.cfg")
        else:
            traffic.connect(number, phone, 40000, SERVER, port, b"\x99\x98")
    assert {level for _, level in called(traffic).values()} <= {"unsure"}


@settings(deadline=None, max_examples=60)
@given(sites())
def test_on_a_healthy_site_nothing_that_is_called_likely_is_wrong(
    site: tuple[Traffic, dict[str, str]],
) -> None:
    traffic, truth = site
    for name, one in guesses(traffic).items():
        if one.level != "unsure":
            assert (name, one.role) == (name, truth.get(name)), one
    sure = {name for name, one in guesses(traffic).items() if one.level != "unsure"}
    assert sure >= {name for name, role in truth.items() if role in ("igor-gateway", "igor-node")}
