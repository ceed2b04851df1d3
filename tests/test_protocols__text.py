from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.protocol import Fit, Payload, Reading, Says
from analyzer.protocols._text import LIMIT, StartLine, fields, http, may_start, short, start_line


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\n", StartLine("GET", "/")),
        (b"GET / HTTP/1.1\n", StartLine("GET", "/")),
        (b"GET / HTT", StartLine("GET", "/")),
        (b"GET / FTP", None),
        (b"GET /\r\n", None),
        (b"FETCH / HTT", None),
        (b"HTTP/1.1 304", StartLine(status=304)),
        (b"HTTP/2 200 \r\n", StartLine(status=200)),
        (b"HTTP/1.1 30", None),
        (b"", None),
    ],
)
def test_start_line(data: bytes, expected: StartLine | None) -> None:
    assert start_line(data) == expected


@pytest.mark.parametrize(
    ("transport", "data", "expected"),
    [
        ("tcp", b"GET /a HTTP/1.1\r\n", Reading(Fit.YES, Says.REQUEST, True, "GET /a")),
        ("tcp", b"HTTP/1.1 304 Not Modified\r\n", Reading(Fit.YES, Says.RESPONSE, None, "HTTP 304")),
        ("tcp", b"\x00\x01", None),
        ("tcp", b"", None),
        ("udp", b"GET /a HTTP/1.1\r\n", None),
    ],
)
def test_http(transport: str, data: bytes, expected: Reading | None) -> None:
    assert http(Payload(data, len(data), transport, 49152, 80)) == expected


@given(
    st.sampled_from([b"M-SEARCH * HTTP/1.1\r\n", b"NOTIFY * HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"]),
    st.integers(0, 30),
)
def test_every_prefix_may_start_or_has_started(line: bytes, length: int) -> None:
    assert may_start(line[:length]) or start_line(line[:length]) is not None


@given(st.binary(max_size=400))
def test_short_is_short(data: bytes) -> None:
    assert len(short(data)) <= LIMIT


def test_fields() -> None:
    found = fields(b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\nst: second\r\nMX:2\r\nno colon\r\n\r\nBODY: x")
    assert found == {"st": "ssdp:all", "mx": "2"}


def test_fields_are_bounded() -> None:
    assert len(fields(b"x\r\n" + b"".join(b"a%d: b\r\n" % number for number in range(9000)))) == 63
