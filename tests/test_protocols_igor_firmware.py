from __future__ import annotations

import pytest

from analyzer.protocols import claims
from analyzer.protocols.igor_firmware import PROTOCOL


@pytest.mark.parametrize(("transport", "port"), [("udp", 1050), ("udp", 50195), ("udp", 50199)])
def test_claims(transport: str, port: int) -> None:
    assert PROTOCOL in claims(transport, port)


@pytest.mark.parametrize(("transport", "port"), [("udp", 50200), ("tcp", 1050)])
def test_does_not_claim(transport: str, port: int) -> None:
    assert PROTOCOL not in claims(transport, port)


def test_no_payload_can_contradict_it() -> None:
    assert PROTOCOL.recognise is None
    assert not PROTOCOL.distinctive
