from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.ptp import PROTOCOL


def message(kind: int, length: int) -> bytes:
    return bytes((kind, 2)) + length.to_bytes(2, "big") + bytes(length - 4)


READINGS = [
    (message(0x0, 44), Reading(Fit.YES, Says.ANNOUNCE, False, "Sync")),
    (message(0x1, 44), Reading(Fit.YES, Says.REQUEST, None, "Delay_Req")),
    (message(0x9, 54), Reading(Fit.YES, Says.RESPONSE, None, "Delay_Resp")),
    (message(0xB, 64), Reading(Fit.YES, Says.ANNOUNCE, False, "Announce")),
    (message(0xD, 48), Reading(Fit.YES, Says.NOTHING, None, "Management")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        message(0x5, 44),
        message(0x0, 44)[:-1],
        message(0x0, 20),
        b"\0\3" + message(0, 44)[2:],
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\0\1" + bytes(120),
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
