from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.ssdp import PROTOCOL, is_host_background

SEARCH = (
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    b'MAN: "ssdp:discover"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n'
)
NOTIFY = (
    b"NOTIFY * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nNT:upnp:rootdevice\r\nNTS:ssdp:alive\r\n"
    b"LOCATION:http://10.20.1.21:1901/d.xml\r\nSERVER: Linux/4.9 UPnP/1.0 node/4.1\r\n\r\n"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\n"
    b"ST: upnp:rootdevice\r\nEXT:\r\nSERVER: x UPnP/1.1 y\r\n\r\n"
)


def test_recognise() -> None:
    assert cuts(PROTOCOL, SEARCH) == Reading(Fit.YES, Says.REQUEST, False, "M-SEARCH ssdp:all")
    assert cuts(PROTOCOL, NOTIFY) == Reading(
        Fit.YES, Says.ANNOUNCE, False, "NOTIFY ssdp:alive upnp:rootdevice (Linux/4.9 UPnP/1.0 node/4.1)"
    )
    assert cuts(PROTOCOL, ANSWER, src=1900, dst=50000) == Reading(
        Fit.YES, Says.RESPONSE, False, "200 upnp:rootdevice (x UPnP/1.1 y)"
    )
    assert read(PROTOCOL, ANSWER, src=40000, dst=40001).fit is Fit.YES, "an answer may leave port 1900"


@pytest.mark.parametrize(
    "data",
    [b"\0\1\2\3", b"hello", b"GET / HTTP/1.1\r\n\r\n", b"M-SEARCH\r\n", b"\x40\x01\x00\x01", b"NOTIFY\n"],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO
    assert read(PROTOCOL, data, src=1900, dst=40000) == NO


def test_what_is_left_open() -> None:
    assert read(PROTOCOL, b"\0\1\2\3", dst=1901).fit is Fit.UNSURE, "what 1901 carries is not public"
    assert read(PROTOCOL, b"M-SEA", wire=90).fit is Fit.UNSURE
    assert read(PROTOCOL, b"\0\1\2\3", dst=40000).fit is Fit.UNSURE
    assert read(PROTOCOL, SEARCH, "tcp", dst=1900).fit is Fit.UNSURE


@pytest.mark.parametrize(
    ("line", "background"),
    [
        (b"USER-AGENT: Chromium/120.0.1 Windows", True),
        (b"USER-AGENT: Microsoft Edge/120.0 Windows", True),
        (b"USER-AGENT: Google Chrome/119.0 Linux", True),
        (b"User-Agent: Mozilla/4.0 (compatible; MSIE 7.0)", True),
        (b"User-Agent: Firefox", True),
        (b"SERVER: Microsoft-Windows/10.0 UPnP/1.0 UPnP-Device-Host/1.0", True),
        (b"SERVER: Windows-Vista/6.0 UPnP/1.0 host", True),
        (b"ST: urn:dial-multiscreen-org:service:dial:1", True),
        (b"SERVER: Linux/4.9 UPnP/1.0 node/4.1", False),
        (b"SERVER: IgorNode/4.0 UPnP/1.0", False),
        (b"ST: upnp:rootdevice", False),
        (b"X-NOTE: Chrome/1", False),
    ],
)
def test_what_hosts_send_of_their_own(line: bytes, background: bool) -> None:
    assert is_host_background(b"M-SEARCH * HTTP/1.1\r\nMX: 1\r\n" + line + b"\r\n\r\n") is background


def test_agrees_with_the_reference_on_public_captures() -> None:
    from payload_corpus import frames

    seen = 0
    for truth, payload in frames("ssdp"):
        method = truth.get("http.request.method")
        assert PROTOCOL.recognise is not None
        reading = PROTOCOL.recognise(payload)
        expected = {"M-SEARCH": Says.REQUEST, "NOTIFY": Says.ANNOUNCE, None: Says.RESPONSE}.get(method)
        if expected is not None and (method or truth.get("http.response.code")):
            seen += 1
            assert (reading.fit, reading.says) == (Fit.YES, expected)
    assert seen > 100
