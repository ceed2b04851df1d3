from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.llmnr import PROTOCOL


def message(flags: int, name: bytes, kind: int, answers: int = 0, rest: bytes = b"") -> bytes:
    header = b"\x12\x34" + flags.to_bytes(2, "big") + b"\0\1" + answers.to_bytes(2, "big") + bytes(4)
    return header + name + kind.to_bytes(2, "big") + b"\0\1" + rest


NAME = b"\7example\3org\0"
ANSWER = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x14\0\x0a"

READINGS = [
    (message(0, b"\4wpad\0", 1), Reading(Fit.YES, Says.REQUEST, False, "query wpad A")),
    (message(0x8000, b"\4wpad\0", 1, 1, ANSWER), Reading(Fit.YES, Says.RESPONSE, False, "response wpad A")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        message(0x2800, NAME, 1),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_over_tcp() -> None:
    query = message(0, NAME, 255)
    framed = len(query).to_bytes(2, "big") + query
    assert cuts(PROTOCOL, framed, "tcp").detail == "query example.org ANY"
