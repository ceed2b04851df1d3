"""Modes, editions and the BACnet service that the traffic speaks for."""

from __future__ import annotations

import pytest
from inferring import READ, SHEETS, WHO_IS, inferred
from judging import (
    BMS,
    CLIENT,
    DOOR,
    GATEWAY,
    GET,
    LAPTOP,
    NODE,
    NOTIFY,
    SERVER,
    place,
    recognised,
)
from traffic import Traffic

from analyzer.infer import complete

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
