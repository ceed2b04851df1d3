from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.rdp import PROTOCOL

HELLO = (
    bytes.fromhex("16 0303 0031 01 00002d 0303") + bytes(32) + bytes.fromhex("00 0006 002f 0035 000a 01 00")
)

READINGS = [
    (
        bytes.fromhex("03000013 0ee00000000000 0100080003000000"),
        Reading(Fit.YES, Says.REQUEST, True, "connection request"),
    ),
    (
        bytes.fromhex("0300002b 26e00000000000")
        + b"Cookie: mstshash=alice\r\n"
        + bytes.fromhex("0100080003000000"),
        Reading(Fit.YES, Says.REQUEST, True, "connection request Cookie: mstshash=alice"),
    ),
    (
        bytes.fromhex("03000013 0ed00000123400 021f080002000000"),
        Reading(Fit.YES, Says.RESPONSE, False, "connection confirm"),
    ),
    (bytes.fromhex("0300000c 02f080 0401000100"), Reading(Fit.YES, Says.NOTHING, None, "data")),
    (HELLO, Reading(Fit.YES, Says.REQUEST, True, "TLS ClientHello")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\3\0\0\3" + bytes(9),
        b"\3\0\0\x13\x0e\x70" + bytes(13),
        b"\x44\x04\0" + bytes(9),
        b"\3\0",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_away_from_home_only_its_own_negotiation_counts() -> None:
    negotiation = bytes.fromhex("03000013 0ee00000000000 0100080003000000")
    other = bytes.fromhex("03000016 11e00000000100 c0010a c1020100 c2020102")
    assert read(PROTOCOL, negotiation, "tcp", dst=40000).fit is Fit.YES
    assert read(PROTOCOL, other, "tcp", dst=102).fit is Fit.UNSURE
    assert read(PROTOCOL, HELLO, "tcp", dst=40000).fit is Fit.UNSURE
