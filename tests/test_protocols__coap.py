from __future__ import annotations

from analyzer.protocol import NO, UNSURE, Fit, Payload
from analyzer.protocols import _coap, coap


def test_coap_hands_out_the_dissector() -> None:
    assert coap.parse is _coap.parse
    assert coap.Message is _coap.Message


def test_codes_are_registered_once_and_classed() -> None:
    assert {code >> 5 for code in _coap.CODES} == {0, 2, 4, 5}
    assert _coap.CODES[0x5F] == "Continue"
    assert _coap.CODES[(4 << 5) + 13] == "Request Entity Too Large"


def test_an_empty_reset_with_a_token_is_left_open_but_only_just() -> None:
    assert _coap.read(Payload(b"\x72\x00\x00\x01ab", 6)) == UNSURE
    assert _coap.read(Payload(b"\x72\x00\x00\x01abc", 7)) == NO
    assert _coap.read(Payload(b"\x42\x00\x00\x01ab", 6)) == NO, "a ping has no token to repeat"
    assert _coap.read(Payload(b"\x70\x00\x00\x01", 4)).fit is Fit.YES
