"""What speaks for a role beside the sheets."""

from __future__ import annotations

import pytest
from inferring import READ
from judging import BMS, DOOR, GATEWAY, NODE, SERVER, recognised
from traffic import Traffic

from analyzer.addresses import text
from analyzer.infer.hints import hints


def told(traffic: Traffic) -> set[tuple[str, str]]:
    return {(text(*hint.address), hint.role) for hint in hints(recognised(traffic))}


def pushed(traffic: Traffic) -> Traffic:
    """The gateway writes a file to the node (RFC 1350 section 4)."""
    traffic.udp(0, GATEWAY, 2000, NODE, 69, b"\0\2node.bin\0octet\0")
    traffic.udp(0.1, NODE, 50123, GATEWAY, 2000, b"\0\4\0\0")
    traffic.udp(0.2, GATEWAY, 2000, NODE, 50123, b"\0\3\0\1x")
    return traffic.udp(0.3, NODE, 50123, GATEWAY, 2000, b"\0\4\0\1")


@pytest.mark.parametrize(
    ("traffic", "expected"),
    [
        (Traffic().read_file(0, NODE, GATEWAY), {(NODE, "igor-node"), (GATEWAY, "igor-gateway")}),
        (pushed(Traffic()), {(NODE, "igor-node"), (GATEWAY, "igor-gateway")}),
        (Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0"), set()),
        (Traffic().udp(0, BMS, 47808, GATEWAY, 47808, READ), {(BMS, "igor-gateway")}),
        (Traffic().connect(0, DOOR, 4000, SERVER, 1480).connect(1, DOOR, 4001, SERVER, 1480), set()),
        (
            Traffic().connect(0, DOOR, 4000, SERVER, 1480).connect(0.005, DOOR, 4001, SERVER, 1480),
            {(DOOR, "biostar-device")},
        ),
        (Traffic().connect(0, SERVER, 4000, DOOR, 1470), {(SERVER, "biostar-client")}),
        (Traffic().connect(0, SERVER, 4000, DOOR, 1471).connect(1, NODE, 4000, SERVER, 1480), set()),
    ],
    ids=[
        *("read", "written", "only asked", "bacnet", "one after the other", "two at a time"),
        *("reaches", "reaches and serves"),
    ],
)
def test_what_the_traffic_says_of_its_ends(traffic: Traffic, expected: set[tuple[str, str]]) -> None:
    assert told(traffic) == expected
