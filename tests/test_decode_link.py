"""Ethernet and everything with Ethernet types: hand-built frames against hand-computed columns."""

from __future__ import annotations

import struct

import pytest

from analyzer.tables import ARP, ETHERTYPE, LLC, SNAP, TO_ALL, Kind, Reason
from tests.frames import (
    MAC_A,
    MACS,
    UDP4,
    UDP6,
    batch,
    decode,
    decoded,
    ends,
    eth,
    gre,
    ip4,
    ip6,
    payload,
    tcp,
    udp,
)

LINK = {"kind": Kind.LINK, **MACS}


def tag(kind: int, size: int = 2) -> bytes:
    """A tag's body and the type behind it."""
    return bytes([0x20] + [5] * (size - 1)) + struct.pack(">H", kind)


@pytest.mark.parametrize("kind", [0x8100, 0x88A8, 0x9100, 0x9200])
def test_one_vlan_tag(kind: int) -> None:
    assert decoded(eth(tag(0x0800) + ip4(udp()), kind)) == UDP4 | payload(46)


def test_many_tags() -> None:
    tags = tag(0x9100) + tag(0x8100) + tag(0x9200) + tag(0x8100) + tag(0x86DD)
    assert decoded(eth(tags + ip6(udp()), 0x88A8)) == UDP6 | payload(82)
    assert decoded(eth(tag(0x8100) * 300 + tag(0x0800) + ip4(udp()), 0x8100)) == UDP4 | payload(42 + 4 * 301)
    assert decoded(eth(tag(0x0800, 4) + ip4(udp()), 0x8926)) == UDP4 | payload(48)
    assert decoded(eth(tag(0x0800, 6) + ip4(udp()), 0x893F)) == UDP4 | payload(50)


def test_tag_cut_or_missing() -> None:
    frame = eth(tag(0x0800) + ip4(udp()), 0x8100)
    assert decoded(frame[:17], wire=len(frame)) == {"reason": Reason.CUT}
    assert decoded(frame[:17]) == {"reason": Reason.LINK_HEADER}


@pytest.mark.parametrize("held", [0, 1, 13])
def test_ethernet_header_cut_or_missing(held: int) -> None:
    assert decoded(eth(b"")[:held]) == {"reason": Reason.LINK_HEADER}
    assert decoded(eth(b"")[:held], wire=60) == {"reason": Reason.CUT}


@pytest.mark.parametrize("kind", [0x88CC, 0x888E, 0x8809, 0x05DD, 0x8035, 0xFFFF])
def test_other_types_are_link_frames(kind: int) -> None:
    assert decoded(eth(b"\x02\x07", kind)) == LINK | {"transport": ETHERTYPE + kind}
    assert decoded(eth(tag(kind), 0x8100)) == LINK | {"transport": ETHERTYPE + kind}


def arp(
    opcode: int = 1, sender: bytes = b"\x0a\x01\x02\x03", hlen: int = 6, plen: int = 4, kind: int = 0x0800
) -> bytes:
    head = struct.pack(">HHBBH", 1, kind, hlen, plen, opcode)
    return head + MAC_A[:hlen] + sender + bytes(hlen) + b"\x0a\x04\x05\x06"


def test_arp_has_the_protocol_addresses() -> None:
    expected = {"kind": Kind.LINK, "transport": ARP, **ends(), "flags": 1}
    assert decoded(eth(arp(), 0x0806) + bytes(18)) == expected
    assert decoded(eth(tag(0x0806) + arp(2), 0x8100)) == expected | {"flags": 2}
    assert decoded(eth(arp(hlen=1), 0x0806)) == expected
    assert decoded(eth(arp(0x1234), 0x0806)) == expected | {"flags": 255}
    del expected["src_lo"]
    assert decoded(eth(arp(sender=bytes(4)), 0x0806)) == expected


def test_arp_that_is_not_for_ipv4_or_too_short() -> None:
    expected = LINK | {"transport": ARP, "reason": Reason.LINK_HEADER}
    assert decoded(eth(arp(kind=0x809B), 0x0806)) == expected
    assert decoded(eth(arp(plen=16), 0x0806)) == expected
    assert decoded(eth(arp()[:27], 0x0806)) == expected
    assert decoded(eth(arp()[:7], 0x0806)) == expected
    assert decoded(eth(arp()[:27], 0x0806), wire=60) == expected | {"reason": Reason.CUT}


def llc(body: bytes, dsap: int = 0xAA, control: int = 3) -> bytes:
    return bytes([dsap, dsap, control]) + body


def snap(kind: int, body: bytes = b"", oui: int = 0) -> bytes:
    return llc(oui.to_bytes(3, "big") + struct.pack(">H", kind) + body)


def eth3(body: bytes) -> bytes:
    """802.3: the length in place of the type, padded as on the wire."""
    return eth(body, len(body)).ljust(60, b"\0")


