from __future__ import annotations

import pytest
from recognising import read

from analyzer.protocol import Fit, Reading, Says, ports
from analyzer.protocols.biostar_device import PROTOCOL

HELLO = (
    bytes.fromhex("16 0301 0031 01 00002d 0301") + bytes(32) + bytes.fromhex("00 0006 002f 0035 000a 01 00")
)


def test_claims() -> None:
    assert PROTOCOL.ports == ports("tcp", 1470, 1471)


@pytest.mark.parametrize("port", [1470, 1471])
def test_tls_inside_is_named(port: int) -> None:
    assert read(PROTOCOL, HELLO, "tcp", dst=port) == Reading(Fit.YES, Says.REQUEST, True, "TLS ClientHello")
    alert = bytes.fromhex("1503010002 0228")
    assert read(PROTOCOL, alert, "tcp", src=port).detail == "TLS Alert fatal 40 handshake_failure"


@pytest.mark.parametrize(
    "data", [b"", b"\x16", bytes(60), b"GET / HTTP/1.1\r\n", b"\x17\x03\x01\x01\x00" + bytes(9)]
)
def test_other_bytes_neither_prove_nor_contradict(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE
