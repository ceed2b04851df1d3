"""Refusals of BACnet on the wire, and what is told of them."""

from __future__ import annotations

from bacnetwire import (
    READ,
    Building,
    bvlc,
    request,
    unicast,
)
from judging import BMS, GATEWAY, judged

from analyzer.model import Finding, FindingKind, Severity

NAK, OK = bvlc(0, b"\0\x30"), bvlc(0, b"\0\0")
REGISTER = bvlc(5, b"\0\x3c")
NOTE, WARNING = Severity.NOTE, Severity.WARNING


def told(building: Building, **more: object) -> list[Finding]:
    report = judged(building, **more)  # type: ignore[arg-type]
    return [finding for finding in report.findings if finding.kind is FindingKind.PROTOCOL_ERROR]


def only(building: Building) -> Finding:
    (finding,) = told(building)
    return finding


def registered(*results: bytes) -> Building:
    building = Building()
    for number, result in enumerate(results):
        building.say(60 * number, BMS, GATEWAY, REGISTER).say(60 * number + 0.1, GATEWAY, BMS, result)
    return building


def refused(*replies: bytes, service: int = READ) -> Building:
    building = Building()
    for number, reply in enumerate(replies):
        building.say(number, BMS, GATEWAY, unicast(request(1, service)))
        building.say(number + 0.1, GATEWAY, BMS, unicast(reply))
    return building
