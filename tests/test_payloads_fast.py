"""A plain payload is read the same as the one it was made of, word for word, whatever the bytes."""

from __future__ import annotations

import random
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import FOUND, GET, NOTIFY, SEARCH, samples

from analyzer import protocols
from analyzer.conversations import Conversations
from analyzer.errors import PortmatrixError
from analyzer.pipeline import Options
from analyzer.pipeline.reading import read
from analyzer.protocol import Payload, Protocol

fast = pytest.importorskip("analyzer.payloads.fast", reason="the compiled part was not built (no C compiler)")

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus" / "files"
RULED = [protocol for protocol in protocols.load().values() if protocol.plain]

HELLO = bytes.fromhex(
    "16030100 5b 01000057 0303" + "a7" * 32 + "04 01020304" + "0004 13011302" + "01 00"
    "0028 002b0003020304 0000000e000c000009 6c6f63616c686f7374 000d00080006040308040401 0010000500030268 32"
)
BACNET = bytes.fromhex("810a001101040005010c0c000000011955")
FORWARDED = bytes.fromhex(
    "8104001d0a140001bac001201234 03 0a0b0c ff 1008 09 00 1a 270f 0000".replace(" ", "")
)
QUERY = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01\x05igor1\x05local\0\0\x1c\0\x01\0\0)\x04\xd0\0\0\0\0\0\0"
SEEDS = (
    b"\x44\x02\x12\x34TOKN\xb5lamps\x01x\x4d\x05query=a+long+value1\xff some content",
    b"\x62\x45\x12\x34TK\x61\x05\xc1\x32\xffon",  # a notification: Observe, Content-Format
    b"\x40\x01\x12\x34\xbd\x01eleven-bytes--\x0e\x00\x02" + b"q" * 271,
    b"\x60\0\x12\x34",
    b"\x62\0\x12\x34ab",
    b"\x40\x00\x12\x34",
    HELLO,
    b"\x16\x03\x03\x00\x31\x02\0\0\x2d\x03\x03" + bytes(34) + b"\x13\x01\0\0\x05\0\x2b\0\x02\x03\x04",
    b"\x16\x03\x03\x00\x04\x0e\0\0\0\x16\x03\x03\x00\x06\x10\0\0\x02ab",
    b"\x16\x03\x03\x00\x0a\x0b\0\0\x06abcdef",
    b"\x15\x03\x03\x00\x02\x02\x28",
    b"\x15\x03\x03\x00\x02\x02\x28\x15\x03\x03\x00\x02\x01\0",
    b"\x14\x03\x03\0\x01\x01\x16\x03\x03\x00\x28" + b"e" * 40,
    b"\x17\x03\x03\x00\x20" + b"d" * 32,
    b"\x17\x03\x03\x00\x01d\x17\x03\x03\x00\x05ddddd",
    b"\x80\x2e\x01\x03\x01\x00\x15\0\0\0\x10" + bytes(37),
    BACNET,
    FORWARDED,
    b"\x81\x0b\0\x0c\x01\x20\xff\xff\0\xff\x10\x08",
    b"\x81\x0b\0\x19\x01\x20\xff\xff\0\xff\x10\x00\xc4\x02\0\x04\xd2\x22\x04\xc4\x91\0\x21\x0f\0",
    b"\x81\x0a\0\x12\x01\0\x3c\x07\x01\x04\x0c" + bytes(7),
    b"\x81\x0a\0\x0a\x01\0\x40\x07\x01\x04",
    b"\x81\x0a\0\x0d\x01\0\x50\x07\x0c\x91\x02\x91\x1f",
    b"\x81\x0a\0\x09\x01\0\x60\x07\x09",
    b"\x81\x0a\0\x0a\x01\x80\x01\0\x05\x06",
    b"\x81\x00\0\x06\0\x30",
    b"\0\x03\0\x07" + b"f" * 512,
    b"\0\x04\xab\xcd",
    b"\0\x01node.bin\0octet\0blksize\x001428\0",
    b"\0\x05\0\x01File not found\0",
    QUERY,
    b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\x01\x02\x03\x04",
    b"\x12\x34\x28\0\0\0\0\0\0\0\0\0",
    b"\x23\x02\x06\xec" + bytes(44),
    b"\x16\x82\0\x01" + bytes(60),
    b"\x00\x01\0\x08\x21\x12\xa4\x42" + bytes(range(20)),
    b"\x01\x01\0\0\x21\x12\xa4\x42" + bytes(12),
    b"HTTP/1.1 200\nServer: x\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"BITS_POST /x HTTP/1.1 \r\n",
    b"M-SEARCH * HTTP/1.1\r\nUser-Agent: y\r\nST: ssdp:all\r\n\r\n",
    SEARCH, FOUND, NOTIFY, GET,
)  # fmt: skip


def plain(protocol: Protocol, payload: Payload) -> Payload:
    """The payload that stands for all that read like ``payload``."""
    data, wire = fast.plain(protocol.plain, payload.transport == "tcp", payload.data, payload.wire)
    return payload._replace(data=data, wire=wire)


def holds(payload: Payload) -> None:
    for protocol in RULED:
        assert protocol.recognise is not None
        same = plain(protocol, payload)
        assert protocol.recognise(same) == protocol.recognise(payload), (protocol.name, payload, same)


OWN = sorted({port for protocol in RULED for _, port in protocol.ports if port < 48000})
PORTS = st.sampled_from([0, *OWN])
TRANSPORT = st.sampled_from(["udp", "tcp"])


@settings(max_examples=300)
@given(st.binary(max_size=120), st.integers(0, 600), TRANSPORT, PORTS, PORTS)
def test_any_bytes(data: bytes, missing: int, transport: str, source: int, target: int) -> None:
    for wire in (len(data), len(data) + missing):
        holds(Payload(data, wire, transport, source, target))


@settings(max_examples=400)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=3),
    st.integers(0, 600),
    st.sampled_from([0, 0, 1, 500]),
    TRANSPORT,
    PORTS,
    PORTS,
)
def test_damaged_and_cut_messages(
    seed: bytes,
    changes: list[tuple[int, int]],
    kept: int,
    missing: int,
    transport: str,
    source: int,
    target: int,
) -> None:
    data = bytearray(seed)
    for place, octet in changes:
        if place < len(data):
            data[place] = octet
    whole = bytes(data) if kept > len(seed) else bytes(data[:kept])
    for wire in (len(whole) + missing, max(len(whole), len(seed))):
        holds(Payload(whole, wire, transport, source, target))


def test_every_cut_and_every_octet_of_each_message() -> None:
    for seed in SEEDS:
        for transport in ("udp", "tcp"):
            for kept in range(1, min(len(seed), 100) + 1):
                holds(Payload(seed[:kept], len(seed), transport, 0, 69))
                holds(Payload(seed[:kept], kept, transport, 443, 0))
    draw = random.Random(7)
    for seed in SEEDS:
        for place in range(min(len(seed), 60)):
            for octet in (0, 1, 3, 8, 0x7F, 0x80, 0xFF, draw.randrange(256)):
                data = seed[:place] + bytes([octet]) + seed[place + 1 :]
                holds(Payload(data, len(data), "tcp" if data[0] in range(20, 25) else "udp", 0, 0))


def heads(path: Path) -> Iterator[Payload]:
    """The distinct payload heads of a capture, whatever their ports are."""
    try:
        found = Conversations(read(Options((str(path),)), None)[1])
    except PortmatrixError:
        return
    for one in found:
        if one.transport in ("tcp", "udp"):
            ends = (one.a_port, one.b_port), (one.b_port, one.a_port)
            for side, ports in zip(one.heads, ends, strict=True):
                for head in side:
                    yield Payload(head.data, head.wire, one.transport, *ports)


def test_the_payloads_of_the_samples() -> None:
    some = dict.fromkeys(payload for path, _ in samples() for payload in heads(path))
    assert len(some) > 300
    for payload in some:
        holds(payload)


