from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.nbns import PROTOCOL

NAME = b"\x20FHEPFCELEHFCEPFFFACACACACACACABN\0"


def message(flags: int, additional: int = 0) -> bytes:
    header = b"\x12\x34" + flags.to_bytes(2, "big") + b"\0\1\0\0\0\0" + additional.to_bytes(2, "big")
    return header + NAME + b"\0\x20\0\1" + (b"\xc0\x0c\0\x20\0\1" + bytes(12)) * additional


READINGS = [
    (message(0x0110), Reading(Fit.YES, Says.REQUEST, False, "query WORKGROUP<1d>")),
    (message(0x0100), Reading(Fit.YES, Says.REQUEST, True, "query WORKGROUP<1d>")),
    (message(0x2910, 1), Reading(Fit.YES, Says.REQUEST, False, "registration WORKGROUP<1d>")),
    (message(0x8500), Reading(Fit.YES, Says.RESPONSE, False, "response to query WORKGROUP<1d>")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        message(0x1000),
        message(0x0110)[:-6],
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_a_name_that_is_not_encoded_stays_as_it_is() -> None:
    data = message(0x0110).replace(NAME, b"\4wpad\0")
    assert read(PROTOCOL, data).detail == "query wpad"
