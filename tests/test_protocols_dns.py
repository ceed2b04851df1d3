from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.dns import PROTOCOL


def message(flags: int, name: bytes, kind: int, answers: int = 0, rest: bytes = b"") -> bytes:
    header = b"\x12\x34" + flags.to_bytes(2, "big") + b"\0\1" + answers.to_bytes(2, "big") + bytes(4)
    return header + name + kind.to_bytes(2, "big") + b"\0\1" + rest


NAME = b"\7example\3org\0"
ANSWER = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x14\0\x0a"

READINGS = [
    (message(0x0100, NAME, 28), Reading(Fit.YES, Says.REQUEST, True, "query example.org AAAA")),
    (message(0x8180, NAME, 1, 1, ANSWER), Reading(Fit.YES, Says.RESPONSE, False, "response example.org A")),
    (message(0x8183, NAME, 12), Reading(Fit.YES, Says.RESPONSE, False, "response example.org PTR")),
    (message(0x2800, NAME, 6), Reading(Fit.YES, Says.REQUEST, True, "query example.org SOA")),
    (message(0x0100, b"\0", 999), Reading(Fit.YES, Says.REQUEST, True, "query . type 999")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"short",
        message(0x0100, NAME, 1)[:-6],
        message(0x1800, NAME, 1),
        message(0x0100, NAME, 1, 40),
        message(0x0100, b"\x41" + NAME, 1),
        b"\xff" * 40,
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        bytes(12),
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE


def test_over_tcp_after_two_bytes_of_length() -> None:
    query = message(0x0100, NAME, 1)
    framed = len(query).to_bytes(2, "big") + query
    assert cuts(PROTOCOL, framed, "tcp") == Reading(Fit.YES, Says.REQUEST, True, "query example.org A")
    assert read(PROTOCOL, b"the middle of a stream", "tcp").fit is Fit.UNSURE


def test_a_pointer_is_not_followed() -> None:
    assert read(PROTOCOL, message(0x0100, b"\xc0\x0c", 1)).detail == "query . A"
