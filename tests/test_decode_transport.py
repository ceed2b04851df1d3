"""TCP, UDP, ICMP: hand-built headers, every cut of them, and the packets that ICMP errors quote."""

from __future__ import annotations

import pytest

from analyzer.tables import Kind, Reason
from tests.frames import (
    A4,
    A6,
    B4,
    B6,
    TCP4,
    UDP4,
    decoded,
    ends,
    eth,
    gre,
    icmp,
    ip4,
    ip6,
    payload,
    quoted,
    tcp,
    udp,
)

IP_TCP = {"kind": Kind.IP, "transport": 6, **ends(), "ip_id": 0x1234}
IP_UDP = IP_TCP | {"transport": 17}


def test_tcp_options_and_flags() -> None:
    assert decoded(eth(ip4(tcp(b"hello", options=bytes(12)), 6))) == TCP4 | payload(66, 5)
    assert decoded(eth(ip4(tcp(flags=0xC2), 6))) == TCP4 | {"flags": 0xC2, "payload": 54}


@pytest.mark.parametrize(
    ("held", "known"),
    [
        (4, ("src_port", "dst_port")),
        (7, ("src_port", "dst_port")),
        (8, ("src_port", "dst_port", "seq")),
        (11, ("src_port", "dst_port", "seq")),
        (12, ("src_port", "dst_port", "seq", "ack")),
        (13, ("src_port", "dst_port", "seq", "ack")),
        (14, ("src_port", "dst_port", "seq", "ack", "flags")),
        (19, ("src_port", "dst_port", "seq", "ack", "flags")),
    ],
)
def test_tcp_header_cut_keeps_whole_fields(held: int, known: tuple[str, ...]) -> None:
    frame = eth(ip4(tcp(b"data"), 6))
    expected = IP_TCP | {name: TCP4[name] for name in ("kind", *known)}
    assert decoded(frame[: 34 + held], wire=len(frame)) == expected | {"reason": Reason.CUT}


def test_tcp_header_that_the_packet_has_no_room_for() -> None:
    assert decoded(eth(ip4(tcp()[:3], 6))) == IP_TCP | {"reason": Reason.TRANSPORT_HEADER}
    assert decoded(eth(ip4(tcp()[:5], 6))) == {
        **IP_TCP,
        "kind": Kind.TRANSPORT,
        "src_port": 50000,
        "dst_port": 443,
        "reason": Reason.TRANSPORT_HEADER,
    }


@pytest.mark.parametrize("held", [0, 1, 3])
def test_ports_cut(held: int) -> None:
    frame = eth(ip4(udp()))
    assert decoded(frame[: 34 + held], wire=len(frame)) == IP_UDP | {"reason": Reason.CUT}


def test_tcp_cut_inside_options_keeps_ports_and_flags() -> None:
    frame = eth(ip4(tcp(b"x" * 100, options=bytes(12)), 6))
    assert decoded(frame[:60], wire=len(frame)) == TCP4 | {"reason": Reason.CUT} | payload(60, 100, 0)


@pytest.mark.parametrize("words", [0, 4, 15])
def test_tcp_data_offset_that_cannot_be(words: int) -> None:
    assert decoded(eth(ip4(tcp(b"data", words=words), 6))) == TCP4 | {"reason": Reason.TRANSPORT_HEADER}


def test_tcp_options_that_go_on_in_the_next_fragment() -> None:
    frame = eth(ip4(tcp(options=bytes(12))[:24], 6, fragment=0x2000))
    assert decoded(frame) == TCP4 | {"fragmented": 1}


def test_tcp_payload_cut() -> None:
    frame = eth(ip4(tcp(b"x" * 100), 6))
    assert decoded(frame[:64], wire=len(frame)) == TCP4 | payload(54, 100, 10)


def test_udp_length() -> None:
    assert decoded(eth(ip4(udp(b"abcdef", length=10)))) == UDP4 | payload(42, 2)
    assert decoded(eth(ip4(udp(b"abcdef", length=99)))) == UDP4 | payload(42, 6)
    assert decoded(eth(ip4(udp(b"abcdef", length=0)))) == UDP4 | payload(42, 6)
    assert decoded(eth(ip4(udp(b"")))) == UDP4 | {"payload": 42}
    assert decoded(eth(ip4(udp(b"abcdef", length=7)))) == UDP4 | {"reason": Reason.TRANSPORT_HEADER}