def test_snap_with_an_ethernet_type() -> None:
    assert decoded(eth3(snap(0x0800, ip4(udp())))) == UDP4 | payload(50)
    assert decoded(eth3(snap(0x86DD, ip6(udp()), 0x0000F8))) == UDP6 | payload(70)
    assert decoded(eth3(snap(0x8100, tag(0x0800) + ip4(udp())))) == UDP4 | payload(54)
    assert decoded(eth3(snap(0x0806, arp())))["transport"] == ARP
    assert decoded(eth3(llc(ip4(udp()), 0x06))) == UDP4 | payload(45)


def test_llc_and_snap_without_ip() -> None:
    assert decoded(eth3(llc(bytes(35), 0x42))) == LINK | {"transport": LLC + 0x42}
    assert decoded(eth3(llc(bytes(35), 0xFE, 0x13))) == LINK | {"transport": LLC + 0xFE}
    assert decoded(eth3(snap(0x2000, bytes(30), 0x00000C))) == LINK | {"transport": SNAP + 0x2000}
    assert decoded(eth3(snap(0x010B, bytes(30), 0x00000C))) == LINK | {"transport": SNAP + 0x010B}
    assert decoded(eth3(snap(0x0001, bytes(30), 0x00E02B))) == LINK | {"transport": LLC + 0xAA}


def test_length_field_bounds_llc() -> None:
    # the length says 2 bytes, what looks like a header behind it is padding
    assert decoded(eth(llc(bytes(35), 0x42), 2)) == {"reason": Reason.LINK_HEADER}
    frame = eth3(snap(0x0800, ip4(udp())))
    assert decoded(frame[:20], wire=len(frame)) == {"reason": Reason.CUT}


def label(bottom: int) -> bytes:
    return bytes([0, 1, 0xE0 | bottom, 64])


@pytest.mark.parametrize("kind", [0x8847, 0x8848])
def test_mpls(kind: int) -> None:
    assert decoded(eth(label(1) + ip4(udp()), kind)) == UDP4 | payload(46)
    assert decoded(eth(label(0) * 3 + label(1) + ip6(udp()), kind)) == UDP6 | payload(78)
    assert decoded(eth(label(1) + bytes(4) + eth(ip4(udp())), kind)) == UDP4 | payload(64)
    assert decoded(eth(label(1) + b"\x92" + eth(ip4(udp()))[1:], kind)) == UDP4 | payload(60)
    assert decoded(eth(label(1) + b"\x10\0\0\x07", kind)) == LINK | {"transport": ETHERTYPE + kind}
    frame = eth(label(0) + label(0), kind)
    assert decoded(frame) == LINK | {"transport": ETHERTYPE + kind, "reason": Reason.LINK_HEADER}
    assert decoded(frame, wire=60) == LINK | {"transport": ETHERTYPE + kind, "reason": Reason.CUT}


def pppoe(body: bytes, length: int | None = None, first: int = 0x11) -> bytes:
    return struct.pack(">BBHH", first, 0, 7, len(body) if length is None else length) + body


def test_pppoe() -> None:
    assert decoded(eth(pppoe(b"\x00\x21" + ip4(udp())), 0x8864) + bytes(9)) == UDP4 | payload(50)
    assert decoded(eth(pppoe(b"\x57" + ip6(udp())), 0x8864)) == UDP6 | payload(69)
    # a version that does not exist: the Ethernet type says what it is all the same
    assert decoded(eth(pppoe(b"\x00\x21" + ip4(udp()), first=0x21), 0x8864)) == UDP4 | payload(50)
    expected = LINK | {"transport": ETHERTYPE + 0x8864}
    assert decoded(eth(pppoe(b"\xc0\x21\x09\x01"), 0x8864)) == expected
    assert decoded(eth(pppoe(b"\x00\x21" + ip4(udp()), length=1), 0x8864)) == expected | {
        "reason": Reason.LINK_HEADER
    }
    assert decoded(eth(b"\x11", 0x8864)) == {"reason": Reason.LINK_HEADER}


def test_backbone_nsh_macsec() -> None:
    assert decoded(eth(bytes(4) + eth(ip4(udp())), 0x88E7)) == UDP4 | payload(60)
    nsh = b"\x00\x02\x02\x01" + bytes(4)
    assert decoded(eth(nsh + ip4(udp()), 0x894F)) == UDP4 | payload(50)
    assert decoded(eth(b"\x00\x03\x02\x03" + bytes(8) + eth(ip4(udp())), 0x894F)) == UDP4 | payload(68)
    assert decoded(eth(b"\x00\x01\x02\x01" + bytes(4), 0x894F))["reason"] == Reason.LINK_HEADER
    assert decoded(eth(b"\x00" + bytes(5) + b"\x08\x00" + ip4(udp()), 0x88E5)) == UDP4 | payload(50)
    assert decoded(eth(b"\x20" + bytes(13) + b"\x08\x00" + ip4(udp()), 0x88E5)) == UDP4 | payload(58)
    expected = LINK | {"transport": ETHERTYPE + 0x88E5, "reason": Reason.ENCRYPTED}
    assert decoded(eth(b"\x2c" + bytes(40), 0x88E5)) == expected


def cooked(kind: int, hardware: int = 1, length: int = 6, sent: int = 0) -> bytes:
    return struct.pack(">HHH", sent, hardware, length) + MAC_A + b"\0\0" + struct.pack(">H", kind)


def cooked2(kind: int, index: int = 9, hardware: int = 1, sent: int = 0) -> bytes:
    return struct.pack(">HHIHBB", kind, 0, index, hardware, sent, 6) + MAC_A + b"\0\0"


def to_all(frame: bytes) -> bytes:
    return b"\xff" * 6 + frame[6:]


def test_a_datagram_to_everyone_on_the_link() -> None:
    expected = UDP4 | {"flags": TO_ALL}
    assert decoded(to_all(eth(ip4(udp())))) == expected | payload(42)
    assert decoded(to_all(eth(tag(0x0800) + ip4(udp()), 0x8100))) == expected | payload(46)
    assert decoded(to_all(eth(ip6(udp()), 0x86DD))) == UDP6 | {"flags": TO_ALL} | payload(62)
    assert decoded(cooked(0x0800, sent=1) + ip4(udp()), 113) == expected | payload(44)
    index = {"interface": 2**16 + 9}
    assert decoded(cooked2(0x0800, sent=1) + ip4(udp()), 276) == expected | index | payload(48)
    assert decoded(to_all(eth(snap(0x0800, ip4(udp())), 40)))["flags"] == TO_ALL


def test_no_other_destination_and_no_other_transport_is_to_everyone() -> None:
    assert decoded(b"\xff" * 5 + b"\xfe" + eth(ip4(udp()))[6:]) == UDP4 | payload(42)
    assert decoded(b"\x01\x00\x5e\x00\x00\x01" + eth(ip4(udp()))[6:]) == UDP4 | payload(42)
    for sent in (0, 2, 3, 4, 0x0101):
        assert decoded(cooked(0x0800, sent=sent) + ip4(udp()), 113) == UDP4 | payload(44)
    assert decoded(to_all(eth(ip4(tcp(flags=0x02), 6))))["flags"] == 0x02
    assert decoded(to_all(eth(arp(), 0x0806)))["flags"] == decoded(eth(arp(), 0x0806))["flags"]


def test_of_a_tunnel_the_inner_frame_tells() -> None:
    inner = eth(ip4(udp()))
    for outer in (eth, lambda data: to_all(eth(data))):
        assert "flags" not in decoded(outer(ip4(ip4(udp()), 4)))
        assert "flags" not in decoded(outer(ip4(gre(inner, 0x6558), 47)))
        assert decoded(outer(ip4(gre(to_all(inner), 0x6558), 47)))["flags"] == TO_ALL
        vxlan = b"\x08" + bytes(7) + to_all(inner)
        assert decoded(outer(ip4(udp(vxlan, dport=4789))))["flags"] == TO_ALL


def test_linux_cooked() -> None:
    assert decoded(cooked(0x0800) + ip4(udp()), 113) == UDP4 | payload(44)
    assert decoded(cooked(0x8100) + tag(0x86DD) + ip6(udp()), 113) == UDP6 | payload(68)
    assert decoded(cooked(4) + snap(0x0800, ip4(udp())), 113) == UDP4 | payload(52)
    assert decoded(cooked(0x0806) + arp(), 113)["transport"] == ARP
    sender = {"kind": Kind.LINK, "src_lo": MACS["src_lo"]}
    assert decoded(cooked(0x88CC), 113) == sender | {"transport": ETHERTYPE + 0x88CC}
    assert decoded(cooked(0x88CC, length=8), 113) == {"reason": Reason.NOT_DATA}
    assert decoded(cooked(0, 824) + bytes(20), 113) == {"reason": Reason.NOT_DATA}
    assert decoded(cooked(0x0800)[:15], 113) == {"reason": Reason.LINK_HEADER}


def test_cooked_v2_names_the_interface() -> None:
    index = {"interface": 2**16 + 9}
    assert decoded(cooked2(0x0800) + ip4(udp()), 276) == UDP4 | index | payload(48)
    assert decoded(cooked2(0x88CC)[:19], 276) == {"reason": Reason.LINK_HEADER}
    assert decoded(cooked2(0x0800, 0xFFFFFFFE) + ip4(udp()), 276)["interface"] == 2**32 - 1


def test_the_file_s_interface_is_kept_elsewhere() -> None:
    frames = batch(eth(ip4(udp())), eth(ip4(udp())))
    frames.frames["interface"][:] = (3, 4)
    packets = decode(frames, 1)
    assert packets.columns["interface"].tolist() == [3, 4]
