from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.rpc import PROTOCOL


def pdu(kind: int) -> bytes:
    return bytes((5, 0, kind, 3)) + b"\x10\0\0\0" + b"\x48\0\0\0\1\0\0\0" + bytes(56)


READINGS = [
    (pdu(11), Reading(Fit.YES, Says.REQUEST, True, "DCE/RPC bind")),
    (pdu(12), Reading(Fit.YES, Says.RESPONSE, False, "DCE/RPC bind_ack")),
    (pdu(0), Reading(Fit.YES, Says.REQUEST, True, "DCE/RPC request")),
    (pdu(2), Reading(Fit.YES, Says.RESPONSE, False, "DCE/RPC response")),
    (pdu(16), Reading(Fit.YES, Says.REQUEST, False, "DCE/RPC auth3")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        pdu(40),
        b"\4" + pdu(11)[1:],
        pdu(11)[:15],
        pdu(11)[:8] + b"\1\0" + bytes(20),
        bytes(40),
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_believed_on_the_ports_that_the_mapper_hands_out() -> None:
    assert read(PROTOCOL, pdu(11), "tcp", dst=49664).fit is Fit.YES