def test_udp_header_cut_or_too_short() -> None:
    frame = eth(ip4(udp()))
    assert decoded(frame[:40], wire=len(frame)) == UDP4 | {"reason": Reason.CUT}
    assert decoded(eth(ip4(udp()[:6]))) == UDP4 | {"reason": Reason.TRANSPORT_HEADER}


def test_udp_payload_cut() -> None:
    frame = eth(ip4(udp(b"x" * 500)))
    assert decoded(frame[:50], wire=len(frame)) == UDP4 | payload(42, 500, 8)


def test_icmp_type_and_code() -> None:
    v4 = {"kind": Kind.IP, "transport": 1, **ends(), "ip_id": 0x1234}
    assert decoded(eth(ip4(icmp(8, 3, b"ping"), 1))) == v4 | {"icmp": 0x0803}
    v6 = {"kind": Kind.IP, "transport": 58, **ends(A6, B6)}
    assert decoded(eth(ip6(icmp(135, 0, bytes(16)), 58), 0x86DD)) == v6 | {"icmp": 135 << 8}
    assert decoded(eth(ip4(b"\x08\x03", 1))) == v4 | {"icmp": 0x0803}
    assert decoded(eth(ip4(b"\x08", 1))) == v4 | {"reason": Reason.TRANSPORT_HEADER}
    frame = eth(ip4(icmp(8, 0), 1))
    assert decoded(frame[:35], wire=len(frame)) == v4 | {"reason": Reason.CUT}


QUOTED = {"transport": 17, **ends(B4, A4), "src_port": 5683, "dst_port": 49152}
"""What is quoted of ``ip4(udp(…))`` from B to A."""


def offending(length: int = 28) -> bytes:
    """The first ``length`` bytes of a packet from B to A with 100 bytes of payload."""
    return ip4(udp(bytes(100), 5683, 49152), a=B4, b=A4)[:length]


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_icmp_errors_quote(kind: int) -> None:
    frame = eth(ip4(icmp(kind, 1, offending()), 1))
    assert quoted(frame) == [QUOTED]
    assert decoded(frame)["icmp"] == kind << 8 | 1
    assert decoded(frame)["kind"] == Kind.IP


@pytest.mark.parametrize("kind", [0, 8, 13, 30])
def test_other_icmp_quotes_nothing(kind: int) -> None:
    assert quoted(eth(ip4(icmp(kind, 0, offending()), 1))) == []


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_icmpv6_errors_quote(kind: int) -> None:
    inner = ip6(tcp(b"x" * 900), 6, a=B6, b=A6)[:60]
    frame = eth(ip6(icmp(kind, 4, inner), 58), 0x86DD)
    assert quoted(frame) == [{"transport": 6, **ends(B6, A6), "src_port": 50000, "dst_port": 443}]
    assert quoted(eth(ip6(icmp(128, 0, inner), 58), 0x86DD)) == []


def test_quotes_of_less() -> None:
    addresses = {"transport": 17, **ends(B4, A4)}
    assert quoted(eth(ip4(icmp(3, 3, offending(20)), 1))) == [addresses]
    assert quoted(eth(ip4(icmp(3, 3, offending(23)), 1))) == [addresses]
    assert quoted(eth(ip4(icmp(3, 3, offending(24)), 1))) == [QUOTED]
    assert quoted(eth(ip4(icmp(3, 3, offending(19)), 1))) == []
    assert quoted(eth(ip4(icmp(3, 3), 1))) == []


def test_quote_of_a_later_fragment_has_no_ports() -> None:
    inner = ip4(udp(), a=B4, b=A4, fragment=0x2003)
    assert quoted(eth(ip4(icmp(11, 1, inner), 1))) == [{"transport": 17, **ends(B4, A4)}]


def test_quote_of_a_tunnel_is_of_the_innermost_packet_it_holds() -> None:
    inner = ip4(gre(ip4(udp(bytes(9), 5683, 49152), a=B4, b=A4), 0x0800), 47, a="192.0.2.1", b="192.0.2.2")
    assert quoted(eth(ip4(icmp(3, 1, inner), 1))) == [QUOTED]
    assert quoted(eth(ip4(icmp(3, 1, inner[:28]), 1))) == [
        {"transport": 47, **ends("192.0.2.1", "192.0.2.2")}
    ]


def test_quote_of_an_icmp_error_is_that_error() -> None:
    inner = ip4(icmp(3, 1, offending()), 1)
    assert quoted(eth(ip4(icmp(3, 1, inner), 1))) == [{"transport": 1, **ends()}]
