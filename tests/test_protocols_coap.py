from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recognising import cuts, read

from analyzer.errors import DissectError
from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols import coap
from analyzer.protocols.coap import PROTOCOL, Message, parse

# CON GET coap://…/lights/1?on, message 0x7d34, token 2e
GET = bytes.fromhex("41 01 7d34 2e b6 6c6967687473 01 31 42 6f6e".replace("01 31", "0131"))
CONTENT = bytes.fromhex("61 45 7d34 2e c0 ff 32322e35")


def test_parse_by_hand() -> None:
    assert parse(GET) == Message(1, coap.CON, 1, 0x7D34, b"\x2e", ((11, b"lights"), (11, b"1"), (15, b"on")))
    assert parse(GET).path == "/lights/1?on"
    assert parse(CONTENT) == Message(1, coap.ACK, 0x45, 0x7D34, b"\x2e", ((12, b""),), b"22.5")
    assert parse(CONTENT).dotted == "2.05"


def test_long_deltas_and_lengths() -> None:
    # delta 13+10=23 (Block2) length 1; delta 14: 269+1763=2032, so 2055; length 13+2
    data = b"\x50\x01\x00\x07" + b"\xd1\x0a\x16" + b"\xed\x06\xe3\x02" + b"x" * 15
    assert parse(data).options == ((23, b"\x16"), (23 + 269 + 0x06E3, b"x" * 15))
    assert parse(data).values(coap.BLOCK2) == (b"\x16",)