def test_the_payloads_of_public_captures() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the public captures are not beside this checkout: {CORPUS} is missing")
    some = dict.fromkeys(payload for path in sorted(CORPUS.rglob("*.*")) for payload in heads(path))
    assert len(some) > 5000
    for payload in some:
        holds(payload)


# ---------------------------------------------------------------- kinds

ALL = np.ones(1 << 16, np.uint8)
"""Every port matters."""
FACTORS = np.array([secrets.randbits(64) for _ in range(fast.FACTORS)], np.uint64)


def kinds(rule: str | None, payloads: list[Payload], back: int = 0) -> list[int]:
    """The number of each payload; ``back`` is 1 where B sent them."""
    size = np.array([len(payload.data) for payload in payloads], np.int64)
    of, firsts = np.zeros(len(payloads), np.int64), np.zeros(len(payloads), np.int64)
    heads = fast.Heads(
        np.frombuffer(b"".join(payload.data for payload in payloads), np.uint8),
        np.cumsum(size) - size,
        size.astype(np.int32),
        np.array([payload.wire for payload in payloads], np.int64),
        2 * np.arange(len(payloads)) + back,
        *(
            np.array([(payload.src_port, payload.dst_port)[end ^ back] for payload in payloads], np.uint16)
            for end in (0, 1)
        ),
    )
    count = heads.kinds(rule, False, np.arange(len(payloads)), ALL, FACTORS, of, firsts)
    assert firsts[:count].tolist() == [of.tolist().index(number) for number in range(count)]
    return of.tolist()  # type: ignore[no-any-return]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(SEEDS), st.integers(0, 3), st.integers(0, 1)), max_size=20))
def test_payloads_are_of_a_kind_if_they_are_plainly_the_same(some: list[tuple[bytes, int, int]]) -> None:
    payloads = [Payload(data, len(data) + more, "udp", 5683 * port, 0) for data, more, port in some]
    for protocol in RULED:
        known: dict[Payload, int] = {}
        expected = [known.setdefault(plain(protocol, one), len(known)) for one in payloads]
        assert kinds(protocol.plain, payloads) == expected == kinds(protocol.plain, payloads, 1)


def test_without_a_rule_they_are_the_same_if_they_are_equal() -> None:
    draw = random.Random(3)
    payloads = [Payload(struct.pack(">Q", draw.randrange(3000)), 8) for _ in range(20_000)]
    known: dict[Payload, int] = {}
    assert kinds("", payloads) == [known.setdefault(one, len(known)) for one in payloads]
    assert len(known) > 2000


def test_what_differs_from_message_to_message_is_left_out() -> None:
    draw = random.Random(5)

    def some(count: int) -> bytes:
        return draw.randbytes(count)

    made = {
        "coap": lambda: b"\x44\x02" + some(6) + b"\xb5state\xc1" + some(1) + b"\xff" + some(20),
        "tls": lambda: HELLO[:11] + some(32) + HELLO[43:],
        "bacnet": lambda: BACNET[:8] + some(1) + b"\x0c" + some(7),
        "tftp": lambda: b"\0\3\0\1" + some(100),
        "dns": lambda: some(2) + QUERY[2:],
        "ntp": lambda: b"\x23" + some(47),
        "stun": lambda: b"\0\x01\0\x04\x21\x12\xa4\x42" + some(16),
        "ssdp": lambda: b"D\x01" + some(30),
        "http": lambda: b"GET / HTTP/1.1\r\n" + some(30),
    }
    assert made.keys() == fast.RULES.keys() - {""} == {protocol.plain for protocol in RULED}
    for rule, make in made.items():
        assert set(kinds(rule, [Payload(data, len(data)) for data in (make() for _ in range(50))])) == {0}


def test_long_payloads_and_arrays_that_do_not_fit() -> None:
    long = b"\x44\x02\0\0TOKN" + bytes(5000)
    assert fast.plain("coap", False, long, len(long)) == (long, len(long))
    assert kinds("coap", [Payload(long, 9000), Payload(long[:-1] + b"x", 9000), Payload(long, 9000)]) == [
        0,
        1,
        0,
    ]


