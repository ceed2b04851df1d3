from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.hsrp import PROTOCOL

READINGS = [
    (
        bytes.fromhex("0000 10 03 0a 78 01 00") + b"cisco\0\0\0" + bytes(4),
        Reading(Fit.YES, Says.ANNOUNCE, False, "Hello"),
    ),
    (b"\0\1" + bytes(18), Reading(Fit.YES, Says.ANNOUNCE, False, "Coup")),
    (b"\1\x28\2\0" + bytes(38), Reading(Fit.YES, Says.ANNOUNCE, False, "version 2 Hello")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        b"\1\x28\2\x09" + bytes(38),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        b"\7\0\0\0" + bytes(16),
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
