from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.dhcp import PROTOCOL


def packet(operation: int, kind: int) -> bytes:
    header = bytes((operation, 1, 6, 0)) + b"\x12\x34\x56\x78" + bytes(20) + b"\2\0\0\0\0\1" + bytes(10)
    options = b"\0\x3d\7\1\2\0\0\0\0\1" + bytes((53, 1, kind)) + b"\xff" if kind else b"\xff"
    return header + bytes(192) + b"\x63\x82\x53\x63" + options


READINGS = [
    (packet(1, 1), Reading(Fit.YES, Says.REQUEST, True, "DISCOVER")),
    (packet(2, 2), Reading(Fit.YES, Says.RESPONSE, False, "OFFER")),
    (packet(1, 3), Reading(Fit.YES, Says.REQUEST, True, "REQUEST")),
    (packet(2, 5), Reading(Fit.YES, Says.RESPONSE, False, "ACK")),
    (packet(1, 7), Reading(Fit.YES, Says.REQUEST, False, "RELEASE")),
    (packet(1, 8), Reading(Fit.YES, Says.REQUEST, True, "INFORM")),
    (packet(1, 77), Reading(Fit.YES, Says.REQUEST, True, "type 77")),
    (packet(1, 0)[:236] + bytes(64), Reading(Fit.YES, Says.REQUEST, None, "BOOTP request")),
    (packet(2, 0)[:236] + bytes(64), Reading(Fit.YES, Says.RESPONSE, False, "BOOTP reply")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\3" + bytes(300),
        packet(1, 1)[:200],
        b"\1\1\x20" + bytes(300),
        b"hello",
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_the_cookie_is_believed_on_any_port() -> None:
    assert read(PROTOCOL, packet(1, 1), src=40000, dst=40001).fit is Fit.YES
    assert read(PROTOCOL, packet(1, 1)[:236] + bytes(64), src=40000, dst=40001).fit is Fit.UNSURE


def test_the_flow_tables_first_bytes_are_enough_at_home() -> None:
    reading = read(PROTOCOL, packet(1, 1)[:160], src=68, dst=67, wire=300)
    assert reading == Reading(Fit.YES, Says.REQUEST, None, "BOOTP request")