def test_by_their_bytes_alone_payloads_are_the_same_whatever_is_missing_and_wherever_they_go() -> None:
    payloads = [Payload(data, 9 + at, "udp", at, 7) for at, data in enumerate((b"", b"x", b"", b"y", b"x"))]
    assert kinds(None, payloads) == [0, 1, 0, 2, 1]
    assert kinds("", payloads) == [0, 1, 2, 3, 4]


def test_ports_that_are_not_claimed_do_not_matter() -> None:
    slot, port = np.array([0, 1, 2, 3]), np.array([5, 5], np.uint16)
    size = np.ones(4, np.int32)
    heads = fast.Heads(
        np.zeros(1, np.uint8), slot * 0, size, slot * 0, slot, port, np.array([6, 7], np.uint16)
    )
    for claimed, expected in (
        ((5, 6, 7), [0, 1, 2, 3]),
        ((5,), [0, 1, 0, 1]),
        ((6,), [0, 1, 2, 2]),
        ((), [0] * 4),
    ):
        which = np.zeros(1 << 16, np.uint8)
        which[list(claimed)] = 1
        of = np.zeros(4, np.int64)
        assert heads.kinds("", False, slot, which, FACTORS, of, slot.copy()) == max(expected) + 1
        assert of.tolist() == expected


@given(st.lists(st.binary(max_size=3), min_size=1), st.data())
def test_the_first_bytes(payloads: list[bytes], data: st.DataObject) -> None:
    size = np.array([len(one) for one in payloads], np.int64)
    slot, port = np.arange(len(size)), np.zeros(len(size), np.uint16)
    heads = fast.Heads(
        np.frombuffer(b"".join(payloads), np.uint8),
        np.cumsum(size) - size,
        size.astype(np.int32),
        size,
        slot,
        port,
        port,
    )
    which = np.array(data.draw(st.lists(st.sampled_from(range(len(size))))), np.int64)
    first, second = np.zeros(len(which), np.int16), np.zeros(len(which), np.int16)
    heads.opening(which, first, second)
    for place, octets in enumerate((first, second)):
        assert octets.tolist() == [[*payloads[one], -1, -1][place] for one in which]


def test_arrays_that_do_not_fit_are_refused() -> None:
    one, size, port = np.zeros(1, np.int64), np.ones(1, np.int32), np.zeros(1, np.uint16)
    octets, short = np.zeros(3, np.uint8), np.zeros(1, np.int16)
    with pytest.raises(ValueError, match="too short"):
        fast.Heads(octets, one, size[:0], one, one, port, port)
    with pytest.raises(ValueError, match="too short"):
        fast.Heads(octets, one, size, one, one, port, port[:0])
    heads = fast.Heads(octets, one, size, one, one, port, port)
    for claimed, factors, of in ((ALL, FACTORS, one[:0]), (ALL, FACTORS[:9], one), (ALL[:9], FACTORS, one)):
        with pytest.raises(ValueError, match="too short"):
            heads.kinds("", False, one, claimed, factors, of, one.copy())
    with pytest.raises(ValueError, match="too short"):
        heads.opening(one, short, short[:0])
    beyond = [
        (fast.Heads(octets, one, size + 3, one, one, port, port), one),
        (fast.Heads(octets, one - 1, size, one, one, port, port), one),
        (fast.Heads(octets, one, size - 2, one, one, port, port), one),
    ]
    nowhere = [
        (fast.Heads(octets, one, size, one, one + 2, port, port), one),
        (heads, one + 1),
        (heads, one - 1),
    ]
    for cases, said in ((beyond, "beyond its bytes"), (nowhere, "no such payload")):
        for some, which in cases:
            with pytest.raises(ValueError, match=said):
                some.kinds("", False, which, ALL, FACTORS, one.copy(), one.copy())
            with pytest.raises(ValueError, match=said):
                some.opening(which, short.copy(), short.copy())
