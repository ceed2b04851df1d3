from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.stun import PROTOCOL


def message(kind: int) -> bytes:
    return kind.to_bytes(2, "big") + b"\0\x08\x21\x12\xa4\x42" + bytes(12) + b"\x80\x22\0\4test"


READINGS = [
    (message(0x0001), Reading(Fit.YES, Says.REQUEST, True, "Binding request")),
    (message(0x0101), Reading(Fit.YES, Says.RESPONSE, False, "Binding success response")),
    (message(0x0111), Reading(Fit.YES, Says.RESPONSE, False, "Binding error response")),
    (message(0x0011), Reading(Fit.YES, Says.ANNOUNCE, False, "Binding indication")),
    (message(0x0003), Reading(Fit.YES, Says.REQUEST, True, "Allocate request")),
    (message(0x0022), Reading(Fit.YES, Says.REQUEST, True, "method 18 request")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        message(1)[:-1],
        message(1)[:4] + bytes(24),
        b"\x40" + message(1)[1:],
        b"media on the same port, long enough",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE


def test_believed_on_any_port_and_over_tcp() -> None:
    assert read(PROTOCOL, message(1), src=40000, dst=40001).fit is Fit.YES
    assert read(PROTOCOL, message(1) + message(1), "tcp", dst=443).detail == "Binding request"
