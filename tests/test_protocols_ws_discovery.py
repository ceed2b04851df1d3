from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.ws_discovery import PROTOCOL


def soap(action: str) -> bytes:
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><a:Action>'
        f"http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</a:Action></s:Header></s:Envelope>"
    ).encode()


READINGS = [
    (soap("Probe"), Reading(Fit.YES, Says.REQUEST, False, "Probe")),
    (soap("Hello"), Reading(Fit.YES, Says.ANNOUNCE, False, "Hello")),
    (soap("ProbeMatches"), Reading(Fit.YES, Says.RESPONSE, False, "ProbeMatches")),
    (b"\xef\xbb\xbf" + soap("Bye"), Reading(Fit.YES, Says.ANNOUNCE, False, "Bye")),
    (b"<soap:Envelope />", Reading(Fit.YES, Says.NOTHING, None, "SOAP")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        bytes(40),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE


def test_metadata_over_tcp() -> None:
    post = b"POST /a1b2/ HTTP/1.1\r\nHost: pc:5357\r\n\r\n"
    assert cuts(PROTOCOL, post, "tcp") == Reading(Fit.YES, Says.REQUEST, True, "POST /a1b2/")
    assert cuts(PROTOCOL, b"HTTP/1.1 200 OK\r\n\r\n", "tcp", 5357, 40000).detail == "HTTP 200"
    assert read(PROTOCOL, b"<more>", "tcp").fit is Fit.UNSURE
