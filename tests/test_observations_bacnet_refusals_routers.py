"""Routers that reject a network, and what to do about each reason."""

from __future__ import annotations

import pytest
from bacnetwire import (
    EVERYONE,
    Building,
    bvlc,
)
from judging import BMS, GATEWAY
from refusing import WARNING, only


def test_a_router_that_rejects_a_network() -> None:
    rejected = bvlc(10, b"\x01\x80\x03\x01\x00\x07")
    finding = only(Building().say(0, GATEWAY, BMS, rejected))
    words = f"router {GATEWAY} rejects messages of {BMS} to network 7: not directly connected to the network"
    assert (finding.severity, finding.title) == (WARNING, words)


def test_a_router_that_tells_everyone() -> None:
    finding = only(Building().say(0, GATEWAY, EVERYONE, bvlc(11, b"\x01\x80\x03\x02\x00\x07")))
    assert finding.title == f"router {GATEWAY} rejects messages of everyone to network 7: network busy"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (1, "routing table"),
        (2, "Ask less often"),
        (4, "Network 7 carries shorter messages"),
        (6, "routing table"),
    ],
)
def test_the_advice_fits_why_a_router_rejects(reason: int, words: str) -> None:
    finding = only(Building().say(0, GATEWAY, BMS, bvlc(10, bytes([1, 0x80, 3, reason, 0, 7]))))
    assert words in finding.advice
