"""What nobody stated is read from the traffic, with a reason, and never passes for a statement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import (
    BMS,
    CLIENT,
    DOOR,
    FOUND,
    GATEWAY,
    GET,
    LAPTOP,
    NODE,
    NOTIFY,
    OTHER,
    SEARCH,
    SERVER,
    judged,
    place,
    recognised,
)
from traffic import SYN, Traffic

from analyzer import rulesets
from analyzer.infer import complete
from analyzer.model import Host, Severity, Site

SHEETS = rulesets.load(())
NOTHING = Site(declared=False)
WHO_IS = b"\x81\x0b\x00\x08\x01\x00\x10\x08"
READ = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x00\x01\x19\x4d"


def inferred(traffic: Traffic, site: Site = NOTHING) -> dict[str, Host]:
    return {host.name: host for host in complete(site, recognised(traffic), SHEETS).hosts}


def roles(traffic: Traffic) -> dict[str, tuple[str, ...]]:
    return {name: host.roles for name, host in inferred(traffic).items()}


def both_ways(traffic: Traffic, source: str, target: str, port: int, at: float = 0) -> Traffic:
    return traffic.udp(at, source, 40000, target, port, b"\xaa").udp(
        at + 0.1, target, port, source, 40000, b"\xbb"
    )


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


@pytest.mark.parametrize("nobody", ["255.255.255.255", "0.0.0.0"])
def test_an_address_that_no_host_can_have_is_no_host(nobody: str) -> None:
    traffic = both_ways(Traffic(), nobody, NODE, 50195)
    assert not inferred(both_ways(traffic, nobody, OTHER, 50201)).keys() & {nobody}
    assert judged(traffic, ()).site.hosts is not None


def test_declared_roles_are_not_added_to() -> None:
    traffic = Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\1\2\3")
    found = inferred(traffic, place((f"igor-node={NODE}@6.0.2",)))
    assert [host.roles for host in found.values()] == [("igor-node",)]


# ---------------------------------------------------------------- the BACnet service


@pytest.mark.parametrize(
    ("traffic", "hosts", "why"),
    [
        (Traffic().udp(0, GATEWAY, 47808, "10.20.0.255", 47808, WHO_IS), (), "traffic of the gateway's host"),
        (Traffic().udp(0, BMS, 47808, GATEWAY, 47808, READ), (), "traffic of the gateway's host"),
        (Traffic().coap(0, GATEWAY, NODE), (f"bacnet-system={BMS}",), "a BACnet system is declared"),
        (Traffic().udp(0, BMS, 47808, "10.20.0.255", 47808, WHO_IS), (), ""),
        (Traffic().coap(0, GATEWAY, NODE), (), ""),
    ],
    ids=["sends", "receives", "declared", "others broadcast", "none"],
)
def test_the_service_is_implied_on_the_gateways_host(
    traffic: Traffic, hosts: tuple[str, ...], why: str
) -> None:
    found = complete(place((f"igor-gateway={GATEWAY}@5.1.0", *hosts)), recognised(traffic), SHEETS)
    services = [host for host in found.hosts if "igor-bacnet-service" in host.roles]
    assert len(services) == bool(why)
    if why:
        assert why in services[0].reason
        assert (services[0].version, services[0].networks) == ("5.1.0", (GATEWAY,))


def test_a_declared_service_is_not_implied_again() -> None:
    hosts = (f"igor-gateway={GATEWAY}@5.1.0", f"igor-bacnet-service={LAPTOP}@1.0.0", f"bacnet-system={BMS}")
    found = complete(place(hosts), recognised(Traffic().udp(0, BMS, 47808, GATEWAY, 47808, READ)), SHEETS)
    assert len(found.hosts) == 3


# ---------------------------------------------------------------- editions and modes


def test_the_traffic_speaks_for_an_edition() -> None:
    site = place((f"igor-gateway={GATEWAY}",))
    old = Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, NOTIFY)
    assert inferred(old, site)[GATEWAY].edition == "1.12.1-4.5.3"
    new = Traffic().connect(0, LAPTOP, 40000, GATEWAY, 8080, GET)
    assert inferred(new, site)[GATEWAY].edition == "5.0.0+"
    assert "by its traffic" in inferred(new, site)[GATEWAY].reason
    both = Traffic().connect(0, LAPTOP, 40000, GATEWAY, 80, GET)
    assert inferred(both, site)[GATEWAY].edition == ""


def test_a_stated_version_is_not_argued_with() -> None:
    site = place((f"igor-gateway={GATEWAY}@5.1.0",))
    old = inferred(Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, NOTIFY), site)[GATEWAY]
    assert (old.edition, old.version, old.reason) == ("", "5.1.0", "")


BIOSTAR = (f"biostar-client={CLIENT}", f"biostar-device={DOOR}", f"biostar-server={SERVER}")


@pytest.mark.parametrize(
    ("traffic", "mode"),
    [
        (Traffic().connect(0, CLIENT, 40000, DOOR, 1471, b"\1"), "direct"),
        (Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\1"), "server"),
        (Traffic().connect(0, CLIENT, 40000, SERVER, 1480, b"\1"), ""),
        (Traffic(), ""),
    ],
)
def test_the_traffic_speaks_for_a_mode(traffic: Traffic, mode: str) -> None:
    for host in inferred(traffic, place(BIOSTAR)).values():
        assert (host.mode, host.edition) == (mode, mode), "an inference, marked as one"
        assert ("by its traffic" in host.reason) is bool(mode)


def test_a_mode_stated_for_one_host_holds_for_all() -> None:
    site = place((*BIOSTAR[:2], f"biostar-server={SERVER}@server"))
    for host in inferred(Traffic().connect(0, CLIENT, 40000, DOOR, 1471, b"\1"), site).values():
        assert (host.mode, host.edition) == ("server", "")
        assert "traffic" not in host.reason


# ---------------------------------------------------------------- nothing inferred is a violation


def severities(traffic: Traffic, hosts: tuple[str, ...]) -> set[str]:
    return {str(finding.severity) for finding in judged(traffic, hosts).findings}


def test_an_inferred_edition_violates_nothing() -> None:
    traffic = Traffic().connect(0, LAPTOP, 40000, GATEWAY, 8080, GET).connect(1, LAPTOP, 40001, GATEWAY, 8081)
    traffic.udp(2, GATEWAY, 40000, "239.255.255.250", 1900, NOTIFY)
    assert "violation" not in severities(traffic, (f"igor-gateway={GATEWAY}",))
    assert "violation" in severities(traffic, (f"igor-gateway={GATEWAY}@5.1.0",))


def test_an_inferred_mode_violates_nothing() -> None:
    traffic = (
        Traffic().connect(0, CLIENT, 40000, DOOR, 1471, b"\1").connect(1, DOOR, 40000, SERVER, 1480, b"\1")
    )
    assert "violation" not in severities(traffic, BIOSTAR)
    assert "violation" in severities(traffic, (*BIOSTAR[:2], f"biostar-server={SERVER}@direct"))


def test_inferred_versions_are_not_incompatible() -> None:
    traffic = Traffic().connect(0, GATEWAY, 40000, NODE, 1901, GET).coap(1, GATEWAY, NODE)
    assert severities(traffic, (f"igor-gateway={GATEWAY}@5.1.0", f"igor-node={NODE}")) == {"warning"}


def test_an_open_edition_does_not_excuse_what_no_edition_lists() -> None:
    assert "violation" in severities(
        Traffic().connect(0, LAPTOP, 40000, GATEWAY, 22), (f"igor-gateway={GATEWAY}",)
    )


HOSTS = st.sampled_from([GATEWAY, NODE, OTHER, SERVER, DOOR, LAPTOP])
PORTS = st.sampled_from(
    [22, 69, 80, 88, 443, 1050, 1470, 1480, 1900, 1901, 5683, 8081, 47808, 50197, 50201, 50202, 51110]
)
PAYLOADS = st.sampled_from(
    [b"", b"\xff\xfe", GET, SEARCH, FOUND, NOTIFY, READ, b"\x41\x01\x00\x01\x07", b"\0\1x\0octet\0"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), HOSTS, HOSTS, PORTS, PAYLOADS, st.integers(0, 3)), max_size=12))
def test_where_nothing_was_declared_nothing_is_a_violation(steps) -> None:
    traffic = Traffic()
    for number, (tcp, source, target, port, payload, more) in enumerate(steps):
        if tcp and more:
            traffic.connect(number * 60, source, 40000 + number, target, port, payload)
        elif tcp:
            traffic.tcp(number * 60, source, 40000, target, port, SYN)
        else:
            traffic.udp(number * 60, source, 40000 + more, target, port, payload)
            if more == 3:
                traffic.udp(number * 60 + 1, target, port, source, 40000 + more, payload)
    report = judged(traffic, (), activities=("all",))
    assert not [finding for finding in report.findings if finding.severity is Severity.VIOLATION]
    assert all(host.basis == "inferred" and host.reason for host in report.hosts)
