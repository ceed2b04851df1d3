"""Healthy sites made at random, with what every host on them is: what laws about sites are tested on."""

from __future__ import annotations

from hypothesis import strategies as st
from judging import GET, SEARCH
from traffic import Traffic


def both_ways(traffic: Traffic, source: str, target: str, port: int, at: float = 0) -> Traffic:
    """A datagram and its answer."""
    return traffic.udp(at, source, 40000, target, port, b"\xaa").udp(
        at + 0.1, target, port, source, 40000, b"\xbb"
    )


def _igor(draw: st.DrawFn, traffic: Traffic, number: int, at: float) -> dict[str, str]:
    """A gateway and its nodes: CoAP, and of the rest whatever is drawn."""
    gateway = f"10.{number}.0.10"
    current = draw(st.booleans())
    nodes = [f"10.{number}.1.{n}" for n in range(21, 21 + draw(st.integers(2, 6)))]
    for node in nodes:
        at += 1
        traffic.coap(at, gateway, node)
        extra = draw(st.sets(st.integers(0, 4)))
        if 0 in extra:
            traffic.coap(at + 0.1, node, gateway)
        if 1 in extra:
            both_ways(traffic, node, gateway, 50202 if current else 1901, at=at + 0.2)
        if 2 in extra:
            both_ways(traffic, gateway, node, 50201, at=at + 0.3)
        if 3 in extra:
            both_ways(traffic, *draw(st.permutations((gateway, node))), 1050, at=at + 0.4)
        if 4 in extra:
            traffic.read_file(at + 0.5, node, gateway)
    return {gateway: "igor-gateway", **dict.fromkeys(nodes, "igor-node")}


def _biostar(draw: st.DrawFn, traffic: Traffic, at: float) -> dict[str, str]:
    """A server, a client that searches, and doors in either mode."""
    server, client = "10.9.0.50", "10.9.0.60"
    direct = draw(st.booleans())
    traffic.connect(at, client, 40000, server, 1480, b"\1")
    traffic.udp(at + 0.1, client, 40000, "10.9.255.255", 51110, b"\1")
    doors = [f"10.9.3.{n}" for n in range(11, 11 + draw(st.integers(2, 4)))]
    for number, door in enumerate(doors):
        if direct:
            traffic.connect(at + number, client, 40001, door, draw(st.sampled_from((1470, 1471))), b"\1")
        else:
            traffic.connect(at + number, door, 40001, server, 1480, b"\1")
            traffic.connect(at + number + 0.001, door, 40002, server, 1480, b"\1")
    return {
        server: "biostar-server",
        client: "biostar-client",
        **dict.fromkeys(doors, "biostar-device"),
    }


@st.composite
def sites(draw: st.DrawFn) -> tuple[Traffic, dict[str, str]]:
    """A healthy site of either vendor or both, with an office beside it, and what its hosts are."""
    traffic, truth = Traffic(), {}
    for number in range(draw(st.integers(0, 2))):
        truth |= _igor(draw, traffic, number, at=number * 20.0)
    if draw(st.booleans()):
        truth |= _biostar(draw, traffic, 50)
    for number in range(draw(st.integers(0, 5))):
        office = f"192.168.5.{number + 2}"
        port = draw(st.sampled_from((80, 443, 8080, 3389, 445)))
        traffic.connect(60 + number, office, 50195 + number, "192.168.5.1", port, GET)
        traffic.udp(60.5 + number, office, 1900, "239.255.255.250", 1900, SEARCH)
    return traffic, truth
