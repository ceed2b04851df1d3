"""Every address has a pseudonym of its own kind."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import addresses
from analyzer.pseudonyms import Pseudonyms

KEY = bytes(range(32))
KEYS = st.binary(min_size=32, max_size=32)
V4 = st.integers(0, 2**32 - 1)
V6 = st.integers(0, 2**128 - 1)
PRIVATE = [
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
]


def image(text: str, pseudonyms: Pseudonyms | None = None) -> str:
    return addresses.text(*(pseudonyms or Pseudonyms(KEY)).address(addresses.parse(text)))


@given(KEYS, V4)
def test_ipv4_kinds_stay(key: bytes, number: int) -> None:
    other = Pseudonyms(key).ip4(number)
    before, after = ipaddress.IPv4Address(number), ipaddress.IPv4Address(other)
    for kind in ("is_multicast", "is_loopback", "is_unspecified", "is_link_local", "is_reserved"):
        assert getattr(before, kind) == getattr(after, kind)
    for block in PRIVATE:
        assert (before in block) == (after in block)
    assert addresses.looks_broadcast(4, 0, number) == addresses.looks_broadcast(4, 0, other)


@given(KEYS, st.lists(V4, unique=True, min_size=2, max_size=8))
def test_ipv4_is_one_to_one(key: bytes, numbers: list[int]) -> None:
    pseudonyms = Pseudonyms(key)
    assert len({pseudonyms.ip4(number) for number in numbers}) == len(numbers)


V6_KINDS = st.one_of(
    V6,
    V6.map(lambda number: 0xFE80 << 112 | number & (1 << 64) - 1),
    V6.map(lambda number: 0x20010000 << 96 | number & (1 << 96) - 1),
    V6.map(lambda number: 0x2002 << 112 | number & (1 << 112) - 1),
    V6.map(lambda number: 0xFFFF << 32 | number & 0xFFFFFFFF),
    V6.map(lambda number: 0xFF02 << 112 | 0x1FF000000 | number & 0xFFFFFF),
    V6.map(lambda number: 0xFD << 120 | number & (1 << 120) - 1),
    V6.map(lambda number: 0x2001 << 112 | number & (1 << 112) - 1),
)


@given(KEYS, V6_KINDS, V6_KINDS)
def test_ipv6_kinds_stay_and_one_to_one(key: bytes, number: int, another: int) -> None:
    pseudonyms = Pseudonyms(key)
    other = pseudonyms.ip6(number)
    before, after = ipaddress.IPv6Address(number), ipaddress.IPv6Address(other)
    for kind in ("is_multicast", "is_loopback", "is_unspecified", "is_link_local", "is_site_local"):
        assert getattr(before, kind) == getattr(after, kind)
    for kind in ("ipv4_mapped", "teredo", "sixtofour"):
        assert (getattr(before, kind) is None) == (getattr(after, kind) is None)
    assert (before in ipaddress.ip_network("fc00::/7")) == (after in ipaddress.ip_network("fc00::/7"))
    assert (number == another) == (other == pseudonyms.ip6(another))


def test_an_ipv4_address_inside_an_ipv6_one_is_its_pseudonym() -> None:
    pseudonyms = Pseudonyms(KEY)
    inside = ipaddress.ip_address(image("10.1.2.3", pseudonyms))
    for made in ("::ffff:10.1.2.3", "2002:a01:203::1", "2001:0:a01:203::f5fe:fdfc"):
        found = ipaddress.IPv6Address(image(made, pseudonyms))
        embedded = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        assert {address for address in embedded if address} == {inside}, made


@given(KEYS, st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_macs_keep_vendor_and_kind(key: bytes, number: int, another: int) -> None:
    pseudonyms = Pseudonyms(key)
    other = pseudonyms.mac(number)
    assert other >> 40 == number >> 40
    if not number >> 41 & 1:
        assert other >> 24 == number >> 24
    if number >> 40 & 1 and number >> 24 != 0x3333FF:
        assert other == number
    assert (number == another) == (other == pseudonyms.mac(another))


@pytest.mark.parametrize(
    "kept",
    [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.1.187",
        "127.0.0.1",
        "::",
        "::1",
        "ff02::1",
        "ff:ff:ff:ff:ff:ff",
        "00:00:00:00:00:00",
        "01:00:5e:00:01:bb",
        "00:00:5e:00:01:07",
    ],
)
def test_what_is_the_same_everywhere_stays(kept: str) -> None:
    pseudonyms = Pseudonyms(KEY)
    assert image(kept, pseudonyms) == kept
    assert not pseudonyms.addresses


def test_a_group_and_its_mac_agree() -> None:
    pseudonyms = Pseudonyms(KEY)
    group = ipaddress.IPv6Address(image("ff02::1:ff12:3456", pseudonyms))
    mac = image("33:33:ff:12:34:56", pseudonyms)
    assert mac.replace(":", "")[-6:] == f"{int(group):032x}"[-6:] != "123456"


@given(KEYS, V4, st.integers(8, 32), st.integers(0, 2**32 - 1))
def test_a_network_holds_the_pseudonyms_of_its_hosts(key: bytes, base: int, length: int, host: int) -> None:
    network = ipaddress.ip_network((base, length), strict=False)
    pseudonyms = Pseudonyms(key, [network])
    inside = int(network.network_address) | host & int(network.hostmask)
    mapped = pseudonyms.network(network)
    assert mapped.prefixlen == length
    assert ipaddress.IPv4Address(pseudonyms.ip4(inside)) in mapped
    if length < 31:
        assert pseudonyms.ip4(int(network.broadcast_address)) == int(mapped.broadcast_address)


def test_text() -> None:
    pseudonyms = Pseudonyms(KEY, names={"main gateway": "igor-gateway 1", "gateway": "bms 1"})
    pseudonyms.known.add(addresses.parse("198.51.100.7"))
    there = ("10.20.0.10", "fd00::a", "02:00:00:00:00:01", "198.51.100.7")
    said = "igor-gateway 1 {}:5683, [{}]:80, {}, {}. No 6.0.2.1, gateway-x, 12:30:45"
    written = said.replace("igor-gateway 1", "main gateway").format(*there)
    assert pseudonyms.text(written, names=True) == said.format(*(image(one, pseudonyms) for one in there))
    assert "main gateway" in pseudonyms.text(written)


@given(KEYS, st.text(max_size=60))
def test_any_text(key: bytes, written: str) -> None:
    assert isinstance(Pseudonyms(key).text(written, names=True), str)


def test_names_are_by_role_and_numbered() -> None:
    pseudonyms = Pseudonyms(KEY)
    assert [pseudonyms.name(name, "igor-node") for name in ("a", "b", "a")] == [
        "igor-node 1",
        "igor-node 2",
        "igor-node 1",
    ]
    assert pseudonyms.name("", "owner") == ""
