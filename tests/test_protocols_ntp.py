from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.ntp import PROTOCOL

READINGS = [
    (b"\x23" + bytes(47), Reading(Fit.YES, Says.REQUEST, True, "NTPv4 client")),
    (b"\x24\x02" + bytes(46), Reading(Fit.YES, Says.RESPONSE, False, "NTPv4 server")),
    (b"\x1b" + bytes(47), Reading(Fit.YES, Says.REQUEST, True, "NTPv3 client")),
    (b"\x25" + bytes(67), Reading(Fit.YES, Says.ANNOUNCE, False, "NTPv4 broadcast")),
    (b"\x21" + bytes(47), Reading(Fit.YES, Says.REQUEST, None, "NTPv4 symmetric active")),
    (b"\x22" + bytes(47), Reading(Fit.YES, Says.RESPONSE, None, "NTPv4 symmetric passive")),
    (b"\x16\x01" + bytes(10), Reading(Fit.YES, Says.REQUEST, True, "control")),
    (b"\x16\x81" + bytes(10), Reading(Fit.YES, Says.RESPONSE, False, "control")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\x03" + bytes(47),
        b"\x2b" + bytes(47),
        b"\x23" + bytes(46),
        b"\x20" + bytes(47),
        b"\x16" + bytes(10),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        b"\x17" + bytes(7),
        b"\x08" + bytes(47),
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
