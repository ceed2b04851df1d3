"""Networks as people write them, and who is at an address."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.directory import Directory, Span, span
from analyzer.model import Host


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("10.20.0.10", Span(4, 0x0A14000A, 0x0A14000A)),
        (" 10.20.0.10 ", Span(4, 0x0A14000A, 0x0A14000A)),
        ("10.20.1.0/24", Span(4, 0x0A140100, 0x0A1401FF)),
        ("10.20.1.5/32", Span(4, 0x0A140105, 0x0A140105)),
        ("0.0.0.0/0", Span(4, 0, 0xFFFFFFFF)),
        ("10.20.1.5-10.20.1.9", Span(4, 0x0A140105, 0x0A140109)),
        ("10.20.1.5 - 10.20.1.9", Span(4, 0x0A140105, 0x0A140109)),
        ("fd00::1", Span(6, 0xFD << 120 | 1, 0xFD << 120 | 1)),
        ("fd00::/127", Span(6, 0xFD << 120, 0xFD << 120 | 1)),
        ("fd00::1-fd00::ff", Span(6, 0xFD << 120 | 1, 0xFD << 120 | 0xFF)),
    ],
)
def test_span(network: str, expected: Span) -> None:
    assert span(network) == expected


@pytest.mark.parametrize(
    ("network", "hint"),
    [
        ("10.20.0.400", "each of its four numbers is 0 to 255"),
        ("gateway", "an address, a network such as .*; names are not looked up"),
        ("", "an address, a network such as"),
        ("10.20.1.5/24", r"10\.20\.1\.0/24 for the network, 10\.20\.1\.5 for the host"),
        ("10.20.1.0/33", "an address, a network such as"),
        ("10.20.1.9-10.20.1.5", r"the lower address first: 10\.20\.1\.5-10\.20\.1\.9"),
        ("10.20.1.9-fd00::1", "both ends"),
        ("10.20.1.9-", "an address, a network such as .*9$"),
        ("224.0.1.187", "no address of a host"),
        ("ff02::1", "no address of a host"),
        ("239.0.0.0/8", "no addresses of hosts"),
        ("0.0.0.0", "no address of a host"),
        ("255.255.255.255", "no address of a host"),
        ("fe80::1%eth0", "without its zone"),
        ("017.1.1.1", r"no number begins with 0: 17\.1\.1\.1"),
        ("10.0.0.5-20", r"both ends whole: 10\.0\.0\.5-10\.0\.0\.20"),
        ("10.0.0.5:69", r"leave the port out: 10\.0\.0\.5"),
        ("10.0.0.*", r"10\.0\.0\.0/24"),
        ("00:11:22:33:44:55", "a MAC address does not do"),
        ("\u201c10.0.0.5\u201d", "straight quotes"),
    ],
)
def test_span_refuses_with_what_would_be_right(network: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        span(network)


def host(name: str, *networks: str, role: str = "igor-node") -> Host:
    return Host(name, networks, (role,))


def at(directory: Directory, address: str) -> list[str]:
    parsed = ipaddress.ip_address(address)
    number = int(parsed)
    return [found.name for found in directory.at(parsed.version, number >> 64, number & (1 << 64) - 1)]


def test_the_most_specific_network_wins() -> None:
    directory = Directory(
        [
            host("campus", "10.0.0.0/8"),
            host("floor", "10.20.1.0/24"),
            host("few", "10.20.1.10-10.20.1.19"),
            host("one", "10.20.1.12"),
            host("six", "fd00::/64", "10.99.0.1"),
        ]
    )
    assert at(directory, "10.1.1.1") == ["campus"]
    assert at(directory, "10.20.1.9") == ["floor"]
    assert at(directory, "10.20.1.10") == ["few"]
    assert at(directory, "10.20.1.12") == ["one"]
    assert at(directory, "10.20.1.19") == ["few"]
    assert at(directory, "10.20.1.20") == ["floor"]
    assert at(directory, "10.20.2.0") == ["campus"]
    assert at(directory, "11.0.0.0") == []
    assert at(directory, "9.255.255.255") == []
    assert at(directory, "fd00::ffff") == ["six"]
    assert at(directory, "fd00:0:0:1::") == []
    assert at(directory, "10.99.0.1") == ["six"]


def test_equal_networks_hold_several_hosts_in_order() -> None:
    directory = Directory(
        [host("b", "10.0.0.1"), host("a", "10.0.0.1/32", "10.0.0.1"), host("c", "10.0.0.0/24")]
    )
    assert at(directory, "10.0.0.1") == ["b", "a"]


def test_pieces_are_what_look_ups_find() -> None:
    hosts = [
        host("campus", "10.0.0.0/30"),
        host("one", "10.0.0.2"),
        host("six", "fd00::1"),
        host("same", "10.0.0.2"),
    ]
    directory = Directory(hosts)
    pieces = [(piece, [found.name for found in held]) for piece, held in directory.pieces()]
    assert pieces == [
        (span("10.0.0.0-10.0.0.1"), ["campus"]),
        (span("10.0.0.2"), ["one", "same"]),
        (span("10.0.0.3"), ["campus"]),
        (span("fd00::1"), ["six"]),
    ]


def test_ends_of_the_address_space() -> None:
    directory = Directory([host("all", "0.0.0.0/0"), host("six", "::/0")])
    assert at(directory, "0.0.0.0") == at(directory, "255.255.255.255") == ["all"]
    assert at(directory, "::") == at(directory, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == ["six"]


def test_a_mac_address_is_nobody() -> None:
    directory = Directory([host("all", "0.0.0.0/0")])
    assert directory.at(0, 0, 0x001BC5000001) == ()
    assert Directory([]).at(4, 0, 1) == ()


def test_the_memory_of_look_ups_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.directory.CACHE", 4)
    directory = Directory([host("all", "10.0.0.0/24")])
    assert all(directory.at(4, 0, 0x0A000000 + number) for number in range(64))
    assert len(directory._known) <= 4


ENDS = st.tuples(st.integers(1, 60), st.integers(1, 60)).map(sorted)


@given(st.lists(ENDS, max_size=8))
@settings(deadline=None)
def test_agrees_with_looking_at_every_network(ends: list[list[int]]) -> None:
    base = int(ipaddress.ip_address("10.0.0.0"))
    hosts = [
        host(str(number), f"{ipaddress.ip_address(base + low)}-{ipaddress.ip_address(base + high)}")
        for number, (low, high) in enumerate(ends)
    ]
    directory = Directory(hosts)
    for offset in range(62):
        covering = [
            (high - low, str(number)) for number, (low, high) in enumerate(ends) if low <= offset <= high
        ]
        smallest = min((size for size, _ in covering), default=0)
        expected = [name for size, name in covering if size == smallest]
        for _ in range(2):  # the second answer is remembered
            assert [found.name for found in directory.at(4, 0, base + offset)] == expected


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(["10.0.0.0/24", "10.0.0.7", "10.0.0.5-10.0.1.2", "fd00::/64", "fd00::7"]), max_size=4
    ),
    st.lists(
        st.one_of(
            st.tuples(st.just(4), st.just(0), st.integers(0x0A000000, 0x0A000200)),
            st.tuples(st.just(6), st.just(0xFD << 56), st.integers(0, 9)),
            st.tuples(st.just(0), st.just(0), st.integers(0x0A000000, 0x0A000008)),
        )
    ),
)
def test_many_addresses_have_the_hosts_that_each_has(
    networks: list[str], addresses: list[tuple[int, int, int]]
) -> None:
    directory = Directory([Host(str(at), (network,), ()) for at, network in enumerate(networks)])
    version, hi, lo = (np.array([one[at] for one in addresses], np.uint64) for at in range(3))
    numbers, hosts = directory.owners(version, hi, lo)
    assert [hosts[number] for number in numbers.tolist()] == [directory.at(*one) for one in addresses]
    assert len(set(hosts)) == len(hosts)
    assert hosts[0] == ()


def test_groups_are_addresses_only_where_they_are_asked_for() -> None:
    assert span("224.0.1.187", groups=True).size == 1
    assert span("239.0.0.0/8", groups=True).size == 1 << 24
    assert span("255.255.255.255", groups=True).size == 1
    with pytest.raises(ValueError, match="no address of a host"):
        span("255.255.255.255")
