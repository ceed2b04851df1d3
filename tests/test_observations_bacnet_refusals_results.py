"""Results of BVLC requests: which are faults, and when they are none any more."""

from __future__ import annotations

import pytest
from bacnetwire import (
    Building,
    bvlc,
)
from judging import BMS, GATEWAY
from refusing import NAK, NOTE, OK, REGISTER, WARNING, only, registered, told

from analyzer.model import Severity


def test_a_refused_registration() -> None:
    finding = only(registered(NAK, NAK))
    assert (finding.severity, finding.frames, len(finding.flows)) == (WARNING, (2, 4), 1)
    assert finding.title == f"{BMS} asks {GATEWAY} to register as a foreign device, and is refused"
    assert "2 times" in finding.detail
    assert "0x0030" in finding.detail
    assert "BBMD" in finding.advice
    assert finding.rows == ("igor-bacnet-service/1.0.0+/incoming/udp/47808",)


def test_a_registration_that_works_is_no_finding() -> None:
    assert told(registered(OK, OK)) == []


def test_a_registration_that_works_later_is_a_note() -> None:
    finding = only(registered(NAK, OK))
    assert finding.severity is NOTE
    assert "a later request is accepted" in finding.title
    assert only(registered(OK, NAK)).severity is WARNING


@pytest.mark.parametrize(
    ("function", "code", "severity", "words"),
    [
        (1, 0x10, WARNING, "writes the broadcast distribution table"),
        (2, 0x20, NOTE, "asks 10.20.0.10 for its broadcast distribution table"),
        (6, 0x40, NOTE, "asks 10.20.0.10 for its foreign device table"),
        (8, 0x50, WARNING, "to delete a foreign device"),
        (9, 0x60, WARNING, "to distribute a broadcast"),
        (2, 0x70, WARNING, "gets the result code 0x0070"),
    ],
)
def test_other_results(function: int, code: int, severity: Severity, words: str) -> None:
    building = Building().say(0, BMS, GATEWAY, bvlc(function, b"\x01\0\x10\x08" if function == 9 else b""))
    finding = only(building.say(0.1, GATEWAY, BMS, bvlc(0, bytes((0, code)))))
    assert (finding.severity, finding.frames) == (severity, (2,))
    assert words in finding.title


def test_between_strangers_it_is_a_note() -> None:
    building = Building().say(0, "10.20.9.1", "10.20.9.2", REGISTER).say(0.1, "10.20.9.2", "10.20.9.1", NAK)
    assert only(building).severity is NOTE
