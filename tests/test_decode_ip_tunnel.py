"""Tunnels with an IP protocol number: the innermost packet counts, the outer one where it cannot be read."""

from __future__ import annotations

import pytest

from analyzer.decode.reference import MAX_DEPTH
from analyzer.tables import ARP, ETHERTYPE, LLC, Kind, Reason
from tests.frames import MACS, UDP4, UDP6, decoded, ends, eth, gre, ip4, ip6, payload, udp

OUTER = {"kind": Kind.IP, **ends("192.0.2.1", "192.0.2.2"), "ip_id": 0x77}


def outer(body: bytes, proto: int = 47, fragment: int = 0) -> bytes:
    return eth(ip4(body, proto, a="192.0.2.1", b="192.0.2.2", ident=0x77, fragment=fragment))


def test_ip_in_ip() -> None:
    assert decoded(outer(ip4(udp()), 4)) == UDP4 | payload(62)
    assert decoded(outer(ip6(udp()), 41)) == UDP6 | payload(82)
    assert decoded(eth(ip6(ip4(udp()), 4, a="2001:db8::1"), 0x86DD)) == UDP4 | payload(82)
    assert decoded(eth(ip6(ip6(udp()), 41, a="2001:db8::1"), 0x86DD)) == UDP6 | payload(102)
    assert decoded(outer(b"\0\0\x11\x40" + ip4(udp()), 137)) == UDP4 | payload(66)
    assert decoded(outer(b"\x30\0" + eth(ip4(udp())), 97)) == UDP4 | payload(78)


def test_tunnel_that_does_not_hold_what_it_says() -> None:
    assert decoded(outer(ip6(udp()), 4)) == OUTER | {"transport": 4, "reason": Reason.TUNNEL}
    assert decoded(outer(b"", 41)) == OUTER | {"transport": 41, "reason": Reason.TUNNEL}
    assert decoded(outer(b"\x40\0" + eth(ip4(udp())), 97)) == OUTER | {
        "transport": 97,
        "reason": Reason.TUNNEL,
    }


@pytest.mark.parametrize(
    ("flags", "optional"), [(0, 0), (0x8000, 4), (0x2000, 4), (0x1000, 4), (0xA000, 8), (0xB000, 12)]
)
def test_gre_optional_fields(flags: int, optional: int) -> None:
    frame = outer(gre(ip4(udp()), 0x0800, flags, bytes(optional)))
    assert decoded(frame) == UDP4 | payload(34 + 4 + optional + 28)


def test_gre_payloads() -> None:
    assert decoded(outer(gre(ip6(udp()), 0x86DD))) == UDP6 | payload(86)
    assert decoded(outer(gre(eth(ip4(udp())), 0x6558, 0x2000, bytes(4)))) == UDP4 | payload(84)
    assert decoded(outer(gre(b"\0\0\x11\x40" + ip4(udp()), 0x8847))) == UDP4 | payload(70)
    assert decoded(outer(gre(ip4(udp()), 0x883E))) == UDP4 | payload(66)
    assert decoded(outer(gre(bytes(4) + ip4(udp()), 0x883E))) == UDP4 | payload(70)


def test_pptp() -> None:
    data = gre(b"\xff\x03\x00\x21" + ip4(udp()), 0x880B, 0x3081, bytes(12))
    assert decoded(outer(data)) == UDP4 | payload(34 + 16 + 4 + 28)
    acknowledgement = gre(b"", 0x880B, 0x2081, bytes(8))
    assert decoded(outer(acknowledgement)) == OUTER | {"transport": 47}
    control = gre(b"\xff\x03\xc0\x21\x09", 0x880B, 0x3001, bytes(8))
    assert decoded(outer(control)) == OUTER | {"transport": 47}
    encrypted = gre(b"\x00\xfd\x90\x01", 0x880B, 0x3001, bytes(8))
    assert decoded(outer(encrypted)) == OUTER | {"transport": 47, "reason": Reason.ENCRYPTED}


def test_gre_that_is_not_followed() -> None:
    kept = OUTER | {"transport": 47}
    assert decoded(outer(gre(b"", 0x0800))) == kept
    assert decoded(outer(gre(b"cdp", 0x2000))) == kept
    broken = kept | {"reason": Reason.TUNNEL}
    assert decoded(outer(gre(ip4(udp()), 0x0800, 0x0001))) == broken
    assert decoded(outer(gre(ip4(udp()), 0x0800, 0x0002))) == broken
    assert decoded(outer(gre(bytes(8) + ip4(udp()), 0x0800, 0x4000))) == broken
    assert decoded(outer(b"\0\0\x08")) == broken
    assert decoded(outer(b"\x20\0\x08\0\0")) == broken


