from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.ldap import PROTOCOL

HELLO = (
    bytes.fromhex("16 0303 0031 01 00002d 0303") + bytes(32) + bytes.fromhex("00 0006 002f 0035 000a 01 00")
)


def message(tag: int, body: str) -> bytes:
    content = bytes.fromhex(body)
    return b"\x30" + bytes((5 + len(content),)) + b"\2\1\1" + bytes((tag, len(content))) + content


READINGS = [
    (message(0x60, "020103 0400 8000"), Reading(Fit.YES, Says.REQUEST, True, "bindRequest")),
    (message(0x61, "0a0100 0400 0400"), Reading(Fit.YES, Says.RESPONSE, False, "bindResponse")),
    (
        message(0x63, "0400 0a0100 0a0100 020100 020100 010100 870b 6f626a656374436c617373 3000"),
        Reading(Fit.YES, Says.REQUEST, True, "searchRequest"),
    ),
    (message(0x64, "0400 3000"), Reading(Fit.YES, Says.RESPONSE, False, "searchResEntry")),
    (message(0x42, ""), Reading(Fit.YES, Says.REQUEST, False, "unbindRequest")),
    (message(0x77, "8000"), Reading(Fit.YES, Says.REQUEST, True, "extendedReq")),
    (
        bytes.fromhex("3084000007fe 020106 6084000007f5 020103"),
        Reading(Fit.YES, Says.REQUEST, True, "bindRequest"),
    ),
    (HELLO, Reading(Fit.YES, Says.REQUEST, True, "TLS ClientHello")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"the middle of a stream",
        message(0x30, ""),
        b"\x30",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_over_udp_other_bytes_contradict() -> None:
    assert cuts(PROTOCOL, message(0x63, "0400 0a0100")).says is Says.REQUEST
    assert read(PROTOCOL, b"hello").fit is Fit.NO
    assert read(PROTOCOL, message(0x30, "")).fit is Fit.NO
