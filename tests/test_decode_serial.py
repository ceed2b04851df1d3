"""PPP, Cisco HDLC, frame relay, BSD loopback, raw IP, netfilter log: hand-built frames."""

from __future__ import annotations

import struct

import pytest

from analyzer.tables import Reason
from tests.frames import UDP4, UDP6, decoded, ip4, ip6, payload, udp


@pytest.mark.parametrize("link_type", [12, 14, 101])
def test_raw_ip(link_type: int) -> None:
    assert decoded(ip4(udp()), link_type) == UDP4 | payload(28)
    assert decoded(ip6(udp()), link_type) == UDP6 | payload(48)


def test_raw_ip_of_one_version() -> None:
    assert decoded(ip4(udp()), 228) == UDP4 | payload(28)
    assert decoded(ip6(udp()), 229) == UDP6 | payload(48)
    assert decoded(ip6(udp()), 228) == {"reason": Reason.IP_HEADER}
    assert decoded(ip4(udp()), 229) == {"reason": Reason.IP_HEADER}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("link_type", [0, 108])
def test_loopback(order: str, link_type: int) -> None:
    def family(number: int) -> bytes:
        return struct.pack(order + "I", number)

    assert decoded(family(2) + ip4(udp()), link_type) == UDP4 | payload(32)
    for number in (10, 24, 28, 30):
        assert decoded(family(number) + ip6(udp()), link_type) == UDP6 | payload(52)
    assert decoded(family(7) + ip4(udp()), link_type) == {"reason": Reason.NOT_DATA}
    assert decoded(family(2)[:3], link_type) == {"reason": Reason.LINK_HEADER}
    assert decoded(family(2)[:3], link_type, wire=60) == {"reason": Reason.CUT}


@pytest.mark.parametrize("link_type", [9, 50])
def test_ppp(link_type: int) -> None:
    assert decoded(b"\xff\x03\x00\x21" + ip4(udp()), link_type) == UDP4 | payload(32)
    assert decoded(b"\x00\x21" + ip4(udp()), link_type) == UDP4 | payload(30)
    assert decoded(b"\xff\x03\x21" + ip4(udp()), link_type) == UDP4 | payload(31)
    assert decoded(b"\xff\x03\x00\x57" + ip6(udp()), link_type) == UDP6 | payload(52)
    assert decoded(b"\xff\x03\x02\x81\0\0\x11\x40" + ip4(udp()), link_type) == UDP4 | payload(36)
    assert decoded(b"\x0f\x00\x08\x00" + ip4(udp()), link_type) == UDP4 | payload(32)
    assert decoded(b"\xff\x03\xc0\x21\x01", link_type) == {"reason": Reason.NOT_DATA}
    assert decoded(b"\xff\x03\x00\xfd\x01", link_type) == {"reason": Reason.ENCRYPTED}
    assert decoded(b"\xff\x03", link_type) == {"reason": Reason.LINK_HEADER}
    assert decoded(b"\xff\x03\x00", link_type, wire=60) == {"reason": Reason.CUT}


def test_ppp_with_direction() -> None:
    assert decoded(b"\x01\xff\x03\x00\x21" + ip4(udp()), 204) == UDP4 | payload(33)
    assert decoded(b"\x00\x00\x21" + ip4(udp()), 204) == UDP4 | payload(31)


def test_cisco_hdlc() -> None:
    assert decoded(b"\x0f\x00\x08\x00" + ip4(udp()), 104) == UDP4 | payload(32)
    assert decoded(b"\x8f\x00\x86\xdd" + ip6(udp()), 104) == UDP6 | payload(52)
    assert decoded(b"\x8f\x00\x80\x35" + bytes(18), 104) == {"reason": Reason.NOT_DATA}
    assert decoded(b"\x8f\x00\x08", 104) == {"reason": Reason.LINK_HEADER}


def test_frame_relay() -> None:
    assert decoded(b"\x18\x41\x03\xcc" + ip4(udp()), 107) == UDP4 | payload(32)
    assert decoded(b"\x18\x40\x00\x01\x03\x00\x8e" + ip6(udp()), 107) == UDP6 | payload(55)
    assert decoded(b"\x18\x41\x03\x00\x80\0\0\0\x08\0" + ip4(udp()), 107) == UDP4 | payload(38)
    assert decoded(b"\x18\x41\x08\x00" + ip4(udp()), 107) == UDP4 | payload(32)
    assert decoded(b"\x18\x41\x03\xb1" + bytes(9), 107) == {"reason": Reason.NOT_DATA}
    assert decoded(b"\x18\x41\x03\x00\x80\0\x80\xc2\0\x07" + bytes(9), 107) == {"reason": Reason.NOT_DATA}
    assert decoded(b"\x18\x41\x03", 107) == {"reason": Reason.LINK_HEADER}
    assert decoded(b"\x18", 107, wire=60) == {"reason": Reason.CUT}


@pytest.mark.parametrize("order", ["<", ">"])
def test_netfilter_log(order: str) -> None:
    def item(kind: int, value: bytes) -> bytes:
        return struct.pack(order + "HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)

    head = item(1, b"\x08\x00\x01\x00") + item(10, b"OUT\0\0")
    packet = item(9, ip4(udp(b"abcde")))
    assert decoded(b"\x02\0\0\x01" + head + packet, 239) == UDP4 | payload(4 + 8 + 12 + 4 + 28, 5)
    assert decoded(b"\x07\0\0\x01" + head + packet, 239) == UDP4 | payload(4 + 8 + 12 + 4 + 28, 5)
    assert decoded(b"\x02\0\0\x01" + head, 239) == {"reason": Reason.LINK_HEADER}
    assert decoded(b"\x02\0\0\x01" + head + bytes(8), 239) == {"reason": Reason.LINK_HEADER}
