from __future__ import annotations

import ssl

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.tls import PROTOCOL


def client_hello(name: str | None, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """What OpenSSL sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()


def record(kind: int, body: bytes, version: int = 3) -> bytes:
    return bytes((kind, 3, version)) + len(body).to_bytes(2, "big") + body


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


SERVER_HELLO = record(22, message(2, b"\3\3" + bytes(32) + b"\0\xc0\x2f\0" + b"\0\0"))
SSL2 = bytes.fromhex("802e 01 0301 0015 0000 0010") + bytes(0x15 + 0x10)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_real_client_hello(version: ssl.TLSVersion) -> None:
    data = client_hello("gateway.example", version)
    expected = Reading(Fit.YES, Says.REQUEST, True, "ClientHello SNI=gateway.example")
    assert cuts(PROTOCOL, data, "tcp") == expected
    assert read(PROTOCOL, data, "tcp", dst=40000) == expected
    assert read(PROTOCOL, client_hello(None, version), "tcp").detail == "ClientHello"


READINGS = [
    (SERVER_HELLO, Reading(Fit.YES, Says.RESPONSE, None, "ServerHello TLS 1.2")),
    (record(21, b"\2\x28"), Reading(Fit.YES, Says.NOTHING, None, "Alert fatal 40 handshake_failure")),
    (record(21, b"\1\0", 1), Reading(Fit.YES, Says.NOTHING, None, "Alert warning 0 close_notify")),
    (record(21, bytes(26)), Reading(Fit.YES, Says.NOTHING, None, "Alert (encrypted)")),
    (record(20, b"\1"), Reading(Fit.YES, Says.NOTHING, None, "ChangeCipherSpec")),
    (record(23, bytes(40)), Reading(Fit.YES, Says.NOTHING, None, "application data")),
    (record(22, message(14, b"")), Reading(Fit.YES, Says.RESPONSE, None, "ServerHelloDone")),
    (record(22, message(16, bytes(64))), Reading(Fit.YES, Says.REQUEST, None, "ClientKeyExchange")),
    (record(22, message(11, bytes(64))), Reading(Fit.YES, Says.NOTHING, None, "Certificate")),
    (record(22, b"\xd5" * 40), Reading(Fit.YES, Says.NOTHING, None, "handshake")),
    (SSL2, Reading(Fit.YES, Says.REQUEST, True, "ClientHello (SSL 2.0)")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected
    assert read(PROTOCOL, data, "tcp", src=40000, dst=40001) == expected, "records end to end"


def test_a_record_header_alone_is_believed_at_home_only() -> None:
    data = record(23, bytes(900))[:200]
    assert read(PROTOCOL, data, "tcp").fit is Fit.YES
    assert read(PROTOCOL, data, "tcp", src=8081, dst=40000).fit is Fit.YES
    assert read(PROTOCOL, data, "tcp", src=40000, dst=40001).fit is Fit.UNSURE


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03",
        b"\x16\x02\x01\x00\x05\x01",
        b"\x16\x03\x05\x00\x05\x01",
        b"\x19\x03\x03\x00\x05\x01",
        record(23, b""),
        b"\x17\x03\x03\xff\xff" + bytes(40),
        record(21, b"\7\x28"),
        record(20, b"\1\1"),
        SSL2[:5] + b"\0\x16" + SSL2[7:],
    ],
)
def test_anything_else_may_be_the_middle_of_a_record(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_not_over_udp() -> None:
    assert read(PROTOCOL, SERVER_HELLO, "udp", dst=443).fit is Fit.UNSURE
