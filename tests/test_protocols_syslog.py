from __future__ import annotations

import pytest
from recognising import read

from analyzer.protocol import Fit, Reading, Says
from analyzer.protocols.syslog import PROTOCOL

LINE = b"<34>Oct 11 22:14:15 sw1 su: failed\nsecond line"


def test_recognise() -> None:
    assert read(PROTOCOL, LINE) == Reading(
        Fit.YES, Says.ANNOUNCE, False, "<34>Oct 11 22:14:15 sw1 su: failed"
    )
    assert read(PROTOCOL, b"<191>1 2026-01-02T03:04:05Z sw - - - up").fit is Fit.YES
    for length in range(4, len(LINE)):
        assert read(PROTOCOL, LINE[:length], wire=len(LINE)).fit is Fit.YES


@pytest.mark.parametrize("data", [b"<192>x", b"<>x", b"<1234>x", b"no priority", bytes(20), b"<34"])
def test_nothing_on_the_port_contradicts(data: bytes) -> None:
    assert read(PROTOCOL, data).fit is Fit.UNSURE
