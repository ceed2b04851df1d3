from __future__ import annotations

from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.upnp import PROTOCOL


def test_recognise() -> None:
    get = b"GET /description.xml HTTP/1.1\r\nHOST: 10.20.1.21:1901\r\n\r\n"
    assert cuts(PROTOCOL, get, "tcp") == Reading(Fit.YES, Says.REQUEST, True, "GET /description.xml")
    subscribe = b"SUBSCRIBE /event HTTP/1.1\r\nNT: upnp:event\r\n\r\n"
    assert cuts(PROTOCOL, subscribe, "tcp", dst=1901).detail == "SUBSCRIBE /event"
    answer = b"HTTP/1.1 412 Precondition Failed\r\n\r\n"
    assert cuts(PROTOCOL, answer, "tcp", 1901, 40000) == Reading(Fit.YES, Says.RESPONSE, None, "HTTP 412")


def test_anything_else_may_be_the_middle_of_a_document() -> None:
    assert read(PROTOCOL, b"<service>", "tcp").fit is Fit.UNSURE
    assert read(PROTOCOL, b"GET / HTTP/1.1\r\n", "udp", dst=1900).fit is Fit.UNSURE
