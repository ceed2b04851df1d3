"""IPv4, IPv6, extension headers, fragments: hand-built packets against hand-computed columns."""

from __future__ import annotations

import struct
import zlib

import pytest

from analyzer.decode.network import MAX_EXTENSIONS
from analyzer.tables import Kind, Reason
from tests.frames import (
    A6,
    B6,
    TCP4,
    UDP4,
    UDP6,
    batch,
    decode,
    decoded,
    ends,
    eth,
    ip4,
    ip6,
    payload,
    tcp,
    udp,
)

IP4 = {"kind": Kind.IP, "transport": 17, **ends(), "ip_id": 0x1234}
IP6 = {"kind": Kind.IP, **ends(A6, B6)}


def test_plain() -> None:
    assert decoded(eth(ip4(udp()))) == UDP4 | payload(42)
    assert decoded(eth(ip6(udp()), 0x86DD)) == UDP6 | payload(62)


def test_header_options_are_stepped_over() -> None:
    assert decoded(eth(ip4(udp(), options=b"\x01" * 8))) == UDP4 | payload(50)


def test_ethernet_padding_is_no_payload() -> None:
    assert decoded(eth(ip4(udp(b"a"))) + bytes(17)) == UDP4 | payload(42, 1)
    assert decoded(eth(ip4(tcp(), 6)) + bytes(6)) == TCP4 | {"payload": 54}


def test_total_length_of_zero_is_offload() -> None:
    assert decoded(eth(ip4(tcp(b"x" * 30), 6, total=0))) == TCP4 | payload(54, 30)


def test_total_length_beyond_the_frame_is_believed() -> None:
    assert decoded(eth(ip4(tcp(b"x" * 30), 6, total=1500))) == TCP4 | payload(54, 1460, 30)


@pytest.mark.parametrize("total", [1, 19])
def test_total_length_below_the_header(total: int) -> None:
    assert decoded(eth(ip4(udp(), total=total))) == IP4 | {"reason": Reason.IP_HEADER}


@pytest.mark.parametrize("first", [0x44, 0x40, 0x55, 0x05, 0x65])
def test_headers_that_are_no_ipv4(first: int) -> None:
    assert decoded(eth(ip4(udp(), first=first))) == {"reason": Reason.IP_HEADER}


def test_headers_that_are_no_ipv6() -> None:
    assert decoded(eth(ip6(udp(), first=0x40), 0x86DD)) == {"reason": Reason.IP_HEADER}


def test_header_that_ends_inside_the_frame() -> None:
    assert decoded(eth(ip4(udp())[:19])) == {"reason": Reason.IP_HEADER}
    assert decoded(eth(ip6(udp())[:39], 0x86DD)) == {"reason": Reason.IP_HEADER}
    assert decoded(b"", 101) == {"reason": Reason.IP_HEADER}
    assert decoded(b"\x50", 101) == {"reason": Reason.IP_HEADER}


def test_header_cut_by_the_snapshot_length() -> None:
    assert decoded(eth(ip4(udp()))[:33], wire=46) == {"reason": Reason.CUT}
    assert decoded(eth(ip6(udp()), 0x86DD)[:53], wire=66) == {"reason": Reason.CUT}
    assert decoded(b"", 101, wire=46) == {"reason": Reason.CUT}


def test_options_cut_keep_the_addresses() -> None:
    frame = eth(ip4(udp(), options=b"\x01" * 8))
    assert decoded(frame[:38], wire=len(frame)) == IP4 | {"reason": Reason.CUT}


def test_first_fragment_keeps_its_ports() -> None:
    frame = eth(ip4(udp(b"x" * 16, length=1000), fragment=0x2000))
    assert decoded(frame) == UDP4 | {"fragmented": 1} | payload(42, 16)


@pytest.mark.parametrize("fragment", [0x0001, 0x2001, 0x1FFF])
def test_later_fragment_has_no_ports(fragment: int) -> None:
    assert decoded(eth(ip4(udp(), fragment=fragment))) == IP4 | {"kind": Kind.FRAGMENT}


def test_dont_fragment_is_no_fragment() -> None:
    assert decoded(eth(ip4(udp(), fragment=0x4000))) == UDP4 | payload(42)


def test_other_protocols_end_at_the_addresses() -> None:
    assert decoded(eth(ip4(b"whatever", 2))) == IP4 | {"transport": 2}
    assert decoded(eth(ip4(b"", 89))) == IP4 | {"transport": 89}
    assert decoded(eth(ip6(b"", 59), 0x86DD) + b"pad") == IP6 | {"transport": 59}
    assert decoded(eth(ip6(b"\0" * 16, 50), 0x86DD)) == IP6 | {"transport": 50}


def options(following: int, words: int = 0) -> bytes:
    """Hop-by-hop, routing or destination header of ``words + 1`` times eight bytes."""
    return bytes([following, words]) + b"\x01\x04" + bytes(4 + 8 * words)


def fragment6(following: int, offset: int = 0, more: int = 0, ident: int = 0xDEADBEEF) -> bytes:
    return struct.pack(">BBHI", following, 0, offset << 3 | more, ident)


def authentication(following: int) -> bytes:
    """RFC 4302: 24 bytes, a payload length of 4."""
    return bytes([following, 4]) + bytes(22)


@pytest.mark.parametrize(
    ("first", "chain"),
    [
        (0, options(17)),
        (0, options(43, 2) + options(60) + options(17, 1)),
        (60, options(60) + options(17)),
        (51, authentication(17)),
        (0, options(51) + authentication(60) + options(17)),
    ],
)
def test_extension_headers(first: int, chain: bytes) -> None:
    assert decoded(eth(ip6(chain + udp(), first), 0x86DD)) == UDP6 | payload(62 + len(chain))


def test_extension_options_need_not_make_sense() -> None:
    # dpkt's own class raises on an option that runs out of its header
    chain = bytes([17, 0, 0xC2, 200, 1, 2, 3, 4])
    assert decoded(eth(ip6(chain + udp(), 0), 0x86DD)) == UDP6 | payload(70)


def test_authentication_header_in_ipv4() -> None:
    assert decoded(eth(ip4(authentication(17) + udp(), 51))) == UDP4 | payload(66)


def test_ipv6_fragments() -> None:
    atomic = ip6(fragment6(17) + udp(), 44)
    assert decoded(eth(atomic, 0x86DD)) == UDP6 | {"ip_id": 0xDEADBEEF} | payload(70)
    first = ip6(fragment6(17, more=1) + udp(b"abcd", length=900), 44)
    assert decoded(eth(first, 0x86DD)) == UDP6 | {"ip_id": 0xDEADBEEF, "fragmented": 1} | payload(70)
    later = ip6(options(44) + fragment6(17, offset=5) + udp(), 0)
    expected = IP6 | {"kind": Kind.FRAGMENT, "transport": 17, "ip_id": 0xDEADBEEF}
    assert decoded(eth(later, 0x86DD)) == expected


def test_extension_header_passes_the_payload_length() -> None:
    expected = IP6 | {"transport": 0, "reason": Reason.EXTENSION}
    assert decoded(eth(ip6(options(17, 9)[:16], 0), 0x86DD)) == {k: v for k, v in expected.items() if v}
    assert decoded(eth(ip6(b"\x11\x00", 60), 0x86DD)) == expected | {"transport": 60}


def test_extension_header_cut() -> None:
    frame = eth(ip6(options(17, 2) + udp(), 60), 0x86DD)
    expected = IP6 | {"transport": 60, "reason": Reason.CUT}
    assert decoded(frame[:58], wire=len(frame)) == expected
    assert decoded(frame[:70], wire=len(frame)) == expected


def test_endless_extension_headers() -> None:
    chain = options(60) * MAX_EXTENSIONS
    assert decoded(eth(ip6(chain + udp(), 60), 0x86DD)) == IP6 | {"transport": 60, "reason": Reason.DEPTH}
    chain = options(60) * (MAX_EXTENSIONS - 2) + options(17)
    assert decoded(eth(ip6(chain + udp(), 60), 0x86DD)) == UDP6 | payload(62 + len(chain))


def test_payload_length_of_zero_is_a_jumbogram_or_offload() -> None:
    assert decoded(eth(ip6(udp(b"x" * 9), length=0), 0x86DD)) == UDP6 | payload(62, 9)


def test_digest_is_of_the_packet_without_link_header_and_padding() -> None:
    packet = ip4(udp())
    tagged = eth(b"\x00\x05\x08\x00" + packet, 0x8100)
    packets = decode(batch(eth(packet) + bytes(10), tagged, eth(packet)[:40], eth(b"no ip", 0x9000)), 1)
    whole = zlib.crc32(packet)
    assert packets.columns["digest"].tolist() == [whole, whole, zlib.crc32(packet[:26]), 0]


def test_digest_is_of_the_innermost_packet() -> None:
    packets = decode(batch(eth(ip4(ip6(udp()), 41))), 1)
    assert packets.columns["digest"].tolist() == [zlib.crc32(ip6(udp()))]
