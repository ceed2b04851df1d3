from __future__ import annotations

import pytest

from analyzer.protocols import claims
from analyzer.protocols.delivery_optimization import PROTOCOL


@pytest.mark.parametrize(("transport", "port"), [("tcp", 7680)])
def test_claims(transport: str, port: int) -> None:
    assert PROTOCOL in claims(transport, port)


@pytest.mark.parametrize(("transport", "port"), [("udp", 7680)])
def test_does_not_claim(transport: str, port: int) -> None:
    assert PROTOCOL not in claims(transport, port)


def test_no_payload_can_contradict_it() -> None:
    assert PROTOCOL.recognise is None
    assert not PROTOCOL.distinctive
