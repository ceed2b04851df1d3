from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.dhcpv6 import PROTOCOL

READINGS = [
    (
        bytes.fromhex("01 123456 0001 0004 00030001 0006 0002 0017"),
        Reading(Fit.YES, Says.REQUEST, True, "SOLICIT"),
    ),
    (bytes.fromhex("07 123456 0001 0004 00030001"), Reading(Fit.YES, Says.RESPONSE, False, "REPLY")),
    (
        bytes.fromhex("0c 00") + bytes(32) + bytes.fromhex("0009 0004 01123456"),
        Reading(Fit.YES, Says.REQUEST, True, "RELAY-FORW"),
    ),
    (bytes.fromhex("0a 123456"), Reading(Fit.YES, Says.ANNOUNCE, False, "RECONFIGURE")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2\3",
        b"\1\2",
        bytes.fromhex("01 123456 0001 0009 00030001"),
        b"hello",
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        b"\x0e\1\2\3",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
