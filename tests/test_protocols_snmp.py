from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.snmp import PROTOCOL

READINGS = [
    (
        bytes.fromhex(
            "3026020101 0406 7075626c6963 a019 02047fa1b2c3 020100 020100 300b 3009 06052b06010201 0500"
        ),
        Reading(Fit.YES, Says.REQUEST, True, "SNMPv2c GetRequest"),
    ),
    (
        bytes.fromhex("3013 020100 0406 7075626c6963 a206 020101 020100"),
        Reading(Fit.YES, Says.RESPONSE, False, "SNMPv1 Response"),
    ),
    (
        bytes.fromhex("3010 020101 0403 707562 a706 020101 020100"),
        Reading(Fit.YES, Says.ANNOUNCE, False, "SNMPv2c Trap"),
    ),
    (
        bytes.fromhex("3010 020100 0403 707562 a406 020101 020100"),
        Reading(Fit.YES, Says.ANNOUNCE, False, "SNMPv1 Trap"),
    ),
    (
        bytes.fromhex("3010 020101 0403 707562 a606 020101 020100"),
        Reading(Fit.YES, Says.REQUEST, True, "SNMPv2c InformRequest"),
    ),
    (
        bytes.fromhex("3015 020103 3010 020200ff 020300ffe3 040104 020103 0000"),
        Reading(Fit.YES, Says.REQUEST, True, "SNMPv3"),
    ),
    (
        bytes.fromhex("3015 020103 3010 020200ff 020300ffe3 040103 020103 0000"),
        Reading(Fit.YES, Says.NOTHING, None, "SNMPv3"),
    ),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"public",
        bytes.fromhex("3010 020102 0403 707562 a706 020101 020100"),
        bytes.fromhex("3010 020101 0403 707562 b706 020101 020100"),
        bytes.fromhex("3020 020101 0403 707562 a706 020101 020100"),
        bytes.fromhex("3080 020101 0403"),
        bytes.fromhex("3003 020101"),
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO
