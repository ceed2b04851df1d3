from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.kerberos import PROTOCOL


def message(tag: int, version: int) -> bytes:
    body = bytes((version, 3, 2, 1, 5)) + b"\xa2\3\2\1\x0a" + bytes(150)
    sequence = b"\x30\x81" + bytes((len(body),)) + body
    return bytes((tag, 0x81, len(sequence))) + sequence


READINGS = [
    (message(0x6A, 0xA1), Reading(Fit.YES, Says.REQUEST, True, "AS-REQ")),
    (message(0x6B, 0xA0), Reading(Fit.YES, Says.RESPONSE, False, "AS-REP")),
    (message(0x6C, 0xA1), Reading(Fit.YES, Says.REQUEST, True, "TGS-REQ")),
    (message(0x6D, 0xA0), Reading(Fit.YES, Says.RESPONSE, False, "TGS-REP")),
    (message(0x7E, 0xA0), Reading(Fit.YES, Says.RESPONSE, False, "KRB-ERROR")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"igor configuration",
        message(0x6A, 0xA1)[:-1],
        message(0x6A, 0xA1) + b"\0",
        message(0x6A, 0xA2),
        message(0x66, 0xA1),
        message(0x6A, 0xA1).replace(b"\2\1\5", b"\2\1\4"),
        bytes(40),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


def test_over_tcp_after_four_bytes_of_length() -> None:
    data = message(0x6A, 0xA1)
    framed = len(data).to_bytes(4, "big") + data
    assert cuts(PROTOCOL, framed, "tcp") == Reading(Fit.YES, Says.REQUEST, True, "AS-REQ")
    assert read(PROTOCOL, framed[4:], "tcp").fit is Fit.UNSURE
    assert read(PROTOCOL, b"an Igor configuration stream", "tcp").fit is Fit.UNSURE


def test_the_password_service() -> None:
    ticket = message(0x6E, 0xA0)
    data = (6 + len(ticket)).to_bytes(2, "big") + b"\0\1" + len(ticket).to_bytes(2, "big") + ticket
    assert cuts(PROTOCOL, data, dst=464) == Reading(Fit.YES, Says.REQUEST, True, "kpasswd")
    assert read(PROTOCOL, data, src=40000, dst=88).fit is Fit.NO
    answer = data.replace(b"\x6e", b"\x6f", 1)
    assert read(PROTOCOL, answer, src=464, dst=40000).says is Says.RESPONSE
    assert read(PROTOCOL, data + b"\0", dst=464).fit is Fit.NO
