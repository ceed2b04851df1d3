from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.winrm import PROTOCOL

HELLO = (
    bytes.fromhex("16 0303 0031 01 00002d 0303") + bytes(32) + bytes.fromhex("00 0006 002f 0035 000a 01 00")
)

READINGS = [
    (b"POST /wsman HTTP/1.1\r\nHost: pc\r\n\r\n", Reading(Fit.YES, Says.REQUEST, True, "POST /wsman")),
    (b"HTTP/1.1 401 \r\n\r\n", Reading(Fit.YES, Says.RESPONSE, None, "HTTP 401")),
    (HELLO, Reading(Fit.YES, Says.REQUEST, True, "TLS ClientHello")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"<s:Envelope",
        b"",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE
