"""Token ring, ARCNET, FireWire, bare PPPoE: hand-built frames."""

from __future__ import annotations

import struct

from analyzer.tables import ARP, ETHERTYPE, LLC, Kind, Reason
from tests.frames import MAC_A, MAC_B, MACS, UDP4, decoded, ends, ip4, payload, udp

SNAP_IP = b"\xaa\xaa\x03\0\0\0\x08\0"


def test_token_ring() -> None:
    plain = b"\x10\x40" + MAC_B + MAC_A
    assert decoded(plain + SNAP_IP + ip4(udp()), 6) == UDP4 | payload(50)
    routed = b"\x10\x40" + MAC_B + bytes([MAC_A[0] | 0x80]) + MAC_A[1:] + b"\x06\x10\0\x11\0\x22"
    assert decoded(routed + SNAP_IP + ip4(udp()), 6) == UDP4 | payload(56)
    assert decoded(routed + b"\x42\x42\x03", 6) == {"kind": Kind.LINK, "transport": LLC + 0x42, **MACS}
    assert decoded(b"\x10\x00" + MAC_B + MAC_A + bytes(8), 6) == {"reason": Reason.NOT_DATA}
    assert decoded(plain[:13], 6) == {"reason": Reason.LINK_HEADER}


def test_arcnet() -> None:
    assert decoded(b"\xbe\x50\xd4\0\x01\x69" + ip4(udp()), 7) == UDP4 | payload(34)
    assert decoded(b"\xbe\x50\xd4\xff\xff\xff\xd4\0\x01\x69" + ip4(udp()), 7) == UDP4 | payload(38)
    assert decoded(b"\xbe\x50\xf0" + ip4(udp()), 7) == UDP4 | payload(31)
    assert decoded(b"\xbe\x50\xc3\x08\xd4\0\x01\x69" + ip4(udp()), 129) == UDP4 | payload(36)
    assert decoded(b"\xbe\x50\xc3\x08\xd4\x03\x01\x69" + ip4(udp()), 129) == UDP4 | payload(36)
    assert decoded(b"\xbe\x50\xc3\x08\xd4\x02\x01\x69" + ip4(udp()), 129) == {"reason": Reason.NOT_DATA}
    assert decoded(b"\xbe\x50\xc3\x08\xcd\x82\x82\x03", 129) == {"reason": Reason.NOT_DATA}
    arp = struct.pack(">HHBBH", 7, 0x0800, 1, 4, 1) + b"\xbe\x0a\x01\x02\x03\0\x0a\x04\x05\x06"
    expected = {"kind": Kind.LINK, "transport": ARP, **ends(), "flags": 1}
    assert decoded(b"\xbe\x00\xc3\x08\xd5\0\x01\x65" + arp, 129) == expected
    assert decoded(b"\xbe\x00", 7) == {"reason": Reason.LINK_HEADER}
    assert decoded(b"\xbe\x00\xd4\0", 7, wire=60) == {"reason": Reason.CUT}


def test_firewire() -> None:
    addresses = bytes(7) + b"\x0b" + bytes(7) + b"\x0a"
    assert decoded(addresses + b"\x08\0" + ip4(udp()), 138) == UDP4 | payload(46)
    expected = {"kind": Kind.LINK, "transport": ETHERTYPE + 0x88CC, "src_lo": 10, "dst_lo": 11}
    assert decoded(addresses + b"\x88\xcc", 138) == expected
    assert decoded(addresses, 138) == {"reason": Reason.LINK_HEADER}


def test_pppoe_without_ethernet() -> None:
    body = b"\x00\x21" + ip4(udp())
    assert decoded(struct.pack(">BBHH", 0x11, 0, 7, len(body)) + body, 51) == UDP4 | payload(36)
    assert decoded(b"\x11\0\0\x07\0\x02\xc0\x21", 51) == {"reason": Reason.NOT_DATA}
