"""Errors, Rejects and Aborts: what each weighs, and how causes are told apart."""

from __future__ import annotations

import pytest
from bacnetwire import (
    COV,
    Building,
    abort,
    error,
    reject,
    request,
    unicast,
)
from judging import BMS, GATEWAY
from refusing import NOTE, WARNING, only, refused, told

from analyzer.model import Severity


@pytest.mark.parametrize(
    ("replies", "severity", "words"),
    [
        (
            [error(1, 2, 40)],
            WARNING,
            "ReadProperty of 10.20.0.40 with an Error: property, write-access-denied",
        ),
        ([error(1, 0, 3)], WARNING, "device, device-busy"),
        ([error(1, 1, 31)], NOTE, "object, unknown-object"),
        ([error(1, 2, 32)] * 9, NOTE, "property, unknown-property"),
        ([error(1, 5, 999)], WARNING, "services, code 999"),
        ([b"\x50\x01\x0c"], WARNING, "its cause is not in sight"),
        ([reject(1, 9)], NOTE, "ReadProperty of 10.20.0.40 with a Reject: unrecognized-service"),
        ([reject(1, 9)] * 3, WARNING, "unrecognized-service"),
        ([reject(1, 4)], WARNING, "invalid-tag"),
        ([abort(1, 4)], NOTE, "with an Abort: segmentation-not-supported"),
        ([abort(1, 1)] * 3, WARNING, "with an Abort: buffer-overflow"),
        ([abort(1, 200)], WARNING, "reason 200"),
    ],
)
def test_errors_rejects_and_aborts(replies: list[bytes], severity: Severity, words: str) -> None:
    finding = only(refused(*replies))
    assert (finding.severity, finding.frames) == (severity, tuple(range(2, 2 * len(replies) + 1, 2)))
    assert words in finding.title
    assert finding.advice.endswith(".")


def test_causes_are_told_apart_and_repetitions_are_not() -> None:
    found = told(refused(error(1, 1, 31), error(1, 1, 31), error(1, 2, 40), reject(1, 9)))
    assert sorted(len(finding.frames) for finding in found) == [1, 1, 2]
    assert len({finding.id for finding in found}) == 3


def test_an_asker_that_aborts_its_own_request() -> None:
    building = Building().say(0, BMS, GATEWAY, unicast(request(7, COV)))
    finding = only(building.say(1, BMS, GATEWAY, unicast(abort(7, 10, server=False))))
    assert finding.title == f"{BMS} aborts the own SubscribeCOV to {GATEWAY}: tsm-timeout"


def test_stations_behind_a_router_are_told_apart() -> None:
    router = "10.20.0.45"
    building = Building()
    for number, station in enumerate((b"\x0b", b"\x0c")):
        building.say(number, BMS, router, unicast(request(1, 15), target=(5, station)))
    for number, station in enumerate((b"\x0b", b"\x0c")):
        building.say(number + 0.5, router, BMS, unicast(reject(1, 4), source=(5, station)))
    (finding,) = told(building)
    assert (
        "network 5 station 0b behind 10.20.0.45 and network 5 station 0c behind 10.20.0.45" in finding.title
    )
    assert "WriteProperty" in finding.title


def test_a_wrong_password_is_called_one() -> None:
    finding = only(refused(error(1, 5, 26)))
    assert "services, password-failure" in finding.title
    assert f"Enter at {BMS} the password that is set at {GATEWAY}." in finding.advice
