"""802.11 data frames, with and without the headers that capture tools put before them."""

from __future__ import annotations

import struct

import pytest

from analyzer.tables import LLC, Kind, Reason
from tests.frames import MAC_A, MAC_B, MACS, UDP4, decoded, eth, ip4, payload, udp

BSSID = bytes.fromhex("020000000c0c")
FOURTH = bytes.fromhex("020000000d0d")
SNAP_IP = b"\xaa\xaa\x03\0\0\0\x08\0" + ip4(udp())
STP = b"\x42\x42\x03" + bytes(35)

DATA, QOS, NULL, BEACON, RTS = 0x08, 0x88, 0x48, 0x80, 0xB4


def header(control: int = DATA, flags: int = 0, addresses: bytes = MAC_B + MAC_A + BSSID) -> bytes:
    return bytes([control, flags, 0, 0]) + addresses[:18] + bytes(2) + addresses[18:]


@pytest.mark.parametrize(
    ("flags", "addresses"),
    [
        (0, MAC_B + MAC_A + BSSID),
        (1, BSSID + MAC_A + MAC_B),
        (2, MAC_B + BSSID + MAC_A),
        (3, FOURTH + BSSID + MAC_B + MAC_A),
    ],
)
def test_data_frames_by_their_ds_bits(flags: int, addresses: bytes) -> None:
    assert decoded(header(DATA, flags, addresses) + SNAP_IP, 105) == UDP4 | payload(len(addresses) + 6 + 36)
    expected = {"kind": Kind.LINK, "transport": LLC + 0x42, **MACS}
    assert decoded(header(DATA, flags, addresses) + STP, 105) == expected
    expected_qos = header(QOS, flags, addresses) + bytes(2) + STP
    assert decoded(expected_qos, 105) == expected


def test_quality_of_service() -> None:
    assert decoded(header(QOS) + bytes(2) + SNAP_IP, 105) == UDP4 | payload(62)
    assert decoded(header(QOS, 0x80) + bytes(6) + SNAP_IP, 105) == UDP4 | payload(66)


def test_aggregate_gives_its_first_subframe() -> None:
    assert decoded(header(QOS) + b"\x80\0" + eth(SNAP_IP, len(SNAP_IP)) + bytes(50), 105) == UDP4 | payload(
        76
    )


def test_what_is_no_data() -> None:
    for control in (BEACON, RTS, NULL, 0x0C):
        assert decoded(header(control) + SNAP_IP, 105) == {"reason": Reason.NOT_DATA}
    assert decoded(header(DATA, 0x40) + SNAP_IP, 105) == {"reason": Reason.ENCRYPTED}
    assert decoded(header()[:20], 105) == {"reason": Reason.LINK_HEADER}
    assert decoded(header()[:20], 105, wire=90) == {"reason": Reason.CUT}
    assert decoded(b"\x08", 105) == {"reason": Reason.LINK_HEADER}


def radiotap(present: int, fields: bytes, more: bytes = b"") -> bytes:
    return struct.pack("<BBHI", 0, 0, 8 + len(more) + len(fields), present) + more + fields


def test_radiotap() -> None:
    assert decoded(radiotap(0, b"") + header() + SNAP_IP, 127) == UDP4 | payload(68)
    assert decoded(radiotap(2, b"\x00") + header() + SNAP_IP, 127) == UDP4 | payload(69)
    assert decoded(b"\x01" + bytes(40), 127) == {"reason": Reason.LINK_HEADER}
    assert decoded(b"\0\0\x07\0" + bytes(40), 127) == {"reason": Reason.LINK_HEADER}
    assert decoded(radiotap(0, b"")[:6], 127) == {"reason": Reason.LINK_HEADER}
    assert decoded(radiotap(0, bytes(9))[:12], 127, wire=99) == {"reason": Reason.CUT}


def test_radiotap_flags_tell_of_padding() -> None:
    padded = header(QOS) + bytes(2) + bytes(2) + SNAP_IP
    assert decoded(radiotap(2, b"\x20") + padded, 127) == UDP4 | payload(9 + 64)
    # behind a time stamp
    assert decoded(radiotap(3, bytes(8) + b"\x20") + padded, 127) == UDP4 | payload(17 + 64)
    # behind a second presence word, which moves the time stamp to the next multiple of eight
    extended = radiotap(1 << 31 | 3, bytes(4) + bytes(8) + b"\x20", bytes(4))
    assert decoded(extended + padded, 127) == UDP4 | payload(25 + 64)


def test_other_headers_before_80211() -> None:
    frame = header() + SNAP_IP
    ppi = struct.pack("<BBHI", 0, 0, 12, 105) + bytes(4)
    assert decoded(ppi + frame, 192) == UDP4 | payload(72)
    assert decoded(struct.pack("<BBHI", 0, 0, 8, 9) + frame, 192) == {"reason": Reason.LINK_TYPE}
    assert decoded(struct.pack("<BBHI", 0, 0, 7, 105) + frame, 192) == {"reason": Reason.LINK_HEADER}
    avs = b"\x80\x21\x10\x01" + (64).to_bytes(4, "big") + bytes(56)
    assert decoded(avs + frame, 163) == UDP4 | payload(124)
    assert decoded(avs + frame, 119) == UDP4 | payload(124)
    assert decoded(b"\x44\0\0\0" + bytes(140) + frame, 119) == UDP4 | payload(204)
    assert decoded(b"\x80\x21\x10\x01" + bytes(60), 163) == {"reason": Reason.LINK_HEADER}
