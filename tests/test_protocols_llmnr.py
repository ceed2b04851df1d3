from __future__ import annotations

import pytest
from naming import EXAMPLE, EXAMPLE_ANSWER, question
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.llmnr import PROTOCOL

READINGS = [
    (question(0, b"\4wpad\0", 1), Reading(Fit.YES, Says.REQUEST, False, "query wpad A")),
    (
        question(0x8000, b"\4wpad\0", 1, 1, EXAMPLE_ANSWER),
        Reading(Fit.YES, Says.RESPONSE, False, "response wpad A"),
    ),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        question(0x2800, EXAMPLE, 1),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_over_tcp() -> None:
    query = question(0, EXAMPLE, 255)
    framed = len(query).to_bytes(2, "big") + query
    assert cuts(PROTOCOL, framed, "tcp").detail == "query example.org ANY"
