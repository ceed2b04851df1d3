from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.http import PROTOCOL

HOST = b"\r\nHost: gateway\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /api/lights HTTP/1.1" + HOST, Reading(Fit.YES, Says.REQUEST, True, "GET /api/lights")),
        (
            b"POST http://gateway/api HTTP/1.0\n",
            Reading(Fit.YES, Says.REQUEST, True, "POST http://gateway/api"),
        ),
        (
            b"CONNECT example.org:443 HTTP/1.1" + HOST,
            Reading(Fit.YES, Says.REQUEST, True, "CONNECT example.org:443"),
        ),
        (b"OPTIONS * HTTP/1.1" + HOST, Reading(Fit.YES, Says.REQUEST, True, "OPTIONS *")),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reading(Fit.YES, Says.REQUEST, True, "PRI *")),
        (b"BREW /pot HTTP/1.1" + HOST, Reading(Fit.YES, Says.REQUEST, True, "BREW /pot")),
        (b"HTTP/1.1 404 Not Found" + HOST, Reading(Fit.YES, Says.RESPONSE, None, "HTTP 404")),
        (b"HTTP/1.0 200\r\n\r\n", Reading(Fit.YES, Says.RESPONSE, None, "HTTP 200")),
    ],
)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected
    assert read(PROTOCOL, data, "tcp", dst=40000) == expected, "believed on any port"


def test_a_start_line_is_seen_before_its_end() -> None:
    assert read(PROTOCOL, b"GET /a/very/long", "tcp") == Reading(
        Fit.YES, Says.REQUEST, True, "GET /a/very/long"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\x05",
        b"and so the body goes on\r\n",
        b"GET",
        b"GET nothing",
        b"OPTIONS rtsp://camera/ RTSP/1.0\r\n",
        b"INVITE sip:door@10.0.0.1 SIP/2.0\r\n",
        b"HTTP/1.1 999 no\r\n",
        b"HTTP/1.1 20",
        b"get / HTTP/1.1\r\n",
        b"\r\n",
    ],
)
def test_anything_else_may_be_the_middle_of_a_stream(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_not_over_udp() -> None:
    assert read(PROTOCOL, b"GET / HTTP/1.1\r\n\r\n", "udp", dst=80).fit is Fit.UNSURE


def test_a_long_target_is_cut_in_the_detail() -> None:
    assert len(read(PROTOCOL, b"GET /" + b"x" * 4000 + b" HTTP/1.1\r\n", "tcp").detail) == 84
