from __future__ import annotations

import pytest
from recognising import cuts, read

from analyzer.protocol import UNSURE, Fit, Reading, Says
from analyzer.protocols.coap_emergency import PROTOCOL


def test_coap_is_recognised() -> None:
    data = b"\x40\x02\x00\x01\xb9emergency\xffon"
    assert cuts(PROTOCOL, data) == Reading(Fit.YES, Says.REQUEST, True, "CON POST /emergency")


@pytest.mark.parametrize(
    "data", [b"hello", b"\0\1\0\1", b"\x49\x01\0\1", b"\x40\x01\x00\x01\xf0", bytes(200)]
)
def test_what_does_not_parse_contradicts_nothing(data: bytes) -> None:
    assert read(PROTOCOL, data) == UNSURE


def test_claims_its_port_only() -> None:
    assert PROTOCOL.ports == {("udp", 50201)}
    assert not PROTOCOL.distinctive