READINGS = [
    (GET, Reading(Fit.YES, Says.REQUEST, True, "CON GET /lights/1?on")),
    (b"\x51" + GET[1:], Reading(Fit.YES, Says.REQUEST, False, "NON GET /lights/1?on")),
    (CONTENT, Reading(Fit.YES, Says.RESPONSE, None, "ACK 2.05 Content")),
    (b"\x50\x45\x00\x01", Reading(Fit.YES, Says.RESPONSE, False, "NON 2.05 Content")),
    (b"\x40\x45\x00\x01\x61\x05", Reading(Fit.YES, Says.RESPONSE, True, "CON 2.05 Content (notification)")),
    (b"\x40\x84\x00\x01", Reading(Fit.YES, Says.RESPONSE, True, "CON 4.04 Not Found")),
    (b"\x40\xa3\x00\x01", Reading(Fit.YES, Says.RESPONSE, True, "CON 5.03 Service Unavailable")),
    (b"\x40\x00\x12\x34", Reading(Fit.YES, Says.REQUEST, True, "CON ping")),
    (b"\x60\x00\x12\x34", Reading(Fit.YES, Says.RESPONSE, False, "ACK empty")),
    (b"\x70\x00\x12\x34", Reading(Fit.YES, Says.RESPONSE, False, "RST empty")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected


CONTRADICTIONS = [
    (b"\x81\x0a\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08", "version 2"),
    (b"\x00\x01\x00\x01", "version 0"),
    (b"\x49\x01\x00\x01" + bytes(9), "token length 9"),
    (b"\x4f\x01\x00\x01" + bytes(15), "token length 15"),
    (b"\x40\x00\x00\x01\x00", "empty message of five bytes"),
    (b"\x41\x00\x00\x01\x00", "ping with a token"),
    (b"\x50\x00\x00\x01", "empty NON"),
    (b"\x70\x45\x00\x01", "RST with a code"),
    (b"\x60\x01\x00\x01", "ACK with a request"),
    (b"\x40\x21\x00\x01", "code class 1"),
    (b"\x40\x61\x00\x01", "code class 3"),
    (b"\x40\xc1\x00\x01", "code class 6"),
    (b"\x40\xe1\x00\x01", "signalling, TCP only"),
    (b"\x40\x01\x00\x01\xb5abc", "option runs past the end"),
    (b"\x40\x01\x00\x01\xf0", "delta 15"),
    (b"\x40\x01\x00\x01\x0f", "length 15"),
    (b"\x40\x01\x00\x01\xe0\xff\xff", "option number above 65535"),
    (b"\x40\x01\x00\x01\xff", "payload marker without payload"),
    (b"\x44\x01\x00\x01ab", "token runs past the end"),
    (b"\x40\x01\x00", "three bytes"),
    (b"hello from a text protocol", "text"),
]


@pytest.mark.parametrize(("data", "why"), CONTRADICTIONS)
def test_contradictions(data: bytes, why: str) -> None:
    assert read(PROTOCOL, data) == NO, why
    with pytest.raises(DissectError):
        parse(data)


def test_what_is_left_open() -> None:
    assert read(PROTOCOL, b"\x40\x1f\x00\x01").fit is Fit.UNSURE, "unassigned method 0.31"
    assert read(PROTOCOL, b"\x65\x00\x30\xb8\x34\x32\x38\x33\x34").fit is Fit.UNSURE, (
        "empty ACK with its token"
    )
    assert read(PROTOCOL, GET, "tcp").fit is Fit.UNSURE


def test_a_cut_keeps_what_was_read() -> None:
    message = parse(GET[:13], cut=True)
    assert message.options == ((11, b"lights"),)
    assert not message.complete
    assert not parse(b"\x48\x01\x00\x01ab", cut=True).complete


def test_a_cut_does_not_hide_a_contradiction() -> None:
    assert read(PROTOCOL, b"\x40\x01\x00\x01\xf0\x00", wire=900) == NO
    assert read(PROTOCOL, b"\x40\x00\x00\x01", wire=900) == NO
    assert read(PROTOCOL, b"\x80", wire=900) == NO


@pytest.mark.parametrize("data", [case[0] for case in READINGS])
@pytest.mark.parametrize("more", [b"\xff", b"\xf0"])
def test_trailing_bytes_are_not_swallowed(data: bytes, more: bytes) -> None:
    if b"\xff" not in data:
        with pytest.raises(DissectError):
            parse(data + more)


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from([0, 1]),
    code=st.sampled_from([1, 2, 3, 4, 0x45, 0x84, 0xA0]),
    mid=st.integers(0, 65535),
    token=st.binary(max_size=8),
    path=st.lists(st.text("abcZ9-é", min_size=1, max_size=20), max_size=4),
    query=st.lists(st.text("a=1", min_size=1, max_size=8), max_size=2),
    observe=st.none() | st.integers(0, 0xFFFFFF),
    payload=st.binary(max_size=40),
)
def test_agrees_with_aiocoap(
    kind: int,
    code: int,
    mid: int,
    token: bytes,
    path: list[str],
    query: list[str],
    observe: Any,
    payload: bytes,
) -> None:
    aiocoap = pytest.importorskip("aiocoap")
    message = aiocoap.Message(
        code=aiocoap.Code(code), payload=payload, _mtype=aiocoap.Type(kind), _mid=mid, _token=token
    )
    if code < 32:
        message.opt.uri_path = tuple(path)
        message.opt.uri_query = tuple(query)
    message.opt.observe = observe
    data = message.encode()
    ours = parse(data)
    assert (ours.type, ours.code, ours.mid, ours.token, ours.payload) == (kind, code, mid, token, payload)
    expected = [(int(option.number), option.encode()) for option in message.opt.option_list()]
    assert list(ours.options) == expected
    if code < 32:
        assert ours.path == "/" + "/".join(path) + ("?" + "&".join(query) if query else "")
    cuts(PROTOCOL, data)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_parse_or_raise_dissect_error(data: bytes, cut: bool) -> None:
    try:
        message = parse(data, cut)
    except DissectError:
        return
    assert len(message.token) <= 8
    assert sum(len(value) + 1 for _, value in message.options) + len(message.payload) <= len(data)


def test_agrees_with_the_reference_on_public_captures() -> None:
    from payload_corpus import frames

    seen = 0
    for truth, payload in frames("coap"):
        if truth.get("coap.version") != "1" or "," in truth["coap.code"] or "," in truth["coap.mid"]:
            continue
        try:
            message = parse(payload.data)
        except DissectError:
            assert truth["coap.code"] == "0", "empty messages with a token are the only known exception"
            continue
        seen += 1
        assert str(message.type) == truth["coap.type"]
        assert str(message.code) == truth["coap.code"]
        assert str(message.mid) == truth["coap.mid"]
        assert message.token.hex() == truth.get("coap.token", "").replace(":", "")
        if message.code < 32 and message.values(coap.URI_PATH) and truth.get("coap.opt.uri_path_recon"):
            assert truth["coap.opt.uri_path_recon"].endswith(message.path.split("?")[0])
    assert seen > 300