MIRRORS = [
    pytest.param(lambda frame: gre(frame, 0x88BE), 4, id="ERSPAN I"),
    pytest.param(lambda frame: gre(bytes(8) + frame, 0x88BE, 0x1000, bytes(4)), 16, id="ERSPAN II"),
    pytest.param(lambda frame: gre(bytes(12) + frame, 0x22EB, 0x1000, bytes(4)), 20, id="ERSPAN III"),
    pytest.param(
        lambda frame: gre(bytes(11) + b"\x01" + bytes(8) + frame, 0x22EB, 0x1000, bytes(4)),
        28,
        id="ERSPAN III with platform header",
    ),
    pytest.param(lambda frame: gre(frame, 0x6558), 4, id="transparent Ethernet"),
]


@pytest.mark.parametrize(("wrap", "length"), MIRRORS)
def test_mirrored_frames_count_as_themselves(wrap, length: int) -> None:  # type: ignore[no-untyped-def]
    assert decoded(outer(wrap(eth(ip4(udp()))))) == UDP4 | payload(34 + length + 42)
    tagged = eth(b"\0\x05\x86\xdd" + ip6(udp()), 0x8100)
    assert decoded(outer(wrap(tagged))) == UDP6 | payload(34 + length + 66)
    expected = {"kind": Kind.LINK, "transport": ETHERTYPE + 0x88CC, **MACS}
    assert decoded(outer(wrap(eth(b"\x02", 0x88CC)))) == expected
    arp = bytes.fromhex("0001080006040001") + bytes(6) + b"\x0a\x01\x02\x03" + bytes(6) + b"\x0a\x04\x05\x06"
    expected = {"kind": Kind.LINK, "transport": ARP, **ends(), "flags": 1}
    assert decoded(outer(wrap(eth(arp, 0x0806)))) == expected
    stp = eth(b"\x42\x42\x03" + bytes(35), 38)
    assert decoded(outer(wrap(stp))) == {"kind": Kind.LINK, "transport": LLC + 0x42, **MACS}
    session = eth(b"\x11\0\0\x07\0\x04\xc0\x21\x01\0", 0x8864)
    assert decoded(outer(wrap(session))) == {"kind": Kind.LINK, "transport": ETHERTYPE + 0x8864, **MACS}


@pytest.mark.parametrize(("wrap", "length"), MIRRORS)
def test_mirrored_frames_cut(wrap, length: int) -> None:  # type: ignore[no-untyped-def]
    frame = outer(wrap(eth(ip4(udp()))))
    for held in range(34, 34 + length + 34):
        expected = OUTER | {"transport": 47, "reason": Reason.CUT}
        assert decoded(frame[:held], wire=len(frame)) == expected, held
    addresses_only = {"kind": Kind.IP, "transport": 17, **ends(), "ip_id": 0x1234, "reason": Reason.CUT}
    assert decoded(frame[: 34 + length + 34], wire=len(frame)) == addresses_only


def test_tunnel_in_fragments() -> None:
    first = outer(gre(ip4(udp(b"x" * 1000)), 0x0800)[:80], fragment=0x2000)
    assert decoded(first) == UDP4 | payload(66, 1000, 48)
    later = outer(bytes(40), fragment=0x000A)
    assert decoded(later) == OUTER | {"kind": Kind.FRAGMENT, "transport": 47}


def test_inner_fragment_is_the_inner_flow_s() -> None:
    frame = outer(gre(ip4(bytes(20), fragment=5), 0x0800))
    assert decoded(frame) == {"kind": Kind.FRAGMENT, "transport": 17, **ends(), "ip_id": 0x1234}


def test_endless_tunnels_are_given_up() -> None:
    packet = ip4(udp())
    for _ in range(200):
        packet = ip4(packet, 4)
    row = decoded(eth(packet))
    # Ethernet is the first of MAX_DEPTH layers: 23 IP headers deep, the row is that of the last header read
    assert row == {"kind": Kind.IP, "transport": 4, **ends(), "ip_id": 0x1234, "reason": Reason.DEPTH}
    packet = ip6(udp())
    for _ in range(MAX_DEPTH - 3):
        packet = ip4(packet, 41 if packet[0] >> 4 == 6 else 4)
    assert decoded(eth(packet)) == UDP6 | payload(14 + 20 * (MAX_DEPTH - 3) + 48)


def test_teredo_and_esp_stay_closed() -> None:
    assert decoded(outer(bytes(40), 50)) == OUTER | {"transport": 50}
    expected = UDP4 | {"dst_port": 3544} | payload(42, len(ip6(udp())))
    assert decoded(eth(ip4(udp(ip6(udp()), dport=3544)))) == expected
