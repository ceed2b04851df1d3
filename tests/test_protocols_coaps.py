from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.coaps import PROTOCOL


def record(kind: int, body: bytes, version: str = "fefd", epoch: int = 0) -> bytes:
    return (
        bytes((kind,))
        + bytes.fromhex(version)
        + epoch.to_bytes(2, "big")
        + bytes(6)
        + len(body).to_bytes(2, "big")
        + body
    )


READINGS = [
    (record(22, b"\1" + bytes(60), "feff"), Reading(Fit.YES, Says.REQUEST, True, "DTLS ClientHello")),
    (record(22, b"\3" + bytes(30), "feff"), Reading(Fit.YES, Says.RESPONSE, None, "DTLS HelloVerifyRequest")),
    (record(22, b"\2" + bytes(60)), Reading(Fit.YES, Says.RESPONSE, None, "DTLS ServerHello")),
    (record(22, b"\x99" + bytes(40), epoch=1), Reading(Fit.YES, Says.NOTHING, None, "DTLS handshake")),
    (record(23, bytes(40), epoch=1), Reading(Fit.YES, Says.NOTHING, None, "DTLS application data")),
    (record(21, b"\2\x28"), Reading(Fit.YES, Says.NOTHING, None, "DTLS Alert")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\x40\x01\x00\x01\xb5hello",
        b"hello dtls",
        b"\x16\x03\x03\x00\x05hello",
        record(23, b"")[:12],
        record(23, bytes(9))[:-1],
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_dtls_13_ciphertext_is_left_open() -> None:
    assert read(PROTOCOL, b"\x2f" + bytes(40)).fit is Fit.UNSURE
