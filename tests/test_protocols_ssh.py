from __future__ import annotations

import pytest
from recognising import read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.ssh import PROTOCOL

BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


def test_either_end_identifies_itself() -> None:
    expected = Reading(Fit.YES, Says.NOTHING, None, "SSH-2.0-OpenSSH_9.2p1 Debian-2")
    assert read(PROTOCOL, BANNER, "tcp") == expected
    assert read(PROTOCOL, BANNER, "tcp", src=2222, dst=40000) == expected
    assert read(PROTOCOL, b"SSH-1.99-Cisco-1.25\n", "tcp").detail == "SSH-1.99-Cisco-1.25"
    for length in range(len(BANNER)):
        assert read(PROTOCOL, BANNER[:length], "tcp", wire=len(BANNER)).fit is not Fit.NO


@pytest.mark.parametrize("data", [b"", b"SSH-", b"SSH-3.0-x", b"ssh-2.0-x", b"\0\0\0\x2c" + bytes(40)])
def test_anything_else_may_be_encrypted(data: bytes) -> None:
    assert read(PROTOCOL, data, "tcp").fit is Fit.UNSURE
