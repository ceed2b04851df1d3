from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.nbdgm import PROTOCOL

READINGS = [
    (
        bytes.fromhex("110281e8 0a140009 008a 00a0 0000") + bytes(20),
        Reading(Fit.YES, Says.ANNOUNCE, False, "direct group"),
    ),
    (
        bytes.fromhex("100281e8 0a140009 008a 00a0 0000"),
        Reading(Fit.YES, Says.ANNOUNCE, False, "direct unique"),
    ),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\x17\x02" + bytes(20),
        b"\x11\xf2" + bytes(20),
        b"\x11\x02\0\0",
        b"hello world",
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO
