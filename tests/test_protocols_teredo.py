from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.teredo import PROTOCOL


def ipv6(following: int, body: bytes) -> bytes:
    return b"\x60\0\0\0" + len(body).to_bytes(2, "big") + bytes((following, 21)) + bytes(32) + body


READINGS = [
    (ipv6(58, b"\x85\0\0\0"), Reading(Fit.YES, Says.REQUEST, True, "router solicitation")),
    (ipv6(58, b"\x86\0\0\0"), Reading(Fit.YES, Says.RESPONSE, False, "router advertisement")),
    (ipv6(17, bytes(20)), Reading(Fit.YES, Says.NOTHING, None, "IPv6")),
    (
        b"\0\1\0\0" + bytes(9) + ipv6(58, b"\x85\0\0\0"),
        Reading(Fit.YES, Says.REQUEST, True, "router solicitation"),
    ),
    (b"\0\0\x12\x34\x0a\x14\0\1" + ipv6(59, b""), Reading(Fit.YES, Says.NOTHING, None, "IPv6")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"\0\2" + bytes(60),
        b"\x45" + bytes(60),
        ipv6(17, bytes(20))[:-1],
        ipv6(58, b""),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO
