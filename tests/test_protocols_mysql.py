from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.mysql import PROTOCOL

HELLO = (
    bytes.fromhex("16 0303 0031 01 00002d 0303") + bytes(32) + bytes.fromhex("00 0006 002f 0035 000a 01 00")
)


def packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes((sequence,)) + body


READINGS = [
    (packet(0, b"\x0a8.0.36\0" + bytes(60)), Reading(Fit.YES, Says.RESPONSE, None, "server 8.0.36")),
    (
        packet(0, b"\x0a5.5.5-10.11.6-MariaDB\0" + bytes(60)),
        Reading(Fit.YES, Says.RESPONSE, None, "server 5.5.5-10.11.6-MariaDB"),
    ),
    (packet(1, bytes(80)), Reading(Fit.YES, Says.REQUEST, True, "login")),
    (HELLO, Reading(Fit.YES, Says.REQUEST, True, "TLS ClientHello")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        packet(0, b"\3SELECT 1"),
        packet(0, b"\x0a8.0.36\0" + bytes(60))[:-1],
        packet(7, bytes(80)),
        b"\1",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE
