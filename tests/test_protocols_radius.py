from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.radius import PROTOCOL


def packet(code: int) -> bytes:
    return bytes((code, 7, 0, 26)) + bytes(16) + b"\1\6igor"


READINGS = [
    (packet(1), Reading(Fit.YES, Says.REQUEST, True, "Access-Request")),
    (packet(2), Reading(Fit.YES, Says.RESPONSE, False, "Access-Accept")),
    (packet(3), Reading(Fit.YES, Says.RESPONSE, False, "Access-Reject")),
    (packet(4), Reading(Fit.YES, Says.REQUEST, True, "Accounting-Request")),
    (packet(5), Reading(Fit.YES, Says.RESPONSE, False, "Accounting-Response")),
    (packet(11), Reading(Fit.YES, Says.RESPONSE, False, "Access-Challenge")),
    (packet(43), Reading(Fit.YES, Says.REQUEST, True, "CoA-Request")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\1\1\0\x13" + bytes(15),
        packet(1)[:-1],
        b"\1\1\xff\xff" + bytes(30),
        b"\1",
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        packet(99),
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
