from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.quic import PROTOCOL


def packet(first: int, version: int) -> bytes:
    return bytes((first,)) + version.to_bytes(4, "big") + b"\x08" + bytes(8) + b"\0" + bytes(60)


READINGS = [
    (packet(0xC3, 1), Reading(Fit.YES, Says.NOTHING, None, "QUIC Initial")),
    (packet(0xD3, 1), Reading(Fit.YES, Says.REQUEST, None, "QUIC 0-RTT")),
    (packet(0xE3, 1), Reading(Fit.YES, Says.NOTHING, None, "QUIC Handshake")),
    (packet(0xF0, 1), Reading(Fit.YES, Says.RESPONSE, None, "QUIC Retry")),
    (packet(0xD3, 0x6B3343CF), Reading(Fit.YES, Says.NOTHING, None, "QUIC Initial")),
    (packet(0x80, 0), Reading(Fit.YES, Says.RESPONSE, False, "QUIC version negotiation")),
    (packet(0xC3, 0xFF00001D), Reading(Fit.YES, Says.NOTHING, None, "QUIC draft")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        packet(0x43, 1),
        packet(0x83, 1),
        packet(0xC3, 77),
        b"\xc3\0\0\0\1\x15" + bytes(60),
        b"\xc3\0",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
