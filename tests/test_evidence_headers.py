"""Where headers have addresses, ICMPv6, IGMP and ARP included."""

from __future__ import annotations

import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_evidence_payloads import A6, MAC, A, B, other, v4

from analyzer.decode.row import Layer, Step
from analyzer.evidence import headers
from analyzer.evidence.patch import Patch
from analyzer.pseudonyms import Pseudonyms

MAKE = {
    "router solicitation": (headers.icmpv6, lambda a, six, m: b"\x85\0\0\0" + bytes(4) + b"\x01\x01" + m),
    "router advertisement": (
        headers.icmpv6,
        lambda a, six, m: (
            b"\x86\0\0\0" + bytes(12) + b"\x03\x04" + bytes(14) + six + b"\x19\x03" + bytes(6) + six
        ),
    ),
    "neighbour solicitation": (
        headers.icmpv6,
        lambda a, six, m: b"\x87\0\0\0" + bytes(4) + six + b"\x01\x01" + m,
    ),
    "neighbour advertisement": (
        headers.icmpv6,
        lambda a, six, m: b"\x88\0\0\0" + bytes(4) + six + b"\x02\x01" + m,
    ),
    "redirect": (headers.icmpv6, lambda a, six, m: b"\x89\0\0\0" + bytes(4) + six + six + b"\x02\x01" + m),
    "listener report": (
        headers.icmpv6,
        lambda a, six, m: b"\x8f\0\0\0" + b"\0\0\0\x01" + b"\x01\0\0\x01" + v4("ff02::fb") + six,
    ),
    "icmp redirect": (headers.icmp, lambda a, six, m: b"\x05\x01\0\0" + a),
    "icmp router advertisement": (headers.icmp, lambda a, six, m: b"\x09\0\0\0\x01\x02\0\x3c" + a + bytes(4)),
    "echo": (headers.icmp, lambda a, six, m: b"\x08\0\0\0\0\x01\0\x01" + v4(A)),
    "igmp query with sources": (
        headers.igmp,
        lambda a, six, m: b"\x11\0\0\0" + v4("224.0.1.187") + b"\x02\x7d\0\x01" + a,
    ),
    "igmp report": (
        headers.igmp,
        lambda a, six, m: b"\x22\0\0\0\0\0\0\x01" + b"\x01\0\0\x01" + v4("239.1.2.3") + a,
    ),
}


@pytest.mark.parametrize("name", MAKE)
def test_messages(name: str) -> None:
    replace, make = MAKE[name]
    reals = v4(A), v4(A6), MAC
    made = make(*reals)
    patch = Patch(bytearray(b"\xee" * 3 + made), Pseudonyms(bytes(32)), Counter())
    replace(patch, 3, 3 + len(made))
    assert bytes(patch.data[3:]) == make(*(other(real) for real in reals))


def test_arp() -> None:
    def make(m: bytes, a: bytes, b: bytes) -> bytes:
        return struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + m + a + bytes(6) + b

    patch = Patch(bytearray(make(MAC, v4(A), v4(B)) + b"left"), Pseudonyms(bytes(32)), Counter())
    assert headers.arp(patch, 0) == 28
    assert bytes(patch.data) == make(other(MAC), other(v4(A)), other(v4(B))) + b"left"


def test_source_routes_and_recorded_ones() -> None:
    def make(a: bytes, b: bytes) -> bytes:
        options = b"\x01" + bytes([7, 11, 8]) + a + b + bytes([68, 12, 13, 1]) + a + bytes(4)
        return bytes([0x4B]) + bytes(1) + b"\0\x2c" + bytes(5) + b"\x11" + bytes(2) + a + b + options

    made = make(v4(A), v4(B))
    patch = Patch(bytearray(made), Pseudonyms(bytes(32)), Counter())
    packet = headers.packet(patch, Step(Layer.IPV4, 0, len(made), len(made)))
    assert bytes(patch.data) == make(other(v4(A)), other(v4(B)))
    assert (packet.transport, packet.inside) == (17, 44)


def test_routing_headers() -> None:
    def make(six: bytes) -> bytes:
        routing = b"\x11\x02\x00\x01" + bytes(4) + six
        return b"\x60\0\0\0\0\x20\x2b\x40" + six + six + routing + bytes(8)

    made = make(v4(A6))
    patch = Patch(bytearray(made), Pseudonyms(bytes(32)), Counter())
    packet = headers.packet(patch, Step(Layer.IPV6, 0, len(made), len(made)))
    assert bytes(patch.data) == make(other(v4(A6)))
    assert (packet.transport, packet.inside) == (17, 64)


@given(st.sampled_from([headers.icmp, headers.icmpv6, headers.igmp]), st.binary(max_size=120))
def test_any_message(replace: object, data: bytes) -> None:
    patch = Patch(bytearray(data), Pseudonyms(bytes(32)), Counter())
    replace(patch, 0, len(data))  # type: ignore[operator]
    assert len(patch.data) <= len(data)
