"""A device of one family called on the port of the other."""

from __future__ import annotations

import pytest
from doorwire import CLIENT, DOOR, DOOR2, SITE, Doors
from judging import judged
from traffic import ACK, RST, SYN

from analyzer.model import Finding, FindingKind, Severity
from analyzer.observations.biostar.family import FAMILIES
from analyzer.observations.biostar.pick import AT_DEVICE


def calling(port: int, *, answers: int = 0, refuses: bool = True) -> Doors:
    doors = Doors()
    for number in range(2):
        doors.tcp(10 * number, CLIENT, 50000 + number, DOOR, port, SYN, b"", 7)
        if refuses:
            doors.tcp(10 * number + 0.01, DOOR, port, CLIENT, 50000 + number, RST | ACK, b"", 0, 8)
    if answers:
        doors.connect_to(30, CLIENT, DOOR, answers).say(30.1, 0).say(30.2, 1)
    doors.connect_to(40, CLIENT, DOOR2, 1470).say(40.1, 0).say(60, 1)
    return doors


def only(doors: Doors) -> Finding:
    (finding,) = [f for f in judged(doors, SITE).findings if f.kind is FindingKind.FAILING_FLOW]
    assert finding.severity is Severity.VIOLATION
    return finding


def test_every_port_has_its_family() -> None:
    assert set(FAMILIES) == AT_DEVICE


@pytest.mark.parametrize(("port", "other", "family"), [(1470, 1471, "BioEntry"), (1471, 1470, "BioStation")])
def test_a_device_that_answers_on_the_other_port(port: int, other: int, family: str) -> None:
    near = only(calling(port, answers=other)).near_miss
    assert near.startswith(f"{DOOR} answers on TCP {other}, the port of {family}")


def test_a_device_that_refuses_and_nothing_more_is_known() -> None:
    near = only(calling(1470)).near_miss
    assert near.startswith("perhaps TCP 1471")
    assert "limit of connections" in near


def test_silence_is_no_matter_of_the_port() -> None:
    assert only(calling(1470, refuses=False)).near_miss == ""


def test_a_device_that_answers_here_and_refused_before() -> None:
    doors = calling(1470, answers=1470)
    assert all(f.near_miss == "" for f in judged(doors, SITE).findings if f.kind is FindingKind.FAILING_FLOW)
