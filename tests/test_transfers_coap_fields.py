"""Fields of thousands of messages at once: the same as the dissector says of each."""

from __future__ import annotations

import numpy as np
from coapwire import (
    ACK,
    BLOCK1,
    BLOCK2,
    CON,
    CONTENT,
    GET,
    OBSERVE,
    PUT,
    SIZE1,
    SIZE2,
    Coap,
    block,
    message,
    path,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.errors import DissectError
from analyzer.protocols.coap import parse
from analyzer.transfers.coap.fields import OPTION_BYTES, Fields, candidates, ports, read

OPTION = st.tuples(
    st.sampled_from([1, 3, OBSERVE, 11, 12, 15, BLOCK2, BLOCK1, SIZE2, SIZE1, 19, 31, 252, 292, 2048, 60000]),
    st.binary(max_size=5) | st.binary(min_size=13, max_size=20) | st.just(b"x" * 300),
)
NAMES = {OBSERVE: "observe", BLOCK2: "block2", BLOCK1: "block1", SIZE2: "size2", SIZE1: "size1"}


def fields(*datagrams: bytes, cut: int = 1 << 16) -> Fields:
    wire = Coap()
    for number, datagram in enumerate(datagrams):
        wire.c(number, datagram)
    packets = decode(make_batch(wire.frames), 1)
    columns = packets.columns
    columns["payload_captured"] = np.minimum(columns["payload_captured"], cut)
    return read(packets, candidates(packets))


def test_a_message_by_hand() -> None:
    one = fields(
        message(
            CON,
            PUT,
            0x1234,
            b"\1\2",
            *path(),
            (BLOCK1, block(5, True, 64)),
            (SIZE1, b"\3\xe8"),
            payload=b"x" * 64,
        )
    )
    told = [
        one.kind,
        one.code,
        one.mid,
        one.token,
        one.token_length,
        one.block1,
        one.block2,
        one.size1,
        one.length,
    ]
    assert [column[0] for column in told] == [CON, PUT, 0x1234, 0x0102, 2, 5 << 4 | 8 | 2, -1, 1000, 64]


@settings(deadline=None, max_examples=150)
@given(
    kind=st.sampled_from([CON, 1]),
    code=st.sampled_from([GET, PUT, CONTENT, 0x84]),
    token=st.binary(max_size=8),
    options=st.lists(OPTION, max_size=8),
    payload=st.binary(max_size=20),
)
def test_it_says_what_the_dissector_says(
    kind: int, code: int, token: bytes, options: list[tuple[int, bytes]], payload: bytes
) -> None:
    data = message(kind, code, 7, token, *options, payload=payload)
    one, said = fields(data), parse(data)
    assert one.sound[0]
    assert (one.token[0], one.token_length[0]) == (int.from_bytes(token, "big"), len(token))
    whole = len(data) - len(payload) <= OPTION_BYTES
    if whole:
        assert one.length[0] == len(payload)
    for number, name in NAMES.items():
        values = [value for value in said.values(number) if len(value) <= 4]
        if whole and values and len(values) == len(said.values(number)):
            assert getattr(one, name)[0] == int.from_bytes(values[-1], "big")
        elif whole and not said.values(number):
            assert getattr(one, name)[0] == -1


@settings(deadline=None, max_examples=150)
@given(data=st.binary(max_size=60), cut=st.integers(0, 60))
def test_any_bytes_and_any_cut(data: bytes, cut: int) -> None:
    one = fields(b"\x40" + data, cut=cut + 1)
    if not len(one.rows) or cut < len(data):
        return
    try:
        said = parse(b"\x40" + data)
    except DissectError:
        return
    assert one.sound[0]  # what the dissector takes is a message here as well
    assert (one.kind[0], one.code[0], one.mid[0]) == (said.type, said.code, said.mid)


def test_a_cut_hides_the_length_and_no_more() -> None:
    data = message(ACK, CONTENT, 9, b"\1", (BLOCK2, block(3, True, 1024)), payload=b"x" * 1024)
    one = fields(data, cut=12)
    assert (one.block2[0], one.length[0], one.sound[0]) == (3 << 4 | 8 | 6, 1024, True)
    assert fields(data, cut=6).length[0] == -1


def test_bytes_before_the_block_option_name_the_resource() -> None:
    wire = Coap().put(0, 1, 0, True).put(1, 2, 77, False)
    packets = decode(make_batch(wire.frames), 1)
    one = read(packets, candidates(packets))
    held = [bytes(packets.buffer[a:b]) for a, b in zip(one.options, one.variable, strict=True)]
    assert held == [b"\xb2fw\x08node.bin"] * 2


def test_only_ports_of_coap() -> None:
    wire = Coap().c(0, message(CON, GET, 1)).udp(1, "10.0.0.1", 1, "10.0.0.2", 2, message(CON, GET, 1))
    assert candidates(decode(make_batch(wire.frames), 1)).tolist() == [0]
    assert {5683, 50201} <= ports()
    assert 5684 not in ports()  # DTLS
