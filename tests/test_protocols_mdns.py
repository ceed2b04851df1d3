from __future__ import annotations

import pytest
from naming import EXAMPLE, EXAMPLE_ANSWER, question
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.mdns import PROTOCOL

READINGS = [
    (
        question(0, b"\x04_igo\4_udp\5local\0", 12),
        Reading(Fit.YES, Says.REQUEST, False, "query _igo._udp.local PTR"),
    ),
    (
        question(0x8400, EXAMPLE, 1, 1, EXAMPLE_ANSWER),
        Reading(Fit.YES, Says.ANNOUNCE, False, "response example.org A"),
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
        question(0, EXAMPLE, 1, 9),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_an_answer_without_a_question() -> None:
    data = bytes.fromhex("0000 8400 0000 0001 0000 0000") + EXAMPLE + b"\0\x21\0\1" + bytes(10)
    assert cuts(PROTOCOL, data).detail == "response example.org SRV"
