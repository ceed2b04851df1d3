from __future__ import annotations

import pytest
from naming import EXAMPLE, EXAMPLE_ANSWER, question
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.dns import PROTOCOL

READINGS = [
    (question(0x0100, EXAMPLE, 28), Reading(Fit.YES, Says.REQUEST, True, "query example.org AAAA")),
    (
        question(0x8180, EXAMPLE, 1, 1, EXAMPLE_ANSWER),
        Reading(Fit.YES, Says.RESPONSE, False, "response example.org A"),
    ),
    (question(0x8183, EXAMPLE, 12), Reading(Fit.YES, Says.RESPONSE, False, "response example.org PTR")),
    (question(0x2800, EXAMPLE, 6), Reading(Fit.YES, Says.REQUEST, True, "query example.org SOA")),
    (question(0x0100, b"\0", 999), Reading(Fit.YES, Says.REQUEST, True, "query . type 999")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"short",
        question(0x0100, EXAMPLE, 1)[:-6],
        question(0x1800, EXAMPLE, 1),
        question(0x0100, EXAMPLE, 1, 40),
        question(0x0100, b"\x41" + EXAMPLE, 1),
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
    query = question(0x0100, EXAMPLE, 1)
    framed = len(query).to_bytes(2, "big") + query
    assert cuts(PROTOCOL, framed, "tcp") == Reading(Fit.YES, Says.REQUEST, True, "query example.org A")
    assert read(PROTOCOL, b"the middle of a stream", "tcp").fit is Fit.UNSURE


def test_a_pointer_is_not_followed() -> None:
    assert read(PROTOCOL, question(0x0100, b"\xc0\x0c", 1)).detail == "query . A"
