from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.telnet import PROTOCOL

READINGS = [
    (b"\xff\xfd\x18\xff\xfd\x20", Reading(Fit.YES, Says.NOTHING, None, "DO option 24")),
    (b"\xff\xfb\1", Reading(Fit.YES, Says.NOTHING, None, "WILL option 1")),
    (b"\xff\xfa\x18\0vt100\xff\xf0", Reading(Fit.YES, Says.NOTHING, None, "SB option 24")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"login: ",
        b"\xff\xfd",
        b"\xff\xff\1",
        b"",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE
