"""Payloads that tell the same have one number: words of the detail aside, in order, on the same claims."""

from __future__ import annotations

import pytest
from judging import FOUND, GATEWAY, NODE, OTHER, SEARCH, samples, table
from traffic import Traffic

from analyzer import payloads, protocols
from analyzer.conversations import Conversations
from analyzer.pipeline import Options
from analyzer.pipeline.reading import read
from analyzer.protocol import Payload


def numbers(traffic: Traffic) -> list[int]:
    return payloads.alike(Conversations(table(traffic))).tolist()


GET, PUT = b"\x41\x01\x00\x01\x07\xb5light", b"\x41\x03\x00\x02\x08\xb5light"
NON = b"\x51\x01\x00\x01\x07\xb5light"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((5683, GET), (5683, PUT), True),  # both ask, and want an answer
        ((5683, GET), (5683, NON), False),  # no reply is due
        ((5683, GET), (50201, GET), False),  # another protocol claims the port
        ((40001, GET), (40002, PUT), True),  # nobody claims the port
        ((1900, SEARCH), (1900, FOUND), False),
        ((40001, b"\xaa\xbb"), (40001, b"\xaa\xbc"), True),
        ((40001, b"\0\3\0\1"), (40001, b"\0\1\0\1"), False),  # the opcodes of a TFTP leg are told apart
        ((40001, b""), (40001, b"\xaa"), False),
    ],
)
def test_what_two_payloads_tell(one: tuple[int, bytes], other: tuple[int, bytes], same: bool) -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, *one).udp(1, GATEWAY, 40000, OTHER, *other)
    first, second = numbers(traffic)
    assert (first == second) is same


def test_a_flow_without_payload_has_none() -> None:
    assert numbers(Traffic().tcp(0, GATEWAY, 40000, NODE, 80, 2)) == [0]


def test_the_order_of_both_sides_counts() -> None:
    traffic = Traffic()
    for at, node in ((0, NODE), (10, OTHER)):
        ways = [(GATEWAY, 5683, node, 5683), (node, 5683, GATEWAY, 5683)]
        traffic.udp(at, *ways[0], GET)
        for step, way in enumerate((0, 1) if node == NODE else (1, 0)):
            traffic.udp(at + 1 + step, *ways[way], PUT)
    first, second = numbers(traffic)
    assert first != second


def recorded() -> list[Payload]:
    """The distinct payloads of all samples, and every first byte, on ports that nobody claims and on 69."""
    found = dict.fromkeys(
        Payload(head.data, head.wire, one.transport, *ports)
        for path, _ in samples()
        for one in Conversations(read(Options((str(path),)), None)[1])
        for side, ports in zip(one.heads, ((one.a_port, one.b_port), (one.b_port, one.a_port)), strict=True)
        for head in side
    )
    for octet in range(256):
        found[Payload(bytes([octet]) * 20, 20, "udp", 40000, 69)] = None
        found[Payload(bytes([octet]) * 20, 20, "tcp", 443, 40000)] = None
    return list(found)


def test_a_protocol_looks_at_no_port_but_its_own() -> None:
    """Flows from any two ports are alike because of that."""
    some = recorded()
    assert len(some) > 800
    for protocol in protocols.load().values():
        if protocol.recognise is None:
            continue
        for payload in some:
            ports = {
                side: 0
                for side in ("src_port", "dst_port")
                if (payload.transport, getattr(payload, side)) not in protocol.ports
            }
            assert protocol.recognise(payload._replace(**ports)) == protocol.recognise(payload), protocol.name
