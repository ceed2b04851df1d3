from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.mssql import PROTOCOL

HELLO = (
    bytes.fromhex("16 0303 0031 01 00002d 0303") + bytes(32) + bytes.fromhex("00 0006 002f 0035 000a 01 00")
)


def packet(kind: int) -> bytes:
    return bytes((kind, 1, 0, 47, 0, 0, 1, 0)) + bytes(39)


READINGS = [
    (packet(0x12), Reading(Fit.YES, Says.REQUEST, True, "TDS PRELOGIN")),
    (packet(0x10), Reading(Fit.YES, Says.REQUEST, True, "TDS LOGIN7")),
    (packet(1), Reading(Fit.YES, Says.REQUEST, True, "TDS SQL batch")),
    (packet(4), Reading(Fit.YES, Says.RESPONSE, None, "TDS response")),
    (HELLO, Reading(Fit.YES, Says.REQUEST, True, "TLS ClientHello")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        packet(0x55),
        b"\x12\1\0\4" + bytes(9),
        b"\x12\1\0\x20\0\0\1\7" + bytes(9),
        b"\x12",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_a_prelogin_from_the_server_tells_nothing() -> None:
    assert read(PROTOCOL, packet(0x12), "tcp", src=1433, dst=40000).says is Says.NOTHING


@pytest.mark.parametrize(
    ("data", "says", "due", "detail"),
    [
        (b"\2", Says.REQUEST, False, "browser search"),
        (b"\4SQLEXPRESS\0", Says.REQUEST, None, "browser SQLEXPRESS"),
        (b"\5\x10\0ServerName;PC;;", Says.RESPONSE, False, "browser answer"),
    ],
)
def test_the_browser(data: bytes, says: Says, due: bool | None, detail: str) -> None:
    assert cuts(PROTOCOL, data) == Reading(Fit.YES, says, due, detail)


def test_what_contradicts_the_browser() -> None:
    assert read(PROTOCOL, b"\x99hello").fit is Fit.NO
