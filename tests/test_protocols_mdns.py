from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.mdns import PROTOCOL


def message(flags: int, name: bytes, kind: int, answers: int = 0, rest: bytes = b"") -> bytes:
    header = b"\x12\x34" + flags.to_bytes(2, "big") + b"\0\1" + answers.to_bytes(2, "big") + bytes(4)
    return header + name + kind.to_bytes(2, "big") + b"\0\1" + rest


NAME = b"\7example\3org\0"
ANSWER = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x14\0\x0a"

READINGS = [
    (
        message(0, b"\x04_igo\4_udp\5local\0", 12),
        Reading(Fit.YES, Says.REQUEST, False, "query _igo._udp.local PTR"),
    ),
    (message(0x8400, NAME, 1, 1, ANSWER), Reading(Fit.YES, Says.ANNOUNCE, False, "response example.org A")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        message(0x2800, NAME, 1),
        message(0, NAME, 1, 9),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_an_answer_without_a_question() -> None:
    data = bytes.fromhex("0000 8400 0000 0001 0000 0000") + NAME + b"\0\x21\0\1" + bytes(10)
    assert cuts(PROTOCOL, data).detail == "response example.org SRV"
