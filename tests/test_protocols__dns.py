from __future__ import annotations

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import DissectError
from analyzer.protocol import NO, UNSURE, Payload
from analyzer.protocols._dns import Header, parse, read

QUERY = frozenset({0})


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 65535),
    st.lists(st.text("abcxyz0189-", min_size=1, max_size=63), min_size=1, max_size=3),
    st.integers(1, 65535),
    st.booleans(),
)
def test_agrees_with_dpkt(ident: int, labels: list[str], kind: int, response: bool) -> None:
    name = ".".join(labels)
    message = dpkt.dns.DNS(id=ident, qr=response, qd=[dpkt.dns.DNS.Q(name=name, type=kind)])
    data = bytes(message)
    header = parse(data, len(data), QUERY)
    assert (header.id, header.response, header.opcode, header.type) == (ident, response, 0, kind)
    assert header.counts == (1, 0, 0, 0)
    assert header.name == (name if len(name) <= 120 else name[:119] + "…")


def test_a_cut_name_is_left_out() -> None:
    data = bytes(dpkt.dns.DNS(qd=[dpkt.dns.DNS.Q(name="gateway.example.org")]))
    header = parse(data[:20], len(data), QUERY)
    assert (header.name, header.type) == (None, None)
    with pytest.raises(DissectError):
        parse(data[:20], 20, QUERY)


def test_a_payload_is_a_message_or_says_why_not() -> None:
    data = bytes(dpkt.dns.DNS(qd=[dpkt.dns.DNS.Q(name="gateway.example.org")]))
    udp = Payload(data, len(data), "udp", 49152, 53)
    assert read(udp, QUERY) == parse(data, len(data), QUERY)
    tcp = len(data).to_bytes(2, "big") + data
    assert read(Payload(tcp, len(tcp), "tcp", 49152, 53), QUERY) == parse(data, len(data), QUERY)
    assert not isinstance(read(udp, frozenset({5})), Header)
    assert read(udp, frozenset({5})) == NO
    assert read(Payload(b"", 0, "udp", 49152, 53), QUERY) == UNSURE


def test_endless_labels_end() -> None:
    data = b"\0\0\1\0\0\1" + bytes(6) + b"\1a" * 4000
    with pytest.raises(DissectError):
        parse(data, len(data), QUERY)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 9))
def test_any_bytes_parse_or_raise_dissect_error(data: bytes, more: int) -> None:
    try:
        parse(data, len(data) + more, QUERY)
    except DissectError:
        return
    assert len(data) >= 12
