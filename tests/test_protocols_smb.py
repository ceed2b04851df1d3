from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.smb import PROTOCOL


def smb1(flags: int) -> bytes:
    return b"\0\0\0\x54\xffSMB\x72" + bytes(4) + bytes((flags,)) + bytes(74)


def smb2(flags: int) -> bytes:
    return b"\0\0\0\x68\xfeSMB\x40\0" + bytes(10) + bytes((flags, 0, 0, 0)) + bytes(84)


READINGS = [
    (smb1(0), Reading(Fit.YES, Says.REQUEST, None, "SMB1 request")),
    (smb1(0x88), Reading(Fit.YES, Says.RESPONSE, None, "SMB1 response")),
    (smb2(0), Reading(Fit.YES, Says.REQUEST, None, "SMB2 request")),
    (smb2(1), Reading(Fit.YES, Says.RESPONSE, None, "SMB2 response")),
    (b"\0\0\0\x40\xfdSMB" + bytes(60), Reading(Fit.YES, Says.NOTHING, None, "SMB encrypted")),
    (b"\x81\0\0\x44" + bytes(68), Reading(Fit.YES, Says.REQUEST, True, "session request")),
    (b"\x82\0\0\0", Reading(Fit.YES, Says.RESPONSE, None, "positive session response")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data, "tcp") == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x40SMB",
        b"\x81\0\0\x44" + bytes(60),
        b"\x17\x03\x03\0",
        b"abc",
    ],
)
def test_what_is_left_open(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE


def test_the_magic_is_believed_on_any_port_a_session_header_is_not() -> None:
    assert read(PROTOCOL, smb2(0), "tcp", dst=40000).fit is Fit.YES
    assert read(PROTOCOL, b"\x82\0\0\0", "tcp", dst=40000).fit is Fit.UNSURE
