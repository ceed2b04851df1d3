import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import addresses

NUMBERS = st.one_of(
    st.tuples(st.just(4), st.just(0), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(6), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(0), st.just(0), st.integers(0, 2**48 - 1)),
)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ((4, 0, 0x0A14000A), "10.20.0.10"),
        ((4, 0, 0), "0.0.0.0"),
        ((4, 0, 0xFFFFFFFF), "255.255.255.255"),
        ((6, 0xFE80_0000_0000_0000, 0x0202_B3FF_FE1E_8329), "fe80::202:b3ff:fe1e:8329"),
        ((6, 0, 1), "::1"),
        ((6, 0, 0), "::"),
        ((6, 0, 0xFFFF_0A14_000A), "::ffff:10.20.0.10"),
        ((6, 0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001), "2001:db8::1:0:0:1"),
        ((0, 0, 0x0180_C200_000E), "01:80:c2:00:00:0e"),
        ((0, 0, 1), "00:00:00:00:00:01"),
    ],
)
def test_text_and_back(number: tuple[int, int, int], written: str) -> None:
    assert addresses.text(*number) == written
    assert addresses.parse(written) == number


@given(NUMBERS)
def test_parse_inverts_text(number: tuple[int, int, int]) -> None:
    assert addresses.parse(addresses.text(*number)) == number


@given(st.integers(0, 2**128 - 1))
def test_text_means_what_the_system_says(number: int) -> None:
    written = addresses.text(6, number >> 64, number & (2**64 - 1))
    assert socket.inet_pton(socket.AF_INET6, written) == number.to_bytes(16, "big")


@given(st.ip_addresses())
def test_ipaddress_agrees(address: addresses.IpAddress) -> None:
    number = addresses.from_ip(address)
    assert (number[0], number[1] << 64 | number[2]) == (address.version, int(address))
    assert addresses.is_multicast(*number) == address.is_multicast


OCTET = st.one_of(
    st.integers(0, 300).map(str), st.sampled_from(("", "00", "007", "+1", "-1", " 1", "1 ", "1_0", "\u0661"))
)


@given(st.lists(OCTET, min_size=3, max_size=5).map(".".join))
def test_what_is_dotted_is_read_as_ipaddress_reads_it(written: str) -> None:
    try:
        expected = addresses.from_ip(ipaddress.ip_address(written))
    except ValueError:
        with pytest.raises(ValueError, match="address"):
            addresses.parse(written)
    else:
        assert addresses.parse(written) == expected


def test_mac_spellings() -> None:
    assert addresses.parse("00-1B-C5-00-00-01") == (0, 0, 0x001BC5000001)


def test_zone_is_dropped() -> None:
    assert addresses.parse("fe80::1%eth0") == addresses.parse("fe80::1")


@pytest.mark.parametrize("written", ["", "10.20.0", "00:1b-c5:00:00:01", "10.20.0.10/24", "gateway", "1:2"])
def test_not_an_address(written: str) -> None:
    with pytest.raises(ValueError, match="address"):
        addresses.parse(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("224.0.1.187", True), ("239.255.255.250", True), ("255.255.255.255", False), ("223.255.255.255", False),
     ("ff02::fb", True), ("fe80::1", False), ("01:80:c2:00:00:0e", True), ("ff:ff:ff:ff:ff:ff", False),
     ("00:1b:c5:00:00:01", False)],
)  # fmt: skip
def test_multicast(written: str, expected: bool) -> None:
    assert addresses.is_multicast(*addresses.parse(written)) is expected


def test_broadcast() -> None:
    assert addresses.is_broadcast(*addresses.parse("255.255.255.255"))
    assert addresses.is_broadcast(*addresses.parse("ff:ff:ff:ff:ff:ff"))
    assert not addresses.is_broadcast(*addresses.parse("10.20.1.255"))
    networks = [ipaddress.ip_network(text) for text in ("10.20.1.0/24", "10.20.2.254/31", "fd00::/120")]
    assert addresses.is_broadcast(*addresses.parse("10.20.1.255"), networks)
    assert not addresses.is_broadcast(*addresses.parse("10.20.2.255"), networks)
    assert not addresses.is_broadcast(*addresses.parse("fd00::ff"), networks)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("10.20.1.255", True), ("255.255.255.255", True), ("ff:ff:ff:ff:ff:ff", True), ("10.20.1.254", False),
     ("239.1.1.255", False), ("fe80::ff", False)],
)  # fmt: skip
def test_looks_broadcast(written: str, expected: bool) -> None:
    assert addresses.looks_broadcast(*addresses.parse(written)) is expected


def test_unspecified() -> None:
    zero = [addresses.is_unspecified(*addresses.parse(text)) for text in ("0.0.0.0", "::", "0.0.0.1", "1::")]
    assert zero == [True, True, False, False]
