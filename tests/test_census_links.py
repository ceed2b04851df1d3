"""Which MAC carries which address, whatever the link."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from traffic import Traffic

from analyzer import addresses, decode
from analyzer.census.links import ADDRESSES, MACS, Links
from analyzer.tables import FRAMES, Batch

GATEWAY, NODE, FAR, FARTHER = "10.20.0.10", "10.20.1.21", "198.51.100.1", "198.51.100.2"


def watched(frames: list[bytes], link_type: int = 1) -> Links:
    columns = FRAMES.empty(len(frames))
    lengths = np.array([len(frame) for frame in frames], np.int64)
    columns["offset"][:] = np.cumsum(lengths) - lengths
    columns["captured"][:] = columns["wire"][:] = lengths
    columns["link_type"][:] = link_type
    links = Links()
    batch = Batch(b"".join(frames), columns)
    links.add(batch, decode.decode(batch, 1))
    return links


def frames_of(traffic: Traffic) -> list[bytes]:
    return [frame for _, frame in sorted(traffic.frames, key=lambda item: item[0])]


def mac_of(text: str) -> int:
    """What the made traffic gives an address: 02:00 and its last four bytes."""
    return 0x0200 << 32 | addresses.parse(text)[2] & 0xFFFFFFFF


def test_arp_claims_and_ip_carries() -> None:
    links = watched(frames_of(Traffic().arp(0, GATEWAY, NODE).udp(1, GATEWAY, 5683, NODE, 5683, b"x")))
    gateway = addresses.parse(GATEWAY)
    assert links.claimed == {
        gateway: {mac_of(GATEWAY): 1},
        addresses.parse(NODE): {mac_of(NODE): 2},
    }
    assert links.carried == {gateway: {mac_of(GATEWAY): 3}}
    assert links.mac(gateway) == mac_of(GATEWAY)
    assert links.mac(addresses.parse(FAR)) is None


def tagged(frame: bytes, tags: int) -> bytes:
    return frame[:12] + b"\x81\0\0\x05" * tags + frame[12:]


def cooked(frame: bytes) -> bytes:
    """Linux cooked v1: the sender's address has 6 bytes in a field of 8."""
    return struct.pack(">HHH", 0, 1, 6) + frame[6:12] + bytes(2) + frame[12:]


def cooked2(frame: bytes) -> bytes:
    return frame[12:14] + bytes(2) + struct.pack(">IHBB", 3, 1, 0, 6) + frame[6:12] + bytes(2) + frame[14:]


@pytest.mark.parametrize(
    ("wrap", "link_type"),
    [
        (lambda frame: frame, 1),
        (lambda frame: tagged(frame, 1), 1),
        (lambda frame: tagged(frame, 2), 1),
        (cooked, 113),
        (cooked2, 276),
    ],
    ids=["ethernet", "vlan", "two vlans", "cooked", "cooked 2"],
)
def test_the_link_does_not_matter(wrap, link_type: int) -> None:
    traffic = (
        Traffic().udp(0, GATEWAY, 5683, NODE, 5683, b"x").udp(1, "2001:db8::7", 1, "2001:db8::8", 2, b"y")
    )
    plain = watched(frames_of(traffic))
    assert len(plain.carried) == 2
    assert watched([wrap(frame) for frame in frames_of(traffic)], link_type).carried == plain.carried


def test_a_tunnels_inner_address_is_not_at_the_outer_mac() -> None:
    inner = frames_of(Traffic().udp(0, NODE, 1, FAR, 2, b"x"))[0][14:]
    outer = frames_of(Traffic().udp(0, GATEWAY, 1, FAR, 2, b"x"))[0]
    header = bytearray(outer[:34])
    header[23] = 4  # IP in IP
    header[16:18] = struct.pack(">H", 20 + len(inner))
    assert addresses.parse(NODE) not in watched([bytes(header) + inner]).carried


def behind(address: str, router: str) -> bytes:
    frame = frames_of(Traffic().udp(0, address, 1, GATEWAY, 2, b"x"))[0]
    return frame[:6] + mac_of(router).to_bytes(6, "big") + frame[12:]


def test_one_mac_for_strangers_is_a_router() -> None:
    links = watched([behind(FAR, "10.20.0.1"), behind(FARTHER, "10.20.0.1")])
    assert links.routers() == {mac_of("10.20.0.1"): (addresses.parse(FAR), addresses.parse(FARTHER))}
    assert links.shared() == {}


def test_a_host_that_claims_two_addresses_is_no_router() -> None:
    links = Links()
    for address in (GATEWAY, "10.20.0.11"):
        links.claimed[addresses.parse(address)] = {mac_of(GATEWAY): 1}
        links.carried[addresses.parse(address)] = {mac_of(GATEWAY): 2}
    links.carried[addresses.parse("fe80::1")] = {mac_of(GATEWAY): 3}
    assert links.routers() == {}
    assert list(links.shared()) == [mac_of(GATEWAY)]


def test_a_flood_costs_no_memory() -> None:
    links = Links()
    links.claimed = {(4, 0, number): {number: 1} for number in range(1, ADDRESSES + 1)}
    before = len(links.claimed)
    fresh = watched(frames_of(Traffic().arp(0, FAR, FARTHER)))
    assert len(fresh.claimed) == 2
    frames = frames_of(Traffic().arp(0, FAR, FARTHER))
    columns = FRAMES.empty(len(frames))
    columns["offset"][:] = [0, len(frames[0])]
    columns["captured"][:] = columns["wire"][:] = [len(frame) for frame in frames]
    columns["link_type"][:] = 1
    batch = Batch(b"".join(frames), columns)
    links.add(batch, decode.decode(batch, 1))
    assert len(links.claimed) == before


def test_a_host_that_changes_its_mac_keeps_a_few() -> None:
    frames = []
    for number in range(MACS + 3):
        frame = bytearray(frames_of(Traffic().udp(0, NODE, 1, GATEWAY, 2, b"x"))[0])
        frame[11] = number
        frames.append(bytes(frame))
    assert len(watched(frames).carried[addresses.parse(NODE)]) == MACS
