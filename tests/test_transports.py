from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.tables import ARP, ETHERTYPE, ICMP, ICMPV6, LLC, SNAP, TCP, UDP
from analyzer.transports import name, number

KNOWN = [
    (6, "tcp"),
    (17, "udp"),
    (1, "icmp"),
    (2, "igmp"),
    (47, "gre"),
    (50, "esp"),
    (58, "icmpv6"),
    (88, "eigrp"),
    (89, "ospf"),
    (103, "pim"),
    (112, "vrrp"),
    (132, "sctp"),
    (253, "ip-253"),
    (0x1_0806, "arp"),
    (0x1_88CC, "lldp"),
    (0x1_888E, "eapol"),
    (0x1_8809, "lacp"),
    (0x1_88F7, "ptp-l2"),
    (0x1_0001, "ethertype-0x0001"),
    (0x2_0042, "stp"),
    (0x2_0003, "llc-0x03"),
    (0x3_2000, "cdp"),
    (0x3_00AB, "snap-0x00ab"),
]


@pytest.mark.parametrize(("value", "text"), KNOWN)
def test_name_and_number(value: int, text: str) -> None:
    assert name(value) == text
    assert number(text) == value


def test_constants_of_the_tables() -> None:
    assert [name(value) for value in (ARP, ICMP, TCP, UDP, ICMPV6)] == ["arp", "icmp", "tcp", "udp", "icmpv6"]


def test_pvst_is_spanning_tree_and_the_plain_number_wins() -> None:
    assert name(SNAP + 0x010B) == "stp"
    assert number("stp") == LLC + 0x42


@given(st.integers(-5, 0x4_0000))
def test_every_number_has_a_name_that_leads_back(value: int) -> None:
    text = name(value)
    assert text == text.lower()
    if text.startswith("unknown-"):
        assert not 0 <= value < 256
        assert not ETHERTYPE <= value < LLC + 256
        assert not SNAP <= value < SNAP + 0x10000
    else:
        assert name(number(text)) == text


@given(st.text(max_size=12))
def test_a_name_nobody_has_is_refused(text: str) -> None:
    try:
        value = number(text)
    except ValueError:
        return
    assert name(value) == text


@pytest.mark.parametrize(
    "text", ["", "TCP", "ip-6", "ip-256", "ip-007", "ethertype-0x806", "llc-0x042", "unknown-70000"]
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no transport"):
        number(text)


def test_names_agree_with_the_systems_protocol_database() -> None:
    for text in ("icmp", "igmp", "tcp", "udp", "gre", "esp", "ah", "ospf", "pim", "vrrp", "sctp"):
        try:
            expected = socket.getprotobyname(text)
        except OSError:
            continue
        assert number(text) == expected
